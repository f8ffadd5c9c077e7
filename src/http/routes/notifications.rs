//! Who is told of what happens in a project.

use super::invoices::page;
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::{Limit, Query},
    replay::{self, serialise},
    wire::{Notification, NotificationDelivery, NotificationRequest, NotificationTrial, Page, Problem, Removal},
};
use actix_web::{HttpResponse, delete, get, post, web};
use hansa_assurance::{
    fault::Severity,
    notification::{MAIL, Sender as _, place},
    service::NewSubscription,
};
use hansa_ontology::{Actor, ProjectId};
use hansa_repository::RepositoryError;
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "deliveries";

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct NotificationQuery {
    /// The project; absent: the caller's only one.
    #[serde(rename = "project")]
    #[param(rename = "project")]
    _project: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(rename = "limit", value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct DeliveryQuery {
    /// The project; absent: the caller's only one.
    #[serde(rename = "project")]
    #[param(rename = "project")]
    _project: Option<String>,
    /// Items in the page: 1 to 500.
    pub(crate) limit: Option<usize>,
    /// The token that the page before gave.
    pub(crate) page_token: Option<String>,
}

/// Who is told of what happens in a project.
#[utoipa::path(tag = "notifications", params(NotificationQuery), responses((status = 200, body = Page<Notification>)))]
#[get("/notifications")]
pub(crate) async fn notification_list(
    broker: web::Data<Broker>,
    caller: Caller,
    _query: Query<NotificationQuery>,
) -> Reply {
    list(&broker, Some(caller.project()?)).await
}

/// Have somebody told, by webhook or mail. The answer tells once the secret by which messages to a URL are signed.
///
/// Each event is a POST of JSON with `Hansa-Delivery` (the same for each attempt), `Hansa-Event` (its kind) and
/// `Hansa-Signature: t=SECONDS,v1=HEX`: HMAC-SHA-256 under the secret's text of the seconds, a dot and the body.
#[utoipa::path(
    tag = "notifications",
    params(
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NotificationRequest,
    responses(
        (status = 200, body = Notification),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The name is taken"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/notifications")]
pub(crate) async fn notification_add(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    add(&broker, &call, Some(caller.project()?.clone())).await
}

/// One of them, without its secret.
#[utoipa::path(
    tag = "notifications",
    params(
        ("notification" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one.")
    ),
    responses((status = 200, body = Notification), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/notifications/{notification}")]
pub(crate) async fn notification_show(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    _query: Query<NotificationQuery>,
) -> Reply {
    let found = broker.assurance.subscription(Some(caller.project()?), &name).await?;
    Ok(HttpResponse::Ok().json(Notification::from(found)))
}

/// Tell them no more.
#[utoipa::path(
    tag = "notifications",
    params(
        ("notification" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/notifications/{notification}")]
pub(crate) async fn notification_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    remove(&broker, &call, Some(caller.project()?), &name).await
}

/// Send a test now, and say what came of it.
#[utoipa::path(
    tag = "notifications",
    params(
        ("notification" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Send nothing.")
    ),
    responses((status = 200, body = NotificationTrial), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/notifications/{notification}/test")]
pub(crate) async fn notification_test(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    test(&broker, &call, Some(caller.project()?), &name).await
}

/// What was delivered and what was given up, the newest event first.
#[utoipa::path(
    tag = "notifications",
    params(("notification" = String, Path, description = "Its name"), DeliveryQuery),
    responses(
        (status = 200, body = Page<NotificationDelivery>),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/notifications/{notification}/deliveries")]
pub(crate) async fn notification_deliveries(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    query: Query<DeliveryQuery>,
) -> Reply {
    deliveries(&broker, Some(caller.project()?), &name, (query.0.limit, query.0.page_token.as_deref())).await
}

/// Those of a project, or of the broker itself.
pub(crate) async fn list(broker: &Broker, project: Option<&ProjectId>) -> Reply {
    let all = broker.assurance.subscription_list(project).await?;
    Ok(HttpResponse::Ok().json(Page::whole(all.into_iter().map(Notification::from).collect())))
}

/// Subscribes, and tells the secret once.
pub(crate) async fn add(broker: &Broker, call: &Call, project: Option<ProjectId>) -> Reply {
    replay::once_told(broker, call, async {
        let told = subscribed(broker, call.json_secret()?, project, (call.actor.clone(), call.dry_run)).await?;
        let kept = Notification { secret: None, ..told.clone() };
        Ok((serialise(&kept)?, serialise(&told)?))
    })
    .await
}

/// Subscribes: what was made, with the secret that is told once.
pub(crate) async fn subscribed(
    broker: &Broker,
    wanted: NotificationRequest,
    project: Option<ProjectId>,
    (by, dry_run): (Actor, bool),
) -> Result<Notification, ApiError> {
    let NotificationRequest { name, url, address, kinds, severity } = wanted;
    let url = destination(broker, url, address)?;
    let is_mail = url.starts_with(MAIL);
    let severity = severity.as_deref().map(severity_of).transpose()?;
    let new = NewSubscription { name, project, kinds, severity, url };
    let mut secret = None;
    let seal = |id| {
        if is_mail {
            return Ok(String::new());
        }
        let made = broker.credentials.secret_make(&place(id));
        let (plain, sealed) = made.map_err(|error| RepositoryError::Internal {
            message: format!("no secret can be made: {error}"),
            source: None,
        })?;
        secret = Some(plain);
        Ok(sealed)
    };
    let made = broker.assurance.subscribe(new, seal, by, dry_run).await?;
    let secret = secret.filter(|_| !dry_run);
    Ok(Notification { secret, ..Notification::from(made) })
}

/// Where to, as it is kept: a URL, or `mailto:` and an address.
fn destination(broker: &Broker, url: Option<String>, address: Option<String>) -> Result<String, ApiError> {
    match (url, address) {
        (Some(url), None) => {
            broker.notifier.url_check(&url).map_err(|why| ApiError::field("/url", why))?;
            Ok(url)
        }
        (None, Some(address)) => {
            broker.notifier.address_check(&address).map_err(|why| ApiError::field("/address", why))?;
            Ok(format!("{MAIL}{address}"))
        }
        _ => Err(ApiError::field("/url", "say where to: either a url or an address")),
    }
}

pub(crate) fn severity_of(name: &str) -> Result<Severity, ApiError> {
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == name);
    found.ok_or_else(|| ApiError::field("/severity", format!("`{name}` is none of minor, major, critical")))
}

/// Unsubscribes.
pub(crate) async fn remove(broker: &Broker, call: &Call, project: Option<&ProjectId>, name: &str) -> Reply {
    replay::once(broker, call, async {
        broker.assurance.unsubscribe(project, name, call.actor.clone(), call.dry_run).await?;
        serialise(&Removal { removed: format!("notification/{name}"), dry_run: call.dry_run })
    })
    .await
}

/// Sends a test.
pub(crate) async fn test(broker: &Broker, call: &Call, project: Option<&ProjectId>, name: &str) -> Reply {
    replay::once(broker, call, async { serialise(&tried(broker, project, name, call.dry_run).await?) }).await
}

/// Sends a test, but for a dry run: what came of it.
pub(crate) async fn tried(
    broker: &Broker,
    project: Option<&ProjectId>,
    name: &str,
    dry_run: bool,
) -> Result<NotificationTrial, ApiError> {
    let message = broker.assurance.subscription_trial(project, name).await?;
    let said = if dry_run {
        Some("a dry run: nothing was sent".to_owned())
    } else {
        broker.notifier.send(&message).await.err()
    };
    Ok(NotificationTrial { arrived: said.is_none(), delivery: message.delivery, said })
}

/// What became of events.
pub(crate) async fn deliveries(
    broker: &Broker,
    project: Option<&ProjectId>,
    name: &str,
    (limit, token): (Option<usize>, Option<&str>),
) -> Reply {
    let found = broker.assurance.delivery_list(project, name, &page(LIST, limit, token)?).await?;
    let next = found.next.map(|next| page_token::seal(LIST, &next));
    let items = found.items.into_iter().map(NotificationDelivery::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}
