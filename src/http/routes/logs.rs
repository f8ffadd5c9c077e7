//! The output of an application's workloads, as text or as server-sent events.

use crate::http::{
    Broker,
    access::Caller,
    problem::Reply,
    query::Query,
    stream::{self, ReaderGone, Sink},
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use futures_util::{StreamExt, stream::select_all};
use hansa_ontology::order::Instance;
use hansa_wdm::{LogLine, LogQuery, LogStream, WdmError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Lines of each workload where the caller names no number.
const DEFAULT_TAIL: usize = 1_000;
/// Lines of each workload at most.
const LARGEST_TAIL: usize = 10_000;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct LogsQuery {
    /// Only of this component.
    component: Option<String>,
    /// Only of this instance of the component, from 0.
    instance: Option<u32>,
    /// So many of the last lines of each workload: 1,000 where it is absent, 10,000 at most.
    tail: Option<usize>,
    /// Only lines from this time on (RFC 3339).
    since: Option<chrono::DateTime<chrono::Utc>>,
    /// Go on with new lines until the workloads are removed.
    #[serde(default)]
    follow: bool,
}

/// One line, as an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Line {
    component: String,
    ordinal: u32,
    at: chrono::DateTime<chrono::Utc>,
    source: String,
    text: String,
}

/// The output of an application's workloads.
///
/// `text/plain` with the workload before each line, or, where the caller
/// accepts it, `text/event-stream` with an object for each line.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id"), LogsQuery),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
#[get("/applications/{reference}/logs")]
pub(crate) async fn application_logs(
    broker: web::Data<Broker>,
    request: HttpRequest,
    caller: Caller,
    query: Query<LogsQuery>,
) -> Reply {
    let query = query.0;
    let lines = LogQuery {
        tail: Some(query.tail.unwrap_or(DEFAULT_TAIL).min(LARGEST_TAIL)),
        since: query.since,
        follow: query.follow,
    };
    let streams =
        broker.orchestrator.logs(caller.application()?, query.component.as_deref(), query.instance, lines).await?;
    let sent_events = accepts_events(&request);
    let content_type = if sent_events { "text/event-stream" } else { "text/plain; charset=utf-8" };
    Ok(answer(&broker, content_type, sent_events, query.follow, streams))
}

fn answer(
    broker: &Broker,
    content_type: &'static str,
    sent_events: bool,
    follow: bool,
    streams: Vec<(Instance, LogStream)>,
) -> HttpResponse {
    stream::answer(content_type, &broker.shutdown, move |sink| async move {
        let mut merged = select_all(
            streams.into_iter().map(|(origin, lines)| lines.map(move |line| (origin.clone(), line)).boxed()),
        );
        if follow {
            while let Some((origin, line)) = merged.next().await {
                write(&sink, sent_events, &origin, line).await?;
            }
            return Ok(());
        }
        let mut lines: Vec<_> = merged.collect().await;
        lines.sort_by_key(|(_, line)| line.as_ref().map_or(chrono::DateTime::<chrono::Utc>::MAX_UTC, |line| line.at));
        for (origin, line) in lines {
            write(&sink, sent_events, &origin, line).await?;
        }
        Ok(())
    })
}

async fn write(
    sink: &Sink,
    sent_events: bool,
    origin: &Instance,
    line: Result<LogLine, WdmError>,
) -> Result<(), ReaderGone> {
    let Instance { component, ordinal } = origin;
    match line {
        Ok(line) if sent_events => {
            let line = Line {
                component: component.clone(),
                ordinal: *ordinal,
                at: line.at,
                source: format!("{:?}", line.source).to_lowercase(),
                text: line.text,
            };
            sink.message(None, "line", &line).await
        }
        Ok(line) => sink.text(format!("{component}#{ordinal} | {}\n", line.text)).await,
        Err(error) => {
            tracing::warn!(%error, component, ordinal, "the output of a workload can't be read");
            sink.text(if sent_events {
                ": a part of the output can't be read\n\n".to_owned()
            } else {
                format!("{component}#{ordinal} | (a part of the output can't be read)\n")
            })
            .await
        }
    }
}

fn accepts_events(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/event-stream"))
}
