//! Oneself: how to log in, who one is, one's tokens and sessions.

use super::sites::WholeQuery;
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{PageQuery, Query, page_size},
    replay::{self, serialise},
    wire::{Issuer, Limits, Login, Me, NewToken, Page, Problem, RoleGrant, Session, Token},
};
use actix_web::{HttpResponse, delete, get, http::header, post, web};
use hansa_iam::{IamError, Principal, Via, token::CreatedToken};
use hansa_ontology::AccountId;
use uuid::Uuid;

/// The list's name in page tokens.
const TOKENS: &str = "tokens";

/// Show how one logs in.
///
/// For everybody: it is what a command line needs before it knows anybody.
#[utoipa::path(tag = "people", security(()), responses((status = 200, body = Login)))]
#[get("/login")]
pub(crate) async fn login_show(broker: web::Data<Broker>) -> Reply {
    let issuers = broker.iam.issuer_list().into_iter().map(|issuer| Issuer {
        id: issuer.id,
        name: issuer.name,
        url: issuer.url,
        cli_client_id: issuer.cli_client_id,
        scopes: issuer.scopes,
    });
    Ok(HttpResponse::Ok().json(Login { required: broker.iam.login_required(), issuers: issuers.collect() }))
}

/// Show who one is, and one's roles.
#[utoipa::path(tag = "people", responses((status = 200, body = Me)))]
#[get("/me")]
pub(crate) async fn me_show(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let principal = caller.principal;
    let account = match principal.account {
        Some(id) => Some(broker.iam.account_get(id).await?),
        None => None,
    };
    let via = match principal.via {
        Via::Loopback => "loopback",
        Via::Session(_) => "session",
        Via::Bearer(_) => "bearer",
        Via::Token(_) => "token",
        Via::Workload(_) => "workload",
        Via::Signature => "signature",
    };
    let me = Me {
        id: principal.account.map(|id| id.to_string()),
        handle: principal.actor.to_string(),
        name: principal.name,
        email: account.and_then(|account| account.email),
        grants: principal.grants.iter().map(RoleGrant::from).collect(),
        via: via.to_owned(),
        limits: principal.limits.as_ref().map(Limits::from),
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(me))
}

/// List one's tokens, the newest first.
#[utoipa::path(tag = "people", params(PageQuery), responses((status = 200, body = Page<Token>)))]
#[get("/tokens")]
pub(crate) async fn token_list(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let after: Option<Uuid> = page_token::open_as(TOKENS, query.0.page_token.as_deref())?;
    let Some(owner) = caller.principal.account else {
        return Ok(HttpResponse::Ok().json(Page::<Token> { items: Vec::new(), next: None }));
    };
    let found = broker.iam.token_list(owner, after, size + 1).await?;
    Ok(HttpResponse::Ok().json(token_page(&broker, TOKENS, size, found)))
}

/// Make a token for oneself.
///
/// The answer has the token itself, which is told this once and kept nowhere;
/// a repetition of the request under its key is answered without it.
#[utoipa::path(
    tag = "people",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = NewToken,
    responses((status = 200, body = Token), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/tokens")]
pub(crate) async fn token_create(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    owner(&caller.principal)?;
    refuse_tokens(&caller.principal)?;
    let new = call.json::<NewToken>()?.read().map_err(|(field, message)| ApiError::field(field, message))?;
    if call.dry_run {
        let token = broker.iam.own_token_check(&caller.principal, &new).await?;
        return Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())));
    }
    made_once(&broker, &call, broker.iam.own_token_create(&caller.principal, new)).await
}

/// Whoever finds a token must not be able to make more of it.
pub(super) fn refuse_tokens(principal: &Principal) -> Result<(), ApiError> {
    match principal.via {
        Via::Token(_) => Err(ApiError::new(
            ProblemKind::Forbidden,
            "a token makes no tokens; log in (`hansa login`, or the portal) and make it there",
        )),
        _ => Ok(()),
    }
}

/// Makes a token once for the call's key. What is kept for a repetition must
/// not hold the secret, so only the first answer has it.
pub(super) async fn made_once(
    broker: &Broker,
    call: &Call,
    making: impl Future<Output = Result<CreatedToken, IamError>>,
) -> Reply {
    let now = broker.clock.now();
    replay::once_told(broker, call, async {
        let created = making.await?;
        let kept = Token::new(&created.token, now);
        let told = Token { secret: Some(created.secret.reveal().to_owned()), ..kept.clone() };
        Ok((serialise(&kept)?, serialise(&told)?))
    })
    .await
}

/// A page of tokens, of one more than fit.
pub(super) fn token_page(broker: &Broker, list: &str, size: usize, found: Vec<hansa_iam::token::Token>) -> Page<Token> {
    let (found, next) = page_token::cut(list, size, found, |last| last.id.to_string());
    let now = broker.clock.now();
    Page { items: found.iter().map(|token| Token::new(token, now)).collect(), next }
}

/// Show a token of one's own.
#[utoipa::path(
    tag = "people",
    params(("token" = String, Path, description = "Its id")),
    responses((status = 200, body = Token), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/tokens/{token}")]
pub(crate) async fn token_show(broker: web::Data<Broker>, caller: Caller, id: web::Path<String>) -> Reply {
    let found = broker.iam.token_get(owner(&caller.principal)?, uuid("token", &id)?).await?;
    Ok(HttpResponse::Ok().json(Token::new(&found, broker.clock.now())))
}

/// Revoke a token of one's own: from now on it is refused.
#[utoipa::path(
    tag = "people",
    params(
        ("token" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Token), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/tokens/{token}")]
pub(crate) async fn token_revoke(
    broker: web::Data<Broker>,
    caller: Caller,
    id: web::Path<String>,
    call: Call,
) -> Reply {
    let (owner, id) = (owner(&caller.principal)?, uuid("token", &id)?);
    let token = match call.dry_run {
        true => broker.iam.token_get(owner, id).await?,
        false => broker.iam.token_revoke(owner, id).await?,
    };
    Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())))
}

/// List one's sessions of the portal, the newest first.
#[utoipa::path(tag = "people", params(WholeQuery), responses((status = 200, body = Page<Session>)))]
#[get("/sessions")]
pub(crate) async fn session_list(broker: web::Data<Broker>, caller: Caller, _query: Query<WholeQuery>) -> Reply {
    let found = match caller.principal.account {
        Some(owner) => broker.iam.session_list(owner).await?,
        None => Vec::new(),
    };
    Ok(HttpResponse::Ok().json(Page::whole(found.into_iter().map(Session::from).collect())))
}

/// End a session of one's own.
#[utoipa::path(
    tag = "people",
    params(
        ("session" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/sessions/{session}")]
pub(crate) async fn session_revoke(
    broker: web::Data<Broker>,
    caller: Caller,
    id: web::Path<String>,
    call: Call,
) -> Reply {
    let (owner, id) = (owner(&caller.principal)?, uuid("session", &id)?);
    if call.dry_run {
        let known = broker.iam.session_list(owner).await?.iter().any(|session| session.id == id);
        return if known { Ok(HttpResponse::NoContent().finish()) } else { Err(missing("session", &id.to_string())) };
    }
    broker.iam.session_revoke(owner, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whose tokens and sessions these are.
fn owner(principal: &Principal) -> Result<AccountId, ApiError> {
    principal.account.ok_or_else(|| {
        ApiError::new(
            ProblemKind::NotFound,
            "there is no login at this broker, so nobody has an account; see docs/identity.md",
        )
    })
}

pub(super) fn uuid(what: &str, text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_no_uuid| missing(what, text))
}

fn missing(what: &str, text: &str) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("the {what} {text} does not exist"))
}
