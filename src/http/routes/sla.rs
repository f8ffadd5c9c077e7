//! What was promised of rented machines, how it is kept, and what was missed.

use super::{events::application_within, invoices::page, usage::names};
use crate::http::{
    Broker,
    access::Caller,
    page_token,
    problem::Reply,
    query::Query,
    wire::{Page, Problem, SlaBreach, SlaStanding},
};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use hansa_assurance::service::{BreachQuery, StandingQuery};
use hansa_iam::Action;
use hansa_ontology::{ApplicationId, ProjectId, ProviderId};
use serde::Deserialize;
use utoipa::IntoParams;

/// The lists' names in page tokens.
const STANDINGS: &str = "sla";
const BREACHES: &str = "sla-breaches";

/// Which objectives, in which windows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SlaQuery {
    /// Only of this project: `organisation/project`.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// Only what this provider delivers: its IRI.
    #[param(value_type = Option<String>)]
    provider: Option<ProviderId>,
    /// Only windows that end after this time.
    from: Option<DateTime<Utc>>,
    /// Only windows that begin before this time.
    until: Option<DateTime<Utc>>,
    /// Only what was missed.
    #[serde(default)]
    missed: bool,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// Which breaches.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SlaBreachQuery {
    /// Only of this project: `organisation/project`.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// How the objectives of rented machines stand, the newest windows first.
///
/// Windows that run stand as of now; those that are over are judged once.
#[utoipa::path(
    tag = "sla",
    params(SlaQuery),
    responses(
        (status = 200, body = Page<SlaStanding>),
        (status = 400, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/sla")]
pub(crate) async fn sla_list(broker: web::Data<Broker>, caller: Caller, query: Query<SlaQuery>) -> Reply {
    let query = query.0;
    let scope = caller.scope(&broker, Action::ApplicationRead).await?.narrowed(query.project.as_ref());
    let application = application_within(&broker, &scope, query.application.as_deref()).await?;
    let SlaQuery { provider, from, until, missed, limit, page_token, .. } = query;
    let wanted = StandingQuery { scope, application, provider, from, until, missed };
    let found = broker.assurance.standing_list(&wanted, &page(STANDINGS, limit, page_token.as_deref())?).await?;
    let ids: Vec<String> = found.items.iter().filter_map(|one| one.application).map(|id| id.to_string()).collect();
    let names = names(&broker, ids.iter()).await?;
    let named = |of: Option<ApplicationId>| of.and_then(|id| names.get(&id.to_string()).cloned());
    let next = found.next.map(|next| page_token::seal(STANDINGS, &next));
    let items = found.items.into_iter().map(|one| (named(one.application), one));
    let items = items.map(|(name, one)| SlaStanding::new(one, name)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// What was promised and not kept, with its evidence, the newest first.
#[utoipa::path(
    tag = "sla",
    params(SlaBreachQuery),
    responses(
        (status = 200, body = Page<SlaBreach>),
        (status = 400, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/sla/breaches")]
pub(crate) async fn sla_breach_list(broker: web::Data<Broker>, caller: Caller, query: Query<SlaBreachQuery>) -> Reply {
    let query = query.0;
    let scope = caller.scope(&broker, Action::ApplicationRead).await?.narrowed(query.project.as_ref());
    let application = application_within(&broker, &scope, query.application.as_deref()).await?;
    let page = page(BREACHES, query.limit, query.page_token.as_deref())?;
    let found = broker.assurance.breach_list(&BreachQuery { scope, application }, &page).await?;
    let ids: Vec<String> = found.items.iter().filter_map(|one| one.application).map(|id| id.to_string()).collect();
    let names = names(&broker, ids.iter()).await?;
    let named = |of: Option<ApplicationId>| of.and_then(|id| names.get(&id.to_string()).cloned());
    let next = found.next.map(|next| page_token::seal(BREACHES, &next));
    let items = found.items.into_iter().map(|one| (named(one.application), one));
    let items = items.map(|(name, one)| SlaBreach::new(one, name)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}
