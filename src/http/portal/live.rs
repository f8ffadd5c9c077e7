//! An application, live: whatever part of the page has changed is sent as a
//! fragment of HTML, by server-sent events.

use super::Visit;
use crate::{
    http::{
        Broker,
        problem::ApiError,
        stream::{self, ReaderGone, Sink},
    },
    portal::{
        Language,
        pages::{
            application::{Live, LogLine, Seen},
            names::Names,
        },
    },
};
use actix_web::{HttpResponse, web};
use futures_util::{StreamExt as _, stream::select_all};
use hansa_ontology::ApplicationId;
use hansa_repository::{
    event::{self, EventFilter, Order},
    operation,
};
use hansa_service_orchestrator::Phase;
use hansa_wdm::LogQuery;
use std::{collections::BTreeMap, time::Duration};

/// Events and lines of output that are shown.
const EVENTS: usize = 30;
const LINES: usize = 200;
/// Events about numbers that policies changed.
const SCALED: usize = 100;
/// Lines that are read of each instance.
const LINES_EACH: usize = 40;
/// How long the output of partners is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked, at most and at least.
const PAUSE: Duration = Duration::from_millis(400);
const POLL: Duration = Duration::from_secs(2);
/// After so many rounds the browser comes again, and is asked again who it is.
const ROUNDS: usize = 150;

/// What of an application a visitor may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    /// Read what its workloads print.
    pub(super) logs: bool,
    /// Change it.
    pub(super) change: bool,
}

/// Everything that the page of an application shows.
pub(super) async fn looked_at(broker: &Broker, id: ApplicationId, sight: Sight) -> Result<Seen, ApiError> {
    let detail = broker.orchestrator.detail(id).await?;
    let application = &detail.application;
    let operation = application.operation;
    let filter = EventFilter { application: Some(id), ..EventFilter::default() };
    let scaled = EventFilter { kind_prefix: Some("scaling.".to_owned()), ..filter.clone() };
    let (events, scaled, operation) = broker
        .database
        .read(move |connection| {
            let events = event::list(connection, &filter, EVENTS, Order::NewestFirst)?;
            let scaled = event::list(connection, &scaled, SCALED, Order::NewestFirst)?;
            Ok::<_, hansa_repository::RepositoryError>((events, scaled, operation::get(connection, operation).ok()))
        })
        .await?;
    let logs = if sight.logs { output(broker, id).await } else { Vec::new() };
    let names = Names::of(&*broker.catalogue.snapshot().await?);
    let (scaling, levels) = (broker.orchestrator.scaling(id).await?, broker.orchestrator.service_levels(id).await?);
    let (may_change, now) = (sight.change, broker.clock.now());
    Ok(Seen { detail, operation, events, scaling, scaled, levels, logs, names, may_change, now })
}

/// The latest lines of all instances. What can't be had in time is left out:
/// a page doesn't wait for a partner.
async fn output(broker: &Broker, id: ApplicationId) -> Vec<LogLine> {
    let query = LogQuery { tail: Some(LINES_EACH), since: None, follow: false };
    let read = async {
        let streams = broker.orchestrator.logs(id, None, None, query).await.ok()?;
        let lines = streams.into_iter().map(|(origin, lines)| {
            let origin = format!("{}#{}", origin.component, origin.ordinal);
            lines
                .filter_map(move |line| {
                    let origin = origin.clone();
                    std::future::ready(line.ok().map(|line| LogLine { at: line.at, origin, text: line.text }))
                })
                .boxed()
        });
        Some(select_all(lines).collect::<Vec<LogLine>>().await)
    };
    let mut lines = tokio::time::timeout(PATIENCE, read).await.ok().flatten().unwrap_or_default();
    lines.sort_by(|a, b| (a.at, &a.origin).cmp(&(b.at, &b.origin)));
    lines.split_off(lines.len().saturating_sub(LINES))
}

/// Sends what changes, until the application is gone, the reader goes away or
/// the broker stops.
pub(super) fn follow(visit: Visit, id: ApplicationId, sight: Sight) -> HttpResponse {
    let Visit { asked, broker, .. } = visit;
    let shutdown = broker.shutdown.clone();
    let watched = Watched { id, sight, language: asked.language };
    stream::events(&shutdown, move |sink| rounds(broker, watched, sink))
}

/// What is followed. That its reader still may is watched where the request was let in.
struct Watched {
    id: ApplicationId,
    sight: Sight,
    language: Language,
}

async fn rounds(broker: web::Data<Broker>, watched: Watched, sink: Sink) -> Result<(), ReaderGone> {
    let mut signal = broker.database.event_signal();
    let mut sent: BTreeMap<&'static str, String> = BTreeMap::new();
    sink.text("retry: 2000\n\n".to_owned()).await?;
    for _ in 0..ROUNDS {
        signal.mark_unchanged();
        match looked_at(&broker, watched.id, watched.sight).await {
            Ok(seen) => {
                send(&sink, &mut sent, &Live::new(watched.language, &seen)).await?;
                if seen.detail.application.phase == Phase::Removed {
                    return sink.text("event: end\ndata: removed\n\n".to_owned()).await;
                }
            }
            Err(error) => {
                tracing::debug!(error = error.log_text(), "an application can't be looked at now; trying again")
            }
        }
        tokio::time::sleep(PAUSE).await;
        if tokio::time::timeout(POLL, signal.changed()).await.is_err() {
            sink.alive().await?;
        }
    }
    Ok(())
}

async fn send(sink: &Sink, sent: &mut BTreeMap<&'static str, String>, live: &Live) -> Result<(), ReaderGone> {
    for (id, html) in live.fragments() {
        if sent.get(id) != Some(&html) {
            sink.text(fragment(id, &html)).await?;
            sent.insert(id, html);
        }
    }
    Ok(())
}

/// A fragment as an event: its id in the first line of the data, then its HTML.
fn fragment(id: &str, html: &str) -> String {
    let lines: String = html.lines().map(|line| format!("data: {}\n", line.trim_end_matches('\r'))).collect();
    format!("event: fragment\ndata: {id}\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::fragment;

    #[test]
    fn what_instances_print_cannot_end_an_event() {
        let sent = fragment("app-logs", "<p>one\n\nevent: end\r\ndata: x</p>");
        let lines: Vec<&str> = sent.lines().collect();
        assert_eq!(lines.first(), Some(&"event: fragment"));
        assert!(lines[1..lines.len() - 1].iter().all(|line| line.starts_with("data: ")), "{sent}");
        assert!(sent.ends_with("\n\n") && sent.matches("\n\n").count() == 1, "{sent}");
    }
}
