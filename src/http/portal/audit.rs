//! The audit trail: list, one record, export.

use super::Visit;
use crate::{
    http::{
        admin::audit as admin,
        problem::{ApiError, ProblemKind, Reply},
    },
    portal::{
        Place,
        pages::audit::{self, AuditQuery},
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use futures_util::stream;
use hansa_iam::{Action, audit::AuditFilter};
use hansa_ontology::ProjectScope;
use serde_json::json;

/// Records in a page.
const PAGE: usize = 50;

/// What the address asks for, and the same as the trail takes it.
fn read(request: &HttpRequest) -> (AuditQuery, AuditFilter) {
    let said = |name: &str| super::parameter(request, name);
    let mut query = AuditQuery {
        actor: said("actor"),
        action: said("action"),
        subject: said("subject"),
        outcome: said("outcome"),
        kind: said("kind"),
        request: said("request"),
        from: said("from"),
        until: said("until"),
        before: said("before"),
        ..AuditQuery::default()
    };
    let mut faults = query.faults.clone();
    let mut day = |name: &'static str, text: Option<&String>, later: u64| {
        let read = text.map(|text| text.parse::<NaiveDate>().ok());
        if read == Some(None) {
            faults.insert(name, "it is no day; give one such as 2026-11-22".to_owned());
        }
        let midnight = read.flatten()?.checked_add_days(Days::new(later))?.and_hms_opt(0, 0, 0)?;
        Some(DateTime::<Utc>::from_naive_utc_and_offset(midnight, Utc))
    };
    let (from, until) = (day("from", query.from.as_ref(), 0), day("until", query.until.as_ref(), 1));
    let request = query.request.as_ref().map(|text| text.parse().ok());
    if request == Some(None) {
        faults.insert(
            "request",
            "it is no request's id; give the UUID that the answer carried as X-Request-Id".to_owned(),
        );
    }
    query.faults = faults;
    let filter = AuditFilter {
        before: query.before.as_ref().and_then(|place| place.parse().ok()),
        actor: query.actor.clone(),
        action_prefix: query.action.clone(),
        subject: query.subject.clone(),
        outcome: query.outcome.clone(),
        kind: query.kind.clone(),
        request: request.flatten(),
        from,
        until,
        ..AuditFilter::default()
    };
    (query, filter)
}

/// Lists records, the newest first.
pub(crate) async fn list(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let (query, filter) = read(&request);
    let filter = AuditFilter { scope: broker.iam.scope(&visit.caller.principal, Action::AuditRead).await?, ..filter };
    let data = json!({ "query": request.query_string() });
    admin::record(&broker, &visit.caller, &request, "audit.list", data).await?;
    let trail = broker.iam.trail();
    let mut records = trail.list(filter, PAGE + 1).await?;
    let more = records.len() > PAGE;
    records.truncate(PAGE);
    let checkpoint = trail.checkpoints(None, 1).await?.into_iter().next();
    visit.show(Place::Audit, |frame| audit::list(frame, &query, &records, more, checkpoint.as_ref()))
}

/// Shows a record.
pub(crate) async fn record(visit: Visit, request: HttpRequest, place: web::Path<u64>) -> Reply {
    let (broker, place) = (visit.broker.clone(), *place);
    let scope = broker.iam.scope(&visit.caller.principal, Action::AuditRead).await?;
    admin::record(&broker, &visit.caller, &request, "audit.show", json!({ "place": place })).await?;
    let whole = scope == ProjectScope::All;
    let filter = AuditFilter { before: Some(place.saturating_add(1)), scope, ..AuditFilter::default() };
    let found = broker.iam.trail().list(filter, 1).await?;
    let missing = || ApiError::new(ProblemKind::NotFound, format!("record {place} does not exist"));
    let found = found.into_iter().find(|listed| listed.record.place == place).ok_or_else(missing)?;
    // A record that no checkpoint covers yet has no proof; and a proof names others' records.
    let proof = if whole { broker.iam.trail().inclusion(place, None).await.ok() } else { None };
    visit.show(Place::Audit, |frame| audit::record(frame, &found, proof.as_ref()))
}

/// Sends the whole trail as a file that `hansa audit verify` takes.
pub(crate) async fn export(visit: Visit, request: HttpRequest) -> Reply {
    admin::whole(&visit.broker, &visit.caller).await?;
    admin::record(&visit.broker, &visit.caller, &request, "audit.export", json!(null)).await?;
    let export = visit.broker.iam.trail().export().await?;
    let name = format!("attachment; filename=\"hansa-audit-{}.jsonl\"", export.size());
    let pieces = stream::try_unfold(export, |mut export| async move {
        let piece = export.piece().await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(piece.map(|piece| (Bytes::from(piece), export)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jsonl"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(pieces))
}

/// The routes of this page.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/audit").route(super::page().to(list)))
        .service(web::resource("/audit/export").route(super::page().to(export)))
        .service(web::resource("/audit/{place}").route(super::page().to(record)));
}
