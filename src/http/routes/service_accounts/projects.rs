//! Service accounts of a project, and their tokens.

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

/// Organisation and project of the path.
type ProjectPath = web::Path<(String, String)>;
/// And the account.
type AccountPath = web::Path<(String, String, String)>;
/// And the token.
type TokenPath = web::Path<(String, String, String, String)>;

/// List the service accounts of a project.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("project" = String, Path), PageQuery),
    responses((status = 200, body = Page<ServiceAccount>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/service-accounts")]
pub(crate) async fn service_account_list(
    broker: web::Data<Broker>,
    path: ProjectPath,
    query: Query<PageQuery>,
) -> Reply {
    shared::list(&broker, shared::project(&path.0, &path.1)?, query.0).await
}

/// Make a service account of a project.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("project" = String, Path),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NewServiceAccount,
    responses((status = 200, body = ServiceAccount), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/projects/{organisation}/{project}/service-accounts")]
pub(crate) async fn service_account_create(
    broker: web::Data<Broker>,
    caller: Caller,
    path: ProjectPath,
    call: Call,
) -> Reply {
    shared::create(&broker, &caller, shared::project(&path.0, &path.1)?, &call).await
}

/// Show a service account.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("project" = String, Path), ("account" = String, Path, description = "Name, handle or id")),
    responses((status = 200, body = ServiceAccount), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/service-accounts/{account}")]
pub(crate) async fn service_account_show(broker: web::Data<Broker>, path: AccountPath) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).show(&broker).await
}

/// Remove a service account: its tokens are refused from now on, and its name is never given again.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("project" = String, Path),
        ("account" = String, Path, description = "Name, handle or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/projects/{organisation}/{project}/service-accounts/{account}")]
pub(crate) async fn service_account_remove(broker: web::Data<Broker>, path: AccountPath, call: Call) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).remove(&broker, &call).await
}

/// List the tokens of a service account, the newest first.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("project" = String, Path), ("account" = String, Path), PageQuery),
    responses((status = 200, body = Page<Token>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/service-accounts/{account}/tokens")]
pub(crate) async fn service_token_list(broker: web::Data<Broker>, path: AccountPath, query: Query<PageQuery>) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).tokens(&broker, query.0).await
}

/// Make a token for a service account; it is told this once.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("project" = String, Path),
        ("account" = String, Path),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NewToken,
    responses((status = 200, body = Token), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/projects/{organisation}/{project}/service-accounts/{account}/tokens")]
pub(crate) async fn service_token_create(
    broker: web::Data<Broker>,
    caller: Caller,
    path: AccountPath,
    call: Call,
) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).token_create(&broker, &caller, &call).await
}

/// Put a new token in the place of one of a service account, which is refused from now on.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("project" = String, Path),
        ("account" = String, Path),
        ("token" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Token), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/projects/{organisation}/{project}/service-accounts/{account}/tokens/{token}/rotate")]
pub(crate) async fn service_token_rotate(
    broker: web::Data<Broker>,
    caller: Caller,
    path: TokenPath,
    call: Call,
) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).token_rotate(&broker, &caller, &path.3, &call).await
}

/// Revoke a token of a service account: from now on it is refused.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path),
        ("project" = String, Path),
        ("account" = String, Path),
        ("token" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Token), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/projects/{organisation}/{project}/service-accounts/{account}/tokens/{token}")]
pub(crate) async fn service_token_revoke(broker: web::Data<Broker>, path: TokenPath, call: Call) -> Reply {
    AccountOf(shared::project(&path.0, &path.1)?, &path.2).token_revoke(&broker, &path.3, &call).await
}
