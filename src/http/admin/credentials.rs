//! Credentials of infrastructure: written and rotated, never read.

use crate::http::{
    Broker,
    call::Call,
    problem::Reply,
    query::Query,
    replay::{self, serialise},
    routes::sites::WholeQuery,
    wire::{Credential, CredentialRequest, Page, Removal, SecretRequest},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};

/// List credentials, without their secrets.
#[utoipa::path(tag = "credentials", params(WholeQuery), responses((status = 200, body = Page<Credential>)))]
#[get("/credentials")]
pub(crate) async fn credential_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let found = broker.credentials.credential_list().await?;
    Ok(HttpResponse::Ok().json(Page::whole(found.into_iter().map(Credential::from).collect())))
}

/// Show a credential, without its secret.
#[utoipa::path(
    tag = "credentials",
    params(("credential" = String, Path, description = "Its name")),
    responses((status = 200, body = Credential))
)]
#[get("/credentials/{credential}")]
pub(crate) async fn credential_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let found = Credential::from(broker.credentials.credential(&name).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// Keep a credential. Its secret is sealed, and never comes back.
#[utoipa::path(
    tag = "credentials",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = CredentialRequest,
    responses((status = 200, body = Credential))
)]
#[post("/credentials")]
pub(crate) async fn credential_add(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let new: CredentialRequest = call.json_secret()?;
        let (secret, actor) = (new.secret.as_bytes(), call.actor.clone());
        let added = broker.credentials.credential_add(&new.name, &new.kind, secret, actor, call.dry_run).await?;
        serialise(&Credential::from(added))
    })
    .await
}

/// Replace a credential's secret.
#[utoipa::path(
    tag = "credentials",
    params(
        ("credential" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = SecretRequest,
    responses((status = 200, body = Credential))
)]
#[put("/credentials/{credential}/secret")]
pub(crate) async fn credential_rotate(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let new: SecretRequest = call.json_secret()?;
        let (secret, actor, expected) = (new.secret.as_bytes(), call.actor.clone(), call.expected_version);
        let rotated = broker.credentials.credential_rotate(&name, secret, expected, actor, call.dry_run).await?;
        serialise(&Credential::from(rotated))
    })
    .await
}

/// Forget a credential.
#[utoipa::path(
    tag = "credentials",
    params(
        ("credential" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/credentials/{credential}")]
pub(crate) async fn credential_remove(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let (actor, expected) = (call.actor.clone(), call.expected_version);
        broker.credentials.credential_remove(&name, expected, actor, call.dry_run).await?;
        serialise(&Removal { removed: format!("credential/{name}"), dry_run: call.dry_run })
    })
    .await
}
