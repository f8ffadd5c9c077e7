//! Faults of projects: what is wrong, why, since when, and who sees to it.

use super::{events::application_within, invoices::page, usage::names};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    replay::{self, serialise},
    wire::{FaultNoteRequest, FaultTicket, Page, Problem},
};
use actix_web::{HttpResponse, get, post, web};
use hansa_assurance::{
    fault::{Fault, FaultKind, Severity},
    service::{FaultAct, FaultQuery, Whose},
};
use hansa_iam::{Action, Resource};
use hansa_ontology::ProjectId;
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "faults";

/// Which faults.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct FaultListQuery {
    /// Only of this project: `organisation/project`.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// Only those that are `open`, `acknowledged`, `resolved`, or `living`: not resolved.
    state: Option<String>,
    /// Only of this kind, such as `machine-lost`.
    kind: Option<String>,
    /// Only those that are at least so bad: `minor`, `major`, `critical`.
    severity: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

impl FaultListQuery {
    /// Of whatever application.
    pub(crate) const fn plain(state: Option<String>, kind: Option<String>, severity: Option<String>) -> Self {
        Self { project: None, application: None, state, kind, severity, limit: None, page_token: None }
    }
}

/// What is wrong, or was, in one's projects, the newest first.
#[utoipa::path(
    tag = "faults",
    params(FaultListQuery),
    responses(
        (status = 200, body = Page<FaultTicket>),
        (status = 400, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/faults")]
pub(crate) async fn fault_list(broker: web::Data<Broker>, caller: Caller, query: Query<FaultListQuery>) -> Reply {
    let query = query.0;
    let scope = caller.scope(&broker, Action::ApplicationRead).await?.narrowed(query.project.as_ref());
    let application = application_within(&broker, &scope, query.application.as_deref()).await?;
    let wanted = FaultQuery { application, ..wanted(&query, Whose::Projects(scope))? };
    answer_list(&broker, &caller, &wanted, (query.limit, query.page_token.as_deref())).await
}

/// A fault of one of one's projects, with its events and what explains it.
#[utoipa::path(
    tag = "faults",
    params(("fault" = String, Path, description = "Its number")),
    responses((status = 200, body = FaultTicket), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/faults/{fault}")]
pub(crate) async fn fault_show(broker: web::Data<Broker>, caller: Caller, number: web::Path<String>) -> Reply {
    let fault = broker.assurance.fault(parse(&number)?, &seen(&broker, &caller).await?).await?;
    Ok(HttpResponse::Ok().json(ticket(&broker, &caller, fault).await?))
}

/// Say that one sees to a fault. It needs what changing an application of its project needs.
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
pub(crate) async fn fault_acknowledge(
    broker: web::Data<Broker>,
    caller: Caller,
    number: web::Path<String>,
    call: Call,
) -> Reply {
    let whose = changed(&broker, &caller, &number).await?;
    act(&broker, &caller, &call, &number, (&whose, FaultAct::Acknowledge)).await
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
pub(crate) async fn fault_resolve(
    broker: web::Data<Broker>,
    caller: Caller,
    number: web::Path<String>,
    call: Call,
) -> Reply {
    let whose = changed(&broker, &caller, &number).await?;
    act(&broker, &caller, &call, &number, (&whose, FaultAct::Resolve)).await
}

/// What a query asks for.
pub(crate) fn wanted(query: &FaultListQuery, whose: Whose) -> Result<FaultQuery, ApiError> {
    let refuse = |field: &str, given: &str, known: Vec<&str>| {
        let told = format!("{field}: `{given}` is unknown; write one of {}", known.join(", "));
        ApiError::new(ProblemKind::Malformed, told)
    };
    let kind = |given: &String| {
        let names = || FaultKind::ALL.iter().map(|kind| kind.name()).collect();
        FaultKind::of_name(given).ok_or_else(|| refuse("kind", given, names()))
    };
    let severity = |given: &String| {
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == given);
        found.ok_or_else(|| refuse("severity", given, Severity::ALL.map(Severity::name).to_vec()))
    };
    if let Some(given) = query.state.as_ref().filter(|given| !FaultQuery::STATES.contains(&given.as_str())) {
        return Err(refuse("state", given, FaultQuery::STATES.to_vec()));
    }
    Ok(FaultQuery {
        whose,
        application: None,
        state: query.state.clone(),
        kind: query.kind.as_ref().map(kind).transpose()?,
        severity: query.severity.as_ref().map(severity).transpose()?,
    })
}

/// A page of the list as tickets.
pub(crate) async fn answer_list(
    broker: &Broker,
    caller: &Caller,
    wanted: &FaultQuery,
    (limit, token): (Option<usize>, Option<&str>),
) -> Reply {
    let found = broker.assurance.fault_list(wanted, &page(LIST, limit, token)?).await?;
    let next = found.next.map(|next| page_token::seal(LIST, &next));
    let items = tickets(broker, caller, found.items).await?;
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// As tickets, with the names of their applications.
pub(crate) async fn tickets(
    broker: &Broker,
    caller: &Caller,
    faults: Vec<Fault>,
) -> Result<Vec<FaultTicket>, ApiError> {
    let ids: Vec<String> = faults.iter().filter_map(|one| one.application).map(|id| id.to_string()).collect();
    let names = names(broker, ids.iter()).await?;
    let (now, sees_all) = (broker.clock.now(), caller.may(broker, Action::EventRead, &Resource::Broker));
    let ticket = |fault: Fault| {
        let name = fault.application.and_then(|id| names.get(&id.to_string()).cloned());
        FaultTicket::new(fault, name, now, sees_all)
    };
    Ok(faults.into_iter().map(ticket).collect())
}

/// One of them.
pub(crate) async fn ticket(broker: &Broker, caller: &Caller, fault: Fault) -> Result<FaultTicket, ApiError> {
    tickets(broker, caller, vec![fault]).await?.pop().ok_or_else(ApiError::default)
}

/// The number of a path.
pub(crate) fn parse(number: &str) -> Result<i64, ApiError> {
    number.parse().ok().ok_or_else(|| ApiError::new(ProblemKind::NotFound, format!("there is no fault `{number}`")))
}

/// The faults of projects that the caller may see.
pub(crate) async fn seen(broker: &Broker, caller: &Caller) -> Result<Whose, ApiError> {
    Ok(Whose::Projects(caller.scope(broker, Action::ApplicationRead).await?))
}

/// The faults that the caller may act on; what they may only see is refused, not hidden.
pub(crate) async fn changed(broker: &Broker, caller: &Caller, number: &str) -> Result<Whose, ApiError> {
    let fault = broker.assurance.fault(parse(number)?, &seen(broker, caller).await?).await?;
    let whose = Whose::Projects(caller.scope(broker, Action::ApplicationUpdate).await?);
    if whose.covers(&fault) {
        return Ok(whose);
    }
    let missing = Action::ApplicationUpdate.name();
    let why = format!("the permission {missing} is missing; ask whoever runs the project for a role that has it");
    Err(ApiError::new(ProblemKind::Forbidden, why).with_permission(missing))
}

/// Does what is asked, once.
pub(crate) async fn act(
    broker: &Broker,
    caller: &Caller,
    call: &Call,
    number: &str,
    (whose, act): (&Whose, FaultAct),
) -> Reply {
    replay::once(broker, call, async {
        let FaultNoteRequest { note } = call.json_or_default()?;
        let number = parse(number)?;
        let fault = broker.assurance.fault_act(number, whose, (act, note), call.actor.clone(), call.dry_run).await?;
        serialise(&ticket(broker, caller, fault).await?)
    })
    .await
}
