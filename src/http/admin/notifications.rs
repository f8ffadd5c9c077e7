//! Who is told of what concerns the broker itself.

use crate::http::{
    Broker,
    call::Call,
    problem::Reply,
    query::{Limit, PageQuery, Query},
    routes::notifications::{add, deliveries, list, remove, test},
    wire::{Notification, NotificationDelivery, NotificationRequest, NotificationTrial, Page, Problem, Removal},
};
use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

/// The whole list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnNotificationQuery {
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(rename = "limit", value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Who is told of what concerns the broker itself.
#[utoipa::path(tag = "notifications", params(OwnNotificationQuery), responses((status = 200, body = Page<Notification>)))]
#[get("/notifications")]
pub(crate) async fn own_notification_list(broker: web::Data<Broker>, _query: Query<OwnNotificationQuery>) -> Reply {
    list(&broker, None).await
}

/// Have somebody told, by webhook or mail. The answer tells once the secret by which messages to a URL are signed.
#[utoipa::path(
    tag = "notifications",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = NotificationRequest,
    responses(
        (status = 200, body = Notification),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/notifications")]
pub(crate) async fn own_notification_add(broker: web::Data<Broker>, call: Call) -> Reply {
    add(&broker, &call, None).await
}

/// One of them, without its secret.
#[utoipa::path(
    tag = "notifications",
    params(("notification" = String, Path, description = "Its name")),
    responses((status = 200, body = Notification), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/notifications/{notification}")]
pub(crate) async fn own_notification_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let found = broker.assurance.subscription(None, &name).await?;
    Ok(HttpResponse::Ok().json(Notification::from(found)))
}

/// Tell them no more.
#[utoipa::path(
    tag = "notifications",
    params(
        ("notification" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/notifications/{notification}")]
pub(crate) async fn own_notification_remove(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    remove(&broker, &call, None, &name).await
}

/// Send a test now, and say what came of it.
#[utoipa::path(
    tag = "notifications",
    params(
        ("notification" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Send nothing.")
    ),
    responses((status = 200, body = NotificationTrial), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/notifications/{notification}/test")]
pub(crate) async fn own_notification_test(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    test(&broker, &call, None, &name).await
}

/// What was delivered and what was given up, the newest event first.
#[utoipa::path(
    tag = "notifications",
    params(("notification" = String, Path, description = "Its name"), PageQuery),
    responses(
        (status = 200, body = Page<NotificationDelivery>),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/notifications/{notification}/deliveries")]
pub(crate) async fn own_notification_deliveries(
    broker: web::Data<Broker>,
    name: web::Path<String>,
    query: Query<PageQuery>,
) -> Reply {
    deliveries(&broker, None, &name, (query.0.limit, query.0.page_token.as_deref())).await
}
