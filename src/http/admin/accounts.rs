//! Accounts of people and services: found, locked, cut off.

use super::limits;
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    replay::{self, serialise},
    wire::{Account, CutOff, LockRequest, Page, Problem},
};
use actix_web::{HttpResponse, delete, get, http::header, post, web};
use hansa_iam::account::{self, AccountFilter};
use hansa_ontology::AccountId;
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const ACCOUNTS: &str = "accounts";
/// The longest text that is looked for, and the longest reason, in letters.
const LONGEST: usize = 200;
/// More tokens than an account can have in use.
const MOST_TOKENS: usize = 10_000;

/// Which accounts.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountQuery {
    /// Items in the page: 1 to 500, 100 where it is absent.
    pub limit: Option<usize>,
    /// The token that the page before gave as `next`.
    pub page_token: Option<String>,
    /// Only those whose handle, name or e-mail address has this in it.
    pub text: Option<String>,
}

/// List accounts of people and services, by handle.
#[utoipa::path(tag = "people", params(AccountQuery), responses((status = 200, body = Page<Account>)))]
#[get("/accounts")]
pub(crate) async fn account_list(broker: web::Data<Broker>, query: Query<AccountQuery>) -> Reply {
    let AccountQuery { limit, page_token: token, text } = query.0;
    let size = page_size(limit)?;
    let after = token.as_ref().map(|token| page_token::open(ACCOUNTS, token)).transpose()?;
    if text.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > LONGEST) {
        return Err(ApiError::new(ProblemKind::Malformed, format!("text: it must have 1 to {LONGEST} letters")));
    }
    let found = broker.iam.account_list(AccountFilter { after, text, ..AccountFilter::default() }, size + 1).await?;
    let (found, next) = page_token::cut(ACCOUNTS, size, found, |last| last.handle.clone());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Account::from).collect(), next }))
}

/// Show an account.
#[utoipa::path(
    tag = "people",
    params(("account" = String, Path, description = "Its handle, or id")),
    responses((status = 200, body = Account))
)]
#[get("/accounts/{account}")]
pub(crate) async fn account_show(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    let found = Account::from(named(&broker, &reference).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// Lock an account: nobody gets in with it from the next request on.
///
/// Its sessions end. Its tokens, and tokens that its issuer signs, are refused until it is unlocked.
#[utoipa::path(
    tag = "people",
    params(
        ("account" = String, Path, description = "Its handle, or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = LockRequest,
    responses((status = 200, body = Account), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/accounts/{account}/lock")]
pub(crate) async fn account_lock(
    broker: web::Data<Broker>,
    caller: Caller,
    reference: web::Path<String>,
    call: Call,
) -> Reply {
    replay::once(&broker, &call, async {
        let id = named(&broker, &reference).await?.id;
        let LockRequest { reason } = call.json_or_default()?;
        limits::text("/reason", &reason, 0, LONGEST)?;
        if caller.principal.account == Some(id) {
            let told = "this is your own account, and you could not unlock it; have another administrator lock it";
            return Err(ApiError::new(ProblemKind::Conflict, told));
        }
        let expected = call.expected_version;
        let account = match call.dry_run {
            true => broker.iam.account_check(id, Some(&reason), expected).await?,
            false => broker.iam.account_lock(id, &reason, expected).await?,
        };
        serialise(&Account::from(account))
    })
    .await
}

/// Unlock an account. Its tokens work again; its sessions stay ended.
#[utoipa::path(
    tag = "people",
    params(
        ("account" = String, Path, description = "Its handle, or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Account), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/accounts/{account}/unlock")]
pub(crate) async fn account_unlock(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let id = named(&broker, &reference).await?.id;
        let expected = call.expected_version;
        let account = match call.dry_run {
            true => broker.iam.account_check(id, None, expected).await?,
            false => broker.iam.account_unlock(id, expected).await?,
        };
        serialise(&Account::from(account))
    })
    .await
}

/// End every session of an account. Whoever has it may log in again.
#[utoipa::path(
    tag = "people",
    params(
        ("account" = String, Path, description = "Its handle, or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = CutOff))
)]
#[delete("/accounts/{account}/sessions")]
pub(crate) async fn account_sessions_end(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let account = named(&broker, &reference).await?;
        let ended = match call.dry_run {
            true => broker.iam.session_list(account.id).await?.len(),
            false => broker.iam.session_revoke_all(account.id, None).await?,
        };
        serialise(&CutOff { account: account.handle, ended, dry_run: call.dry_run })
    })
    .await
}

/// Revoke every token of an account, for good.
#[utoipa::path(
    tag = "people",
    params(
        ("account" = String, Path, description = "Its handle, or id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = CutOff))
)]
#[delete("/accounts/{account}/tokens")]
pub(crate) async fn account_tokens_revoke(
    broker: web::Data<Broker>,
    reference: web::Path<String>,
    call: Call,
) -> Reply {
    replay::once(&broker, &call, async {
        let account = named(&broker, &reference).await?;
        let ended = match call.dry_run {
            true => {
                let tokens = broker.iam.token_list(account.id, None, MOST_TOKENS).await?;
                tokens.iter().filter(|token| token.revoked_at.is_none()).count()
            }
            false => broker.iam.token_revoke_all(account.id).await?,
        };
        serialise(&CutOff { account: account.handle, ended, dry_run: call.dry_run })
    })
    .await
}

/// The account of this id or handle.
async fn named(broker: &Broker, reference: &str) -> Result<account::Account, ApiError> {
    match reference.parse::<AccountId>() {
        Ok(id) => Ok(broker.iam.account_get(id).await?),
        Err(_no_id) => Ok(broker.iam.account_by_handle(reference).await?),
    }
}
