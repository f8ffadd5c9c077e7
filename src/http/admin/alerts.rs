//! What owners want to be warned of, over what the broker counts of itself.

use super::notifications::OwnNotificationQuery;
use crate::http::{
    Broker,
    call::Call,
    problem::Reply,
    query::Query,
    routes::alerts::{list, remove, show, state, test},
    wire::{Alert, AlertRequest, AlertTrial, Page, Problem, Removal},
};
use actix_web::{delete, get, post, put, web};

/// What owners want to be warned of, and how it stands.
#[utoipa::path(tag = "alerts", params(OwnNotificationQuery), responses((status = 200, body = Page<Alert>)))]
#[get("/alerts")]
pub(crate) async fn own_alert_list(broker: web::Data<Broker>, _query: Query<OwnNotificationQuery>) -> Reply {
    list(&broker, None).await
}

/// One rule, and what it holds for.
#[utoipa::path(
    tag = "alerts",
    params(("alert" = String, Path, description = "Its name")),
    responses((status = 200, body = Alert), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/alerts/{alert}")]
pub(crate) async fn own_alert_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    show(&broker, None, &name).await
}

/// State a rule over what the broker tells at `/metrics`, in the place of the one of its name.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name: 1 to 63 small letters, digits and hyphens"),
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
pub(crate) async fn own_alert_put(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    state(&broker, &call, None, name.into_inner()).await
}

/// Remove a rule; what fires is over.
#[utoipa::path(
    tag = "alerts",
    params(
        ("alert" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/alerts/{alert}")]
pub(crate) async fn own_alert_remove(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    remove(&broker, &call, None, &name).await
}

/// Measure, and ask a rule now: what it holds for, whatever for how long. Nothing is told.
#[utoipa::path(
    tag = "alerts",
    params(("alert" = String, Path, description = "Its name")),
    responses((status = 200, body = AlertTrial), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/alerts/{alert}/test")]
pub(crate) async fn own_alert_test(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    test(&broker, &call, None, &name).await
}
