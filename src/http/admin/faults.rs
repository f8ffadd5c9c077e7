//! Faults that are the broker's own, or of the orders of partners.

use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::Reply,
    query::Query,
    routes::faults::{FaultListQuery, act, answer_list, parse, ticket, wanted},
    wire::{FaultNoteRequest, FaultTicket, Page, Problem},
};
use actix_web::{HttpResponse, get, post, web};
use hansa_assurance::service::{FaultAct, Whose};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which faults.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct OwnFaultQuery {
    /// Only those that are `open`, `acknowledged`, `resolved`, or `living`: not resolved.
    state: Option<String>,
    /// Only of this kind, such as `host-lost`.
    kind: Option<String>,
    /// Only those that are at least so bad: `minor`, `major`, `critical`.
    severity: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// What is wrong, or was, with systems, hosts, partners and their orders, the newest first.
#[utoipa::path(
    tag = "faults",
    params(OwnFaultQuery),
    responses(
        (status = 200, body = Page<FaultTicket>),
        (status = 400, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/faults")]
pub(crate) async fn own_fault_list(broker: web::Data<Broker>, caller: Caller, query: Query<OwnFaultQuery>) -> Reply {
    let OwnFaultQuery { state, kind, severity, limit, page_token } = query.0;
    let wanted = wanted(&FaultListQuery::plain(state, kind, severity), Whose::Broker)?;
    answer_list(&broker, &caller, &wanted, (limit, page_token.as_deref())).await
}

/// One of them, with its events and what explains it.
#[utoipa::path(
    tag = "faults",
    params(("fault" = String, Path, description = "Its number")),
    responses((status = 200, body = FaultTicket), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/faults/{fault}")]
pub(crate) async fn own_fault_show(broker: web::Data<Broker>, caller: Caller, number: web::Path<String>) -> Reply {
    let fault = broker.assurance.fault(parse(&number)?, &Whose::Broker).await?;
    Ok(HttpResponse::Ok().json(ticket(&broker, &caller, fault).await?))
}

/// Say that one sees to a fault.
#[utoipa::path(
    tag = "faults",
    params(
        ("fault" = String, Path, description = "Its number"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = FaultNoteRequest,
    responses(
        (status = 200, body = FaultTicket),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is resolved already")
    )
)]
#[post("/faults/{fault}/acknowledge")]
pub(crate) async fn own_fault_acknowledge(
    broker: web::Data<Broker>,
    caller: Caller,
    number: web::Path<String>,
    call: Call,
) -> Reply {
    act(&broker, &caller, &call, &number, (&Whose::Broker, FaultAct::Acknowledge)).await
}

/// Say that a fault is over where no event shows it; the note says why.
#[utoipa::path(
    tag = "faults",
    params(
        ("fault" = String, Path, description = "Its number"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = FaultNoteRequest,
    responses(
        (status = 200, body = FaultTicket),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is resolved already"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/faults/{fault}/resolve")]
pub(crate) async fn own_fault_resolve(
    broker: web::Data<Broker>,
    caller: Caller,
    number: web::Path<String>,
    call: Call,
) -> Reply {
    act(&broker, &caller, &call, &number, (&Whose::Broker, FaultAct::Resolve)).await
}
