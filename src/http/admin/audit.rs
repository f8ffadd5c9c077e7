//! The audit trail: list, show, export, checkpoints, proofs, keys. Whoever
//! reads records is recorded. Checkpoints, keys and proofs of growth show none,
//! only hashes and a count, and are there to be spread: open to every auditor.

use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    defence::ClientAddress,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    replay::{self, serialise},
    wire::{AuditCheckpoint, AuditConsistency, AuditInclusion, AuditKey, AuditRecord, Page},
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web};
use chrono::{DateTime, Utc};
use futures_util::stream;
use hansa_iam::{
    Action, AuditOutcome, NewAuditRecord,
    audit::{AuditFilter, Export},
};
use hansa_ontology::ProjectScope;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

/// The lists' names in page tokens.
const RECORDS: &str = "audit";
const CHECKPOINTS: &str = "audit-checkpoints";

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct AuditQuery {
    /// Only of this actor: an account's handle, a partner's DID, `local`, `broker`.
    actor: Option<String>,
    /// Only actions, or kinds of events, that begin so: `application.`.
    action: Option<String>,
    /// Only about this: `application/ID`.
    subject: Option<String>,
    /// Only decisions with this outcome: `allowed`, `denied`, `failed`.
    outcome: Option<String>,
    /// Only `decision` or `event`.
    kind: Option<String>,
    /// Only of this request.
    request: Option<Uuid>,
    /// Only from this time on (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Only before this time.
    until: Option<DateTime<Utc>>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// Of how many records the proof is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct SizeQuery {
    /// How many records. Absent: those of the newest checkpoint.
    size: Option<u64>,
}

/// Between which sizes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct GrowthQuery {
    /// From how many records: those of a checkpoint that was kept.
    #[param(minimum = 1)]
    from: u64,
    /// To how many. Absent: those of the newest checkpoint.
    to: Option<u64>,
}

/// Which checkpoints.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct CheckpointQuery {
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// List the records of the audit trail, the newest first.
#[utoipa::path(tag = "audit", params(AuditQuery), responses((status = 200, body = Page<AuditRecord>)))]
#[get("/audit")]
pub(crate) async fn audit_list(
    broker: web::Data<Broker>,
    caller: Caller,
    request: HttpRequest,
    query: Query<AuditQuery>,
) -> Reply {
    let query = query.0;
    let size = page_size(query.limit)?;
    let before = page_token::open_as::<u64>(RECORDS, query.page_token.as_deref())?;
    let scope = broker.iam.scope(&caller.principal, Action::AuditRead).await?;
    record(&broker, &caller, &request, "audit.list", json!({ "query": request.query_string() })).await?;
    let filter = filter(query, before, scope)?;
    let found = broker.iam.trail().list(filter, size + 1).await?;
    let (found, next) = page_token::cut(RECORDS, size, found, |last| last.record.place.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(AuditRecord::from).collect(), next }))
}

fn filter(query: AuditQuery, before: Option<u64>, scope: ProjectScope) -> Result<AuditFilter, ApiError> {
    one_of("outcome", query.outcome.as_deref(), &["allowed", "denied", "failed"])?;
    one_of("kind", query.kind.as_deref(), &["decision", "event"])?;
    Ok(AuditFilter {
        before,
        actor: query.actor,
        action_prefix: query.action,
        subject: query.subject,
        outcome: query.outcome,
        kind: query.kind,
        request: query.request,
        from: query.from,
        until: query.until,
        scope,
    })
}

fn one_of(field: &str, given: Option<&str>, known: &[&str]) -> Result<(), ApiError> {
    match given {
        Some(given) if !known.contains(&given) => {
            Err(ApiError::new(ProblemKind::Malformed, format!("{field}: `{given}` is not one of {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}

/// Export the whole audit trail (JSON Lines), to be verified with `hansa audit verify`.
#[utoipa::path(tag = "audit", responses((status = 200, body = String, content_type = "application/jsonl")))]
#[get("/audit/export")]
pub(crate) async fn audit_export(broker: web::Data<Broker>, caller: Caller, request: HttpRequest) -> Reply {
    whole(&broker, &caller).await?;
    record(&broker, &caller, &request, "audit.export", json!(null)).await?;
    let export = broker.iam.trail().export().await?;
    let name = format!("attachment; filename=\"hansa-audit-{}.jsonl\"", export.size());
    let pieces = stream::unfold(Some(export), |export| async move { piece(export?).await });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jsonl"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(pieces))
}

/// The next piece; a failure breaks the answer off, and the reader sees that its end is missing.
async fn piece(mut export: Export) -> Option<(Result<web::Bytes, std::io::Error>, Option<Export>)> {
    match export.piece().await {
        Ok(Some(text)) => Some((Ok(web::Bytes::from(text)), Some(export))),
        Ok(None) => None,
        Err(error) => {
            tracing::error!(%error, "an export of the audit trail broke off");
            Some((Err(std::io::Error::other("the export broke off")), None))
        }
    }
}

/// List the signed checkpoints, the newest first.
#[utoipa::path(tag = "audit", params(CheckpointQuery), responses((status = 200, body = Page<AuditCheckpoint>)))]
#[get("/audit/checkpoints")]
pub(crate) async fn audit_checkpoint_list(broker: web::Data<Broker>, query: Query<CheckpointQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let at_most = page_token::open_as::<u64>(CHECKPOINTS, query.0.page_token.as_deref())?;
    let found = broker.iam.trail().checkpoints(at_most, size + 1).await?;
    let next = found.get(size).map(|next| page_token::seal(CHECKPOINTS, &next.size.to_string()));
    let items: Vec<AuditCheckpoint> = found.into_iter().take(size).map(AuditCheckpoint::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// List the keys that sign or have signed checkpoints, the oldest first.
#[utoipa::path(tag = "audit", responses((status = 200, body = Page<AuditKey>)))]
#[get("/audit/keys")]
pub(crate) async fn audit_key_list(broker: web::Data<Broker>) -> Reply {
    let keys = broker.iam.trail().keys().await?;
    Ok(HttpResponse::Ok().json(Page::whole(keys.into_iter().map(AuditKey::from).collect())))
}

/// Put a new key in the place of the one that signs checkpoints. The old key vouches for it.
#[utoipa::path(
    tag = "audit",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    responses((status = 200, body = AuditKey))
)]
#[post("/audit/keys/rotate")]
pub(crate) async fn audit_key_rotate(broker: web::Data<Broker>, call: Call) -> Reply {
    let trail = broker.iam.trail();
    if call.dry_run {
        let key =
            trail.keys().await?.pop().ok_or_else(|| ApiError::new(ProblemKind::NotFound, "there is no key yet"))?;
        return Ok(HttpResponse::Ok().json(AuditKey::from(key)));
    }
    replay::once(&broker, &call, async { serialise(&AuditKey::from(trail.key_rotate().await?)) }).await
}

/// Prove that the trail has only grown since a checkpoint (RFC 6962, section 2.1.2).
#[utoipa::path(tag = "audit", params(GrowthQuery), responses((status = 200, body = AuditConsistency)))]
#[get("/audit/consistency")]
pub(crate) async fn audit_consistency(broker: web::Data<Broker>, query: Query<GrowthQuery>) -> Reply {
    let proof = broker.iam.trail().consistency(query.0.from, query.0.to).await?;
    Ok(HttpResponse::Ok().json(AuditConsistency::from(proof)))
}

/// Show a record of the audit trail.
#[utoipa::path(
    tag = "audit",
    params(("place" = u64, Path, description = "Its place in the trail")),
    responses((status = 200, body = AuditRecord))
)]
#[get("/audit/{place}")]
pub(crate) async fn audit_show(
    broker: web::Data<Broker>,
    caller: Caller,
    request: HttpRequest,
    place: web::Path<u64>,
) -> Reply {
    let scope = broker.iam.scope(&caller.principal, Action::AuditRead).await?;
    record(&broker, &caller, &request, "audit.show", json!({ "place": *place })).await?;
    let filter = AuditFilter { before: Some(place.saturating_add(1)), scope, ..AuditFilter::default() };
    let found = broker.iam.trail().list(filter, 1).await?.into_iter().find(|one| one.record.place == *place);
    let found = found.ok_or_else(|| ApiError::new(ProblemKind::NotFound, format!("record {place} does not exist")))?;
    Ok(HttpResponse::Ok().json(AuditRecord::from(found)))
}

/// Prove that a record is in the trail (RFC 6962, section 2.1.1).
#[utoipa::path(
    tag = "audit",
    params(("place" = u64, Path, description = "Its place in the trail"), SizeQuery),
    responses((status = 200, body = AuditInclusion))
)]
#[get("/audit/{place}/proof")]
pub(crate) async fn audit_inclusion(
    broker: web::Data<Broker>,
    caller: Caller,
    request: HttpRequest,
    place: web::Path<u64>,
    query: Query<SizeQuery>,
) -> Reply {
    whole(&broker, &caller).await?;
    record(&broker, &caller, &request, "audit.proof", json!({ "place": *place })).await?;
    let proof = broker.iam.trail().inclusion(*place, query.0.size).await?;
    Ok(HttpResponse::Ok().json(AuditInclusion::from(proof)))
}

/// Lines of the whole trail are for those alone who may see all of it.
pub(crate) async fn whole(broker: &Broker, caller: &Caller) -> Result<(), ApiError> {
    match broker.iam.scope(&caller.principal, Action::AuditRead).await? {
        ProjectScope::All => Ok(()),
        ProjectScope::Only(_) => Err(ApiError::new(
            ProblemKind::Forbidden,
            "the whole audit trail is for auditors of the broker (permission audit.read over the broker)",
        )),
    }
}

/// Who read the trail, and what of it: recorded before it is answered.
pub(crate) async fn record(
    broker: &Broker,
    caller: &Caller,
    request: &HttpRequest,
    action: &str,
    data: serde_json::Value,
) -> Result<(), ApiError> {
    let origin = ClientAddress::of(request);
    let new = NewAuditRecord {
        at: broker.clock.now(),
        actor: caller.actor(),
        account: caller.principal.account,
        via: caller.principal.via.clone(),
        origin,
        request: hansa_repository::request::current(),
        action: action.to_owned(),
        subject: "audit".to_owned(),
        project: None,
        outcome: AuditOutcome::Allowed,
        policies: Vec::new(),
        data,
    };
    Ok(broker.iam.audit_append(new).await?)
}
