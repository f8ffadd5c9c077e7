//! This broker towards its partners: DID, keys, what it did not take of them.

use super::{filter, manager};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    wire::{Identity, Key, Page, Problem, Quarantined},
};
use actix_web::{HttpResponse, get, post, web};
use hansa_federation::keys::{PublishedKey, Rotation};
use hansa_federation_manager::{FederationError, FederationManager};
use hansa_iam::Action;
use serde::Deserialize;
use utoipa::IntoParams;

/// Show who this broker is to its partners.
#[utoipa::path(
    tag = "partners",
    responses((status = 200, body = Identity), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/federation")]
pub(crate) async fn identity_show(broker: web::Data<Broker>) -> Reply {
    Ok(HttpResponse::Ok().json(identity(manager(&broker)?)?))
}

fn identity(manager: &FederationManager) -> Result<Identity, ApiError> {
    let key = |key: PublishedKey| Key {
        id: key.id.to_string(),
        thumbprint: key.public_key.thumbprint(),
        expires_at: key.expires,
        revoked_at: key.revoked,
    };
    let options = manager.options();
    Ok(Identity {
        did: manager.did().to_string(),
        name: options.name.clone(),
        endpoint: options.endpoint.as_str().trim_end_matches('/').to_owned(),
        provider: Some(options.provider.to_string()),
        keys: manager.did_document()?.keys().map_err(FederationError::from)?.keys.into_iter().map(key).collect(),
    })
}

/// Make a new key; the old one stays good for a while, so that no message is lost.
#[utoipa::path(
    tag = "partners",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    responses((status = 200, body = Identity), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/keys/rotate")]
pub(crate) async fn key_rotate(broker: web::Data<Broker>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    if call.dry_run {
        return Ok(HttpResponse::Ok().json(identity(manager)?));
    }
    replay::once(&broker, &call, async {
        manager.key_rotate(Rotation::default(), call.actor.clone()).await?;
        serialise(&identity(manager)?)
    })
    .await
}

/// Entries of the quarantine that are shown.
const MOST_ENTRIES: usize = 1_000;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct QuarantineQuery {
    /// Only of this partner: DID or name.
    partner: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<crate::http::query::Limit>,
}

/// List what partners sent and was not taken in, with the reasons.
#[utoipa::path(tag = "partners", params(QuarantineQuery), responses((status = 200, body = Page<Quarantined>)))]
#[get("/quarantine")]
pub(crate) async fn quarantine_list(broker: web::Data<Broker>, caller: Caller, query: Query<QuarantineQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Quarantined>::whole(Vec::new())));
    };
    let scope = caller.partners(&broker, Action::PartnerRead);
    let partner = filter(manager, query.0.partner.as_ref(), &scope).await?;
    let found = manager.quarantine_list(partner.as_deref(), MOST_ENTRIES).await?;
    let seen = found.items.into_iter().filter(|entry| scope.covers(&entry.partner));
    Ok(HttpResponse::Ok().json(Page::whole(seen.map(Quarantined::from).collect())))
}
