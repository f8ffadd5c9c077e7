//! Service accounts of an organisation, and their tokens.

use super::{self as shared, AccountOf};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::Reply,
    query::{PageQuery, Query},
    wire::{NewServiceAccount, NewToken, Page, Problem, ServiceAccount, Token},
};
use actix_web::{delete, get, post, web};

/// And the account.
type AccountPath = web::Path<(String, String)>;
/// And the token.
type TokenPath = web::Path<(String, String, String)>;

/// List the service accounts of an organisation.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), PageQuery),
    responses((status = 200, body = Page<ServiceAccount>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}/service-accounts")]
pub(crate) async fn organisation_service_account_list(
    broker: web::Data<Broker>,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Reply {
    shared::list(&broker, shared::organisation(&path)?, query.0).await
}

/// Make a service account of an organisation.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NewServiceAccount,
    responses((status = 200, body = ServiceAccount), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/organisations/{organisation}/service-accounts")]
pub(crate) async fn organisation_service_account_create(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<String>,
    call: Call,
) -> Reply {
    shared::create(&broker, &caller, shared::organisation(&path)?, &call).await
}

/// Show a service account.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("account" = String, Path, description = "Name, handle or id")),
    responses((status = 200, body = ServiceAccount), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}/service-accounts/{account}")]
pub(crate) async fn organisation_service_account_show(broker: web::Data<Broker>, path: AccountPath) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).show(&broker).await
}

/// Remove a service account: its tokens are refused from now on, and its name is never given again.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("account" = String, Path, description = "Name, handle or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/organisations/{organisation}/service-accounts/{account}")]
pub(crate) async fn organisation_service_account_remove(
    broker: web::Data<Broker>,
    path: AccountPath,
    call: Call,
) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).remove(&broker, &call).await
}

/// List the tokens of a service account, the newest first.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("account" = String, Path), PageQuery),
    responses((status = 200, body = Page<Token>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}/service-accounts/{account}/tokens")]
pub(crate) async fn organisation_service_token_list(
    broker: web::Data<Broker>,
    path: AccountPath,
    query: Query<PageQuery>,
) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).tokens(&broker, query.0).await
}

/// Make a token for a service account; it is told this once.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("account" = String, Path),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NewToken,
    responses((status = 200, body = Token), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/organisations/{organisation}/service-accounts/{account}/tokens")]
pub(crate) async fn organisation_service_token_create(
    broker: web::Data<Broker>,
    caller: Caller,
    path: AccountPath,
    call: Call,
) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).token_create(&broker, &caller, &call).await
}

/// Put a new token in the place of one of a service account, which is refused from now on.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("account" = String, Path),
        ("token" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Token), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/organisations/{organisation}/service-accounts/{account}/tokens/{token}/rotate")]
pub(crate) async fn organisation_service_token_rotate(
    broker: web::Data<Broker>,
    caller: Caller,
    path: TokenPath,
    call: Call,
) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).token_rotate(&broker, &caller, &path.2, &call).await
}

/// Revoke a token of a service account: from now on it is refused.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("account" = String, Path),
        ("token" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Token), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/organisations/{organisation}/service-accounts/{account}/tokens/{token}")]
pub(crate) async fn organisation_service_token_revoke(broker: web::Data<Broker>, path: TokenPath, call: Call) -> Reply {
    AccountOf(shared::organisation(&path.0)?, &path.1).token_revoke(&broker, &path.2, &call).await
}
