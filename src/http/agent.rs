//! What the agents of machines call: they are let in, fetch what is asked of
//! them, bring what came of it, and fetch their program. In no description: it
//! is spoken between two of the same version, and by nobody else.

use super::{
    Broker,
    access::shown,
    problem::{ApiError, ProblemKind, Reply},
};
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use hansa_ontology::MachineId;
use hansa_wdm::agent::{AgentAnswer, AgentFacts};
use serde::Deserialize;
use serde_json::json;
use std::{io, time::Duration};

/// So long an agent waits for something to do, where the time limit of requests lets it.
const WAIT: Duration = Duration::from_secs(15);
/// What is asked of those who show nothing of use (RFC 6750, section 3).
const ASK: &str = "Bearer realm=\"hansa\"";

/// What is said to those who show nothing.
const SHOW: &str = "send what the machine's first boot brought, or the agent's secret: Authorization: Bearer …";

/// Where they come to.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/agent/v1/enrol", web::post().to(enrol))
        .route("/agent/v1/calls", web::post().to(calls))
        .route("/agent/v1/answers", web::post().to(answers))
        .route("/agent/v1/program", web::get().to(program));
}

/// What an agent shows to be let in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrolment {
    token: String,
}

async fn enrol(broker: web::Data<Broker>, enrolment: web::Json<Enrolment>) -> Reply {
    let let_in = broker.machine_tokens.enrol(&enrolment.token).await;
    let (machine, secret) = let_in.map_err(|error| ApiError::from(error).with_challenge(ASK))?;
    tracing::info!(%machine, "the agent of a machine was let in");
    Ok(HttpResponse::Ok().json(json!({ "machine": machine, "secret": secret.reveal() })))
}

async fn calls(broker: web::Data<Broker>, request: HttpRequest, facts: web::Json<AgentFacts>) -> Reply {
    let machine = speaker(&broker, &request).await?;
    let limit = broker.settings.server.request_timeout.duration();
    let waiting = broker.wdm.agents().calls(machine, facts.into_inner(), WAIT.min(limit / 2));
    let calls = tokio::select! {
        calls = waiting => calls,
        // What is asked of it is asked again by whoever comes after this broker.
        () = broker.shutdown.cancelled() => Vec::new(),
    };
    Ok(HttpResponse::Ok().json(calls))
}

async fn answers(broker: web::Data<Broker>, request: HttpRequest, answers: web::Json<Vec<AgentAnswer>>) -> Reply {
    let machine = speaker(&broker, &request).await?;
    broker.wdm.agents().answers(machine, answers.into_inner()).await;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// This very program: what a machine's first boot brings.
async fn program(broker: web::Data<Broker>, request: HttpRequest) -> Reply {
    broker
        .machine_tokens
        .booting(shown(&request, SHOW)?)
        .await
        .map_err(|error| ApiError::from(error).with_challenge(ASK))?;
    let failed =
        |error: io::Error| ApiError::new(ProblemKind::Internal, "the program can't be read").for_operator(error);
    // Also where the file was replaced since this broker was started.
    let file = tokio::fs::File::open("/proc/self/exe").await.map_err(failed)?;
    let length = file.metadata().await.map_err(failed)?.len();
    let body = actix_web::body::SizedStream::new(length, tokio_util::io::ReaderStream::new(file));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        // Compressed anew for each machine it would cost more than it saves.
        .insert_header(header::ContentEncoding::Identity)
        .body(body))
}

/// Which machine's agent asks.
async fn speaker(broker: &Broker, request: &HttpRequest) -> Result<MachineId, ApiError> {
    broker
        .machine_tokens
        .speaker(shown(request, SHOW)?)
        .await
        .map_err(|error| ApiError::from(error).with_challenge(ASK))
}
