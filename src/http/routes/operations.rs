//! Operations: long work that a person can follow.

use crate::http::{
    Broker,
    access::Caller,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{PageQuery, Query, page_size},
    stream::{self, KEEP_ALIVE, ReaderGone, Sink},
    wire::{Operation, Page, Problem},
};
use actix_web::{HttpResponse, get, web};
use hansa_iam::Action;
use hansa_ontology::OperationId;
use hansa_repository::{
    RepositoryError,
    operation::{self, OperationFilter},
};
use std::time::Duration;

/// The list's name in page tokens.
const LIST: &str = "operations";
/// How often an operation is looked at when another process may have changed it.
const POLL: Duration = Duration::from_secs(1);

/// List operations, the latest first.
#[utoipa::path(tag = "operations", params(PageQuery), responses((status = 200, body = Page<Operation>)))]
#[get("/operations")]
pub(crate) async fn operation_list(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let before = page_token::open_as::<OperationId>(LIST, query.0.page_token.as_deref())?;
    let scope = caller.scope(&broker, Action::ApplicationRead).await?;
    let filter = OperationFilter { before, scope, ..OperationFilter::default() };
    let found = broker.database.read(move |connection| operation::list(connection, &filter, size + 1)).await?;
    let (found, next) = page_token::cut(LIST, size, found, |last| last.id.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Operation::from).collect(), next }))
}

/// Show an operation.
#[utoipa::path(
    tag = "operations",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, body = Operation), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/operations/{id}")]
pub(crate) async fn operation_show(broker: web::Data<Broker>, id: web::Path<String>) -> Reply {
    Ok(HttpResponse::Ok().json(read(&broker, parse(&id)?).await?))
}

/// Follow an operation until it has ended (server-sent events).
///
/// Each message is the operation as it then is; the first comes at once.
#[utoipa::path(
    tag = "operations",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, body = Operation, content_type = "text/event-stream"))
)]
#[get("/operations/{id}/stream")]
pub(crate) async fn operation_stream(broker: web::Data<Broker>, id: web::Path<String>) -> Reply {
    let id = parse(&id)?;
    let first = read(&broker, id).await?;
    let shutdown = broker.shutdown.clone();
    Ok(stream::events(&shutdown, move |sink| follow(broker, id, first, sink)))
}

async fn follow(broker: web::Data<Broker>, id: OperationId, first: Operation, sink: Sink) -> Result<(), ReaderGone> {
    let mut signal = broker.database.event_signal();
    let mut shown = first;
    sink.message(None, "operation", &shown).await?;
    let mut quiet = Duration::ZERO;
    while !shown.is_final() {
        // A signal comes with each local commit; the pause is for commits of other processes.
        if tokio::time::timeout(POLL, signal.changed()).await.is_err() {
            quiet += POLL;
        }
        match read(&broker, id).await {
            Ok(now) if now != shown => {
                shown = now;
                quiet = Duration::ZERO;
                sink.message(None, "operation", &shown).await?;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "an operation can't be read now; trying again"),
        }
        if quiet >= KEEP_ALIVE {
            quiet = Duration::ZERO;
            sink.alive().await?;
        }
    }
    Ok(())
}

async fn read(broker: &Broker, id: OperationId) -> Result<Operation, ApiError> {
    let operation =
        broker.database.read(move |connection| operation::get(connection, id)).await.map_err(|error| match error {
            RepositoryError::NotFound(_) => missing(&id.to_string()),
            other => other.into(),
        })?;
    Ok(operation.into())
}

/// What is no id is the id of nothing.
fn parse(id: &str) -> Result<OperationId, ApiError> {
    id.parse().ok().ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("there is no operation `{id}`"))
}
