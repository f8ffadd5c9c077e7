//! What people of a project want to be warned of.

use super::notifications::{NotificationQuery, severity_of};
use crate::http::{
    Broker, Meter,
    access::Caller,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    wire::{Alert, AlertRequest, AlertTrial, Page, Problem, Removal},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};
use hansa_assurance::{alert::NewRule, fault::Severity};
use hansa_ontology::{ProjectId, quantity::TimeSpan};

/// What people of a project want to be warned of, and how it stands.
#[utoipa::path(tag = "alerts", params(NotificationQuery), responses((status = 200, body = Page<Alert>)))]
#[get("/alerts")]
pub(crate) async fn alert_list(broker: web::Data<Broker>, caller: Caller, _query: Query<NotificationQuery>) -> Reply {
    list(&broker, Some(caller.project()?)).await
}

/// One rule, and what it holds for.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one.")
    ),
    responses((status = 200, body = Alert), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/alerts/{alert}")]
pub(crate) async fn alert_show(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    _query: Query<NotificationQuery>,
) -> Reply {
    show(&broker, Some(caller.project()?), &name).await
}

/// State a rule, in the place of the one of its name.
///
/// Rules are asked every 15 s. What begins to fire and what is over is an event (`alert.firing`, `alert.resolved`,
/// and `alert.unknown` where a rule can't be answered), and a fault while it lasts.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name: 1 to 63 small letters, digits and hyphens"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = AlertRequest,
    responses(
        (status = 200, body = Alert),
        (status = 412, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[put("/alerts/{alert}")]
pub(crate) async fn alert_put(broker: web::Data<Broker>, caller: Caller, name: web::Path<String>, call: Call) -> Reply {
    state(&broker, &call, Some(caller.project()?.clone()), name.into_inner()).await
}

/// Remove a rule; what fires is over.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/alerts/{alert}")]
pub(crate) async fn alert_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    remove(&broker, &call, Some(caller.project()?), &name).await
}

/// Measure, and ask a rule now: what it holds for, whatever for how long. Nothing is told.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one.")
    ),
    responses((status = 200, body = AlertTrial), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/alerts/{alert}/test")]
pub(crate) async fn alert_test(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    test(&broker, &call, Some(caller.project()?), &name).await
}

/// Those of a project, or about the broker itself.
pub(crate) async fn list(broker: &Broker, project: Option<&ProjectId>) -> Reply {
    let all = broker.assurance.rule_list(project).await?;
    Ok(HttpResponse::Ok().json(Page::whole(all.into_iter().map(Alert::from).collect())))
}

/// One of them.
pub(crate) async fn show(broker: &Broker, project: Option<&ProjectId>, name: &str) -> Reply {
    let found = Alert::from(broker.assurance.rule(project, name).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// States one.
pub(crate) async fn state(broker: &Broker, call: &Call, project: Option<ProjectId>, name: String) -> Reply {
    replay::once(broker, call, async {
        let new = read(call.json()?, project, name)?;
        let made = broker.assurance.rule_put(new, call.expected_version, call.actor.clone(), call.dry_run).await?;
        serialise(&Alert::from(made))
    })
    .await
}

/// A rule as somebody asks for it.
pub(crate) fn read(asked: AlertRequest, project: Option<ProjectId>, name: String) -> Result<NewRule, ApiError> {
    let AlertRequest { expr, hold, severity, summary, enabled } = asked;
    let hold = hold.as_deref().unwrap_or("0s").parse::<TimeSpan>();
    let hold = hold.map_err(|error| ApiError::field("/for", format!("{error}; such as 5m")))?;
    let severity = severity.as_deref().map_or(Ok(Severity::Major), severity_of)?;
    Ok(NewRule { name, project, expr, hold, severity, summary, enabled })
}

/// Removes one.
pub(crate) async fn remove(broker: &Broker, call: &Call, project: Option<&ProjectId>, name: &str) -> Reply {
    replay::once(broker, call, async {
        broker.assurance.rule_delete(project, name, call.dry_run).await?;
        serialise(&Removal { removed: format!("alert/{name}"), dry_run: call.dry_run })
    })
    .await
}

/// Asks one now.
pub(crate) async fn test(broker: &Broker, call: &Call, project: Option<&ProjectId>, name: &str) -> Reply {
    replay::once(broker, call, async {
        let meter = Meter(broker.clone());
        serialise(&AlertTrial::from(broker.assurance.rule_test(project, name, &meter).await?))
    })
    .await
}
