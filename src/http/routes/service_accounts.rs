//! Service accounts of a project, and their tokens. That the caller may is
//! decided before; here it is made sure that the account is the project's.

use super::account::{made_once, refuse_tokens, uuid};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::{PageQuery, Query, page_size},
    replay::{self, serialise},
    wire::{NewServiceAccount, NewToken, Page, Problem, ServiceAccount, Token},
};
use actix_web::{HttpResponse, delete, get, http::header, post, web};
use hansa_iam::{GrantScope, account};
use hansa_ontology::ProjectId;
use uuid::Uuid;

/// The lists' names in page tokens.
const ACCOUNTS: &str = "service-accounts";
const TOKENS: &str = "service-account-tokens";

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
    let size = page_size(query.0.limit)?;
    let after = query.0.page_token.as_ref().map(|token| page_token::open(ACCOUNTS, token)).transpose()?;
    let found = broker.iam.service_account_list(scope(&path.0, &path.1)?, after, size + 1).await?;
    let next = found.get(size).and_then(|_| found.get(size - 1));
    let next = next.map(|last| page_token::seal(ACCOUNTS, &last.handle));
    let items = found.into_iter().take(size).map(ServiceAccount::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
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
    let asked: NewServiceAccount = call.json()?;
    let role = asked.read_role().map_err(|message| ApiError::field("/role", message))?;
    let new = account::NewServiceAccount { name: asked.name, over: scope(&path.0, &path.1)?, role };
    if call.dry_run {
        return Ok(
            HttpResponse::Ok().json(ServiceAccount::from(broker.iam.service_account_check(&new, &caller.principal)?))
        );
    }
    replay::once(&broker, &call, async {
        serialise(&ServiceAccount::from(broker.iam.service_account_create(new, &caller.principal).await?))
    })
    .await
}

/// Show a service account.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("project" = String, Path), ("account" = String, Path, description = "Name, handle or id")),
    responses((status = 200, body = ServiceAccount), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/service-accounts/{account}")]
pub(crate) async fn service_account_show(broker: web::Data<Broker>, path: AccountPath) -> Reply {
    let found = ServiceAccount::from(of(&broker, &path.0, &path.1, &path.2).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
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
    let found = of(&broker, &path.0, &path.1, &path.2).await?;
    if !call.dry_run {
        broker.iam.service_account_remove(found.id, call.expected_version).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// List the tokens of a service account, the newest first.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path), ("project" = String, Path), ("account" = String, Path), PageQuery),
    responses((status = 200, body = Page<Token>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/service-accounts/{account}/tokens")]
pub(crate) async fn service_token_list(broker: web::Data<Broker>, path: AccountPath, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let after: Option<Uuid> = page_token::open_as(TOKENS, query.0.page_token.as_deref())?;
    let owner = of(&broker, &path.0, &path.1, &path.2).await?.id;
    let found = broker.iam.token_list(owner, after, size + 1).await?;
    let next = found.get(size).and_then(|_| found.get(size - 1));
    let next = next.map(|last| page_token::seal(TOKENS, &last.id.to_string()));
    let now = broker.clock.now();
    let items = found.iter().take(size).map(|token| Token::new(token, now)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
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
    refuse_tokens(&caller.principal)?;
    let owner = of(&broker, &path.0, &path.1, &path.2).await?.id;
    let new = call.json::<NewToken>()?.read().map_err(|(field, message)| ApiError::field(field, message))?;
    if call.dry_run {
        return Ok(HttpResponse::Ok()
            .json(Token::new(&broker.iam.token_check(owner, &new, &caller.principal).await?, broker.clock.now())));
    }
    made_once(&broker, &call, broker.iam.token_create(owner, new, &caller.principal)).await
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
    refuse_tokens(&caller.principal)?;
    let owner = of(&broker, &path.0, &path.1, &path.2).await?.id;
    let id = uuid("token", &path.3)?;
    if call.dry_run {
        let token = broker.iam.token_get(owner, id).await?;
        return Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())));
    }
    made_once(&broker, &call, broker.iam.token_rotate(owner, id, &caller.principal)).await
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
    let owner = of(&broker, &path.0, &path.1, &path.2).await?.id;
    let id = uuid("token", &path.3)?;
    let token = match call.dry_run {
        true => broker.iam.token_get(owner, id).await?,
        false => broker.iam.token_revoke(owner, id).await?,
    };
    Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())))
}

fn scope(organisation: &str, project: &str) -> Result<GrantScope, ApiError> {
    let name = format!("{organisation}/{project}");
    let project = ProjectId::new(name.clone()).map_err(|_no_name| {
        ApiError::new(crate::http::problem::ProblemKind::NotFound, format!("the project {name} does not exist"))
    })?;
    Ok(GrantScope::Project(project))
}

async fn of(broker: &Broker, organisation: &str, project: &str, account: &str) -> Result<account::Account, ApiError> {
    Ok(broker.iam.service_account_get(&scope(organisation, project)?, account).await?)
}
