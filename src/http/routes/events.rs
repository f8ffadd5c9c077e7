//! Events: what happened, page by page and live.

use crate::http::{
    Broker,
    access::Caller,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    stream::{self, KEEP_ALIVE, ReaderGone, Sink},
    wire::{Event, Page},
};
use actix_web::{HttpRequest, HttpResponse, get, web};
use hansa_iam::{Action, Resource};
use hansa_ontology::{ApplicationId, ProjectId, ProjectScope};
use hansa_repository::event::{self, EventFilter, Order};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "events";
/// How often the log is looked at for events of other processes.
const POLL: Duration = Duration::from_secs(1);
/// Events that are read at once.
const BATCH: usize = 200;

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct EventQuery {
    /// Only about this application: name or id.
    application: Option<String>,
    /// Only of this project: `organisation/project`.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// Only about this subject, such as `offer/urn:…`.
    subject: Option<String>,
    /// Only kinds that begin so, such as `workload.`.
    kind: Option<String>,
    /// Only those after this sequence number.
    after: Option<i64>,
    /// `oldest` first (default) or `newest` first.
    order: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// List events.
#[utoipa::path(tag = "events", params(EventQuery), responses((status = 200, body = Page<Event>)))]
#[get("/events")]
pub(crate) async fn event_list(broker: web::Data<Broker>, caller: Caller, query: Query<EventQuery>) -> Reply {
    page(&broker, &caller, query.0).await
}

/// List the events of an application.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id"), EventQuery),
    responses((status = 200, body = Page<Event>))
)]
#[get("/applications/{reference}/events")]
pub(crate) async fn application_events(broker: web::Data<Broker>, caller: Caller, query: Query<EventQuery>) -> Reply {
    let id = caller.application()?;
    page(&broker, &caller, EventQuery { application: Some(id.to_string()), ..query.0 }).await
}

/// Follow the events from now on (server-sent events).
///
/// After a break, `Last-Event-ID` (or `after`) goes on where it broke off.
#[utoipa::path(tag = "events", params(EventQuery), responses((status = 200, body = Event, content_type = "text/event-stream")))]
#[get("/events/stream")]
pub(crate) async fn event_stream(
    broker: web::Data<Broker>,
    caller: Caller,
    request: HttpRequest,
    query: Query<EventQuery>,
) -> Reply {
    let mut filter = filter(&broker, &caller, &query.0).await?;
    filter.after = Some(match last_event_id(&request)?.or(query.0.after) {
        Some(after) => after,
        None => broker.database.read(event::last_sequence).await?,
    });
    let shutdown = broker.shutdown.clone();
    Ok(stream::events(&shutdown, move |sink| follow(broker, filter, sink)))
}

async fn page(broker: &Broker, caller: &Caller, query: EventQuery) -> Reply {
    let size = page_size(query.limit)?;
    let mut filter = filter(broker, caller, &query).await?;
    let position = page_token::open_as::<i64>(LIST, query.page_token.as_deref())?;
    let order = match query.order.as_deref() {
        None | Some("oldest") => Order::OldestFirst,
        Some("newest") => Order::NewestFirst,
        Some(other) => {
            return Err(ApiError::new(
                ProblemKind::Malformed,
                format!("order: `{other}` is neither oldest nor newest"),
            ));
        }
    };
    match order {
        Order::OldestFirst => filter.after = position.or(filter.after),
        Order::NewestFirst => filter.before = position,
    }
    let found = broker.database.read(move |connection| event::list(connection, &filter, size + 1, order)).await?;
    let (found, next) = page_token::cut(LIST, size, found, |last| last.sequence.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Event::from).collect(), next }))
}

async fn filter(broker: &Broker, caller: &Caller, query: &EventQuery) -> Result<EventFilter, ApiError> {
    let scope = caller.scope(broker, Action::ApplicationRead).await?.narrowed(query.project.as_ref());
    let application = application_within(broker, &scope, query.application.as_deref()).await?;
    Ok(EventFilter {
        after: query.after,
        before: None,
        application,
        subject: query.subject.clone(),
        kind_prefix: query.kind.clone(),
        // What concerns the broker itself is for those who run it.
        brokers: query.project.is_none() && caller.may(broker, Action::EventRead, &Resource::Broker),
        scope,
    })
}

/// The application of a name within a scope, or of an id, of removed ones too.
pub(super) async fn application_within(
    broker: &Broker,
    scope: &ProjectScope,
    reference: Option<&str>,
) -> Result<Option<ApplicationId>, ApiError> {
    let Some(reference) = reference else { return Ok(None) };
    match reference.parse::<ApplicationId>() {
        Ok(id) => Ok(Some(id)),
        Err(_) => Ok(Some(broker.orchestrator.find(scope, reference).await?.id)),
    }
}

fn last_event_id(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get("Last-Event-ID") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|value| value.trim().parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::new(ProblemKind::Malformed, "Last-Event-ID: it is no sequence number of an event"))
}

async fn follow(broker: web::Data<Broker>, mut filter: EventFilter, sink: Sink) -> Result<(), ReaderGone> {
    let mut signal = broker.database.event_signal();
    let mut quiet = Duration::ZERO;
    sink.alive().await?;
    loop {
        signal.mark_unchanged();
        let wanted = filter.clone();
        match broker.database.read(move |connection| event::list(connection, &wanted, BATCH, Order::OldestFirst)).await
        {
            Ok(events) => {
                let full = events.len() == BATCH;
                for event in events {
                    filter.after = Some(event.sequence);
                    quiet = Duration::ZERO;
                    sink.message(Some(event.sequence), "event", &Event::from(event)).await?;
                }
                if full {
                    continue;
                }
            }
            Err(error) => tracing::debug!(%error, "the event log can't be read now; trying again"),
        }
        // A signal comes with each local commit; the pause is for commits of other processes.
        if tokio::time::timeout(POLL, signal.changed()).await.is_err() {
            quiet += POLL;
        }
        if quiet >= KEEP_ALIVE {
            quiet = Duration::ZERO;
            sink.alive().await?;
        }
    }
}
