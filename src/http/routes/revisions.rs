//! What was wanted of an application before, going back to it, and going on to what stands beside.

use super::applications::{accepted, preview};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::Reply,
    query::{Query, page_size},
    wire::{Accepted, ApplicationDetail, Page, Plan, Problem, Revision, RollbackRequest},
};
use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "revisions";

/// Which revisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct ListQuery {
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// The revisions of an application, the newest first, with what each changed.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id"), ListQuery),
    responses((status = 200, body = Page<Revision>))
)]
#[get("/applications/{reference}/revisions")]
pub(crate) async fn revision_list(broker: web::Data<Broker>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let (id, size) = (caller.application()?, page_size(query.0.limit)?);
    let before = page_token::open_as::<i64>(LIST, query.0.page_token.as_deref())?;
    let found = broker.orchestrator.revisions(id, size.saturating_add(1), before).await?;
    let (items, next) = page_token::cut(LIST, size, found, |revision| revision.number.to_string());
    Ok(HttpResponse::Ok().json(Page { items: items.into_iter().map(Revision::from).collect(), next }))
}

/// Go back to an earlier revision of an application.
///
/// The next revision takes over the earlier one's model; nothing of the
/// history is written over. Without a number it is the last revision that ran
/// and asked for something else than the present one.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only plan; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request has one effect.")
    ),
    request_body = RollbackRequest,
    responses(
        (status = 200, body = Plan, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 412, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/applications/{reference}/rollback")]
pub(crate) async fn application_rollback(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    let request: RollbackRequest = call.json_or_default()?;
    if call.dry_run {
        let (_, model) = broker.orchestrator.rollback_target(id, request.to).await?;
        return preview(&broker, project, &model, &[]).await;
    }
    Ok(accepted(broker.orchestrator.rollback(id, request.to, call.change(&broker, project, Some(id)).await?).await?))
}

/// Lead callers to the revision that waits beside the one that runs.
///
/// That is so where the model's `update` is `blue-green` and says `promote: manual`. All of
/// them are led there at once, in a moment in which all of it is healthy; a rollback takes
/// the new away instead.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only say how it stands; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request has one effect.")
    ),
    responses(
        (status = 200, body = ApplicationDetail, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 412, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/applications/{reference}/promote")]
pub(crate) async fn application_promote(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    if call.dry_run {
        return Ok(HttpResponse::Ok().json(ApplicationDetail::from(broker.orchestrator.detail(id).await?)));
    }
    Ok(accepted(broker.orchestrator.promote(id, call.change(&broker, project, Some(id)).await?).await?))
}
