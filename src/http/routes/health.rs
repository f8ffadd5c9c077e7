//! Health and metrics.

use crate::http::admin::federation::contracts;
use crate::{
    http::{
        Broker,
        problem::{ApiError, ProblemKind, Reply},
        wire::Fault,
    },
    metrics::FederationCounts,
};
use actix_web::{HttpResponse, get, http::header, web};
use hansa_ontology::ProjectScope;
use hansa_repository::{event, work};
use serde_json::json;

/// The process works.
#[utoipa::path(tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
#[get("/livez")]
pub(crate) async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// Requests can be served; otherwise a problem with every reason.
#[utoipa::path(tag = "health", responses((status = 200), (status = 503, content_type = "application/problem+json")))]
#[get("/readyz")]
pub(crate) async fn readyz(broker: web::Data<Broker>) -> Reply {
    let mut faults = Vec::new();
    let mut fault = |check: &str, detail: String| {
        faults.push(Fault { pointer: Some(format!("/{check}")), detail, ..Fault::default() });
    };
    if let Err(error) = broker.database.read(event::last_sequence).await {
        fault("database", error.to_string());
    }
    if let Err(error) = broker.catalogue.snapshot().await {
        fault("catalogue", error.to_string());
    }
    if !broker.workers.at_work() {
        fault("workers", "they have not begun, or are stopping".to_owned());
    }
    if faults.is_empty() {
        return Ok(HttpResponse::Ok().json(json!({"status": "ready", "checks": ["database", "catalogue", "workers"]})));
    }
    Err(ApiError::new(ProblemKind::Unavailable, "the broker is not ready").with_errors(faults))
}

/// Metrics (OpenMetrics 1.0).
#[utoipa::path(tag = "health", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
#[get("/metrics")]
pub(crate) async fn metrics(broker: web::Data<Broker>) -> Reply {
    let text = told(&broker).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        .body(text))
}

/// What is counted now, as text.
pub(crate) async fn told(broker: &Broker) -> Result<String, ApiError> {
    let phases = broker.orchestrator.phase_counts(&ProjectScope::All).await?;
    let workloads = broker
        .wdm
        .workload_list(None)
        .await
        .map_err(hansa_mco::McoError::from)
        .map_err(hansa_service_orchestrator::OrchestratorError::from)?;
    let queue = broker.database.read(|connection| work::list(connection, "application")).await?;
    let events = broker.database.read(event::last_sequence).await?;
    let counted = &broker.metrics;
    counted.set_applications(phases.into_iter());
    counted.set_workloads(workloads.iter().map(|workload| workload.state.name()));
    counted.set_queue("application", queue.len());
    counted.set_events(events);
    counted.set_federation(federation(broker).await?);
    let faults = broker.assurance.fault_counts().await?;
    counted.set_faults(faults.iter().map(|one| (one.kind.as_str(), one.severity, one.state.as_str(), one.count)));
    counted.encode().map_err(|error| ApiError::default().for_operator(error))
}

async fn federation(broker: &Broker) -> Result<FederationCounts, ApiError> {
    let Some(manager) = &broker.federation else {
        return Ok(FederationCounts::default());
    };
    let partners = manager.partner_list().await?;
    let snapshot = broker.catalogue.snapshot().await?;
    let foreign = |offer: &&hansa_ontology::Offer| {
        partners.iter().any(|partner| partner.provider.as_ref() == Some(&offer.provider))
    };
    let quarantined = manager.quarantine_list(None, 1).await?;
    Ok(FederationCounts {
        offers: snapshot.catalogue.offers.iter().filter(foreign).count(),
        quarantined: quarantined.counts.values().filter_map(|count| usize::try_from(*count).ok()).sum(),
        unreachable: partners.iter().filter(|partner| partner.unreachable_since.is_some()).count(),
        orders: contracts::orders(manager, broker, |_, _| true)
            .await?
            .into_iter()
            .map(|order| (order.role, order.state))
            .collect(),
        partners: partners.into_iter().map(|partner| partner.state.to_string()).collect(),
    })
}
