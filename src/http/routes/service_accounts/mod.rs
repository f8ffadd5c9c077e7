//! Service accounts of organisations and projects, and their tokens. That the
//! caller may is decided before; here it is made sure that the account is of
//! that very place.

pub(crate) mod organisations;
pub(crate) mod projects;

use super::account::{made_once, refuse_tokens, token_page, uuid};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{PageQuery, page_size},
    replay::{self, serialise},
    wire::{NewServiceAccount, NewToken, Page, ServiceAccount, Token},
};
use actix_web::{HttpResponse, http::header};
use hansa_iam::{
    GrantScope,
    account::{self, Account},
};
use hansa_ontology::{OrganisationId, ProjectId};
use uuid::Uuid;

/// The lists' names in page tokens.
const ACCOUNTS: &str = "service-accounts";
const TOKENS: &str = "service-account-tokens";

fn organisation(name: &str) -> Result<GrantScope, ApiError> {
    let id = OrganisationId::new(name).ok();
    id.map(GrantScope::Organisation).ok_or_else(|| missing("organisation", name))
}

fn project(organisation: &str, project: &str) -> Result<GrantScope, ApiError> {
    let name = format!("{organisation}/{project}");
    let id = ProjectId::new(name.clone()).ok();
    id.map(GrantScope::Project).ok_or_else(|| missing("project", &name))
}

fn missing(what: &str, name: &str) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("the {what} {name} does not exist"))
}

async fn list(broker: &Broker, over: GrantScope, query: PageQuery) -> Reply {
    let size = page_size(query.limit)?;
    let after = query.page_token.as_ref().map(|token| page_token::open(ACCOUNTS, token)).transpose()?;
    let found = broker.iam.service_account_list(over, after, size + 1).await?;
    let (found, next) = page_token::cut(ACCOUNTS, size, found, |last| last.handle.clone());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(ServiceAccount::from).collect(), next }))
}

async fn create(broker: &Broker, caller: &Caller, over: GrantScope, call: &Call) -> Reply {
    let asked: NewServiceAccount = call.json()?;
    let role = asked.read_role().map_err(|message| ApiError::field("/role", message))?;
    let new = account::NewServiceAccount { name: asked.name, over, role };
    if call.dry_run {
        return Ok(
            HttpResponse::Ok().json(ServiceAccount::from(broker.iam.service_account_check(&new, &caller.principal)?))
        );
    }
    replay::once(broker, call, async {
        serialise(&ServiceAccount::from(broker.iam.service_account_create(new, &caller.principal).await?))
    })
    .await
}

/// A service account as a path names it: of which place, and by name, handle or id.
struct AccountOf<'a>(GrantScope, &'a str);

impl AccountOf<'_> {
    async fn find(&self, broker: &Broker) -> Result<Account, ApiError> {
        Ok(broker.iam.service_account_get(&self.0, self.1).await?)
    }

    async fn show(&self, broker: &Broker) -> Reply {
        let found = ServiceAccount::from(self.find(broker).await?);
        Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
    }

    async fn remove(&self, broker: &Broker, call: &Call) -> Reply {
        let found = self.find(broker).await?;
        if !call.dry_run {
            broker.iam.service_account_remove(found.id, call.expected_version).await?;
        }
        Ok(HttpResponse::NoContent().finish())
    }

    async fn tokens(&self, broker: &Broker, query: PageQuery) -> Reply {
        let size = page_size(query.limit)?;
        let after: Option<Uuid> = page_token::open_as(TOKENS, query.page_token.as_deref())?;
        let owner = self.find(broker).await?.id;
        let found = broker.iam.token_list(owner, after, size + 1).await?;
        Ok(HttpResponse::Ok().json(token_page(broker, TOKENS, size, found)))
    }

    async fn token_create(&self, broker: &Broker, caller: &Caller, call: &Call) -> Reply {
        refuse_tokens(&caller.principal)?;
        let owner = self.find(broker).await?.id;
        let new = call.json::<NewToken>()?.read().map_err(|(field, message)| ApiError::field(field, message))?;
        if call.dry_run {
            let token = broker.iam.token_check(owner, &new, &caller.principal).await?;
            return Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())));
        }
        made_once(broker, call, broker.iam.token_create(owner, new, &caller.principal)).await
    }

    async fn token_rotate(&self, broker: &Broker, caller: &Caller, token: &str, call: &Call) -> Reply {
        refuse_tokens(&caller.principal)?;
        let owner = self.find(broker).await?.id;
        let id = uuid("token", token)?;
        if call.dry_run {
            let token = broker.iam.token_get(owner, id).await?;
            return Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())));
        }
        made_once(broker, call, broker.iam.token_rotate(owner, id, &caller.principal)).await
    }

    async fn token_revoke(&self, broker: &Broker, token: &str, call: &Call) -> Reply {
        let owner = self.find(broker).await?.id;
        let id = uuid("token", token)?;
        let token = match call.dry_run {
            true => broker.iam.token_get(owner, id).await?,
            false => broker.iam.token_revoke(owner, id).await?,
        };
        Ok(HttpResponse::Ok().json(Token::new(&token, broker.clock.now())))
    }
}
