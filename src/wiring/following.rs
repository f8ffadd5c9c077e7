//! Domains that follow the event log, round by round.

use crate::http::Broker;
use hansa_repository::{
    RepositoryError,
    event::{self, Event, EventFilter, Order},
};
use std::{fmt::Display, time::Duration};

/// The least pause: what comes at once is taken at once.
const LEAST: Duration = Duration::from_millis(500);
/// Events of a kind that are read at once.
pub(super) const EVENTS: usize = 100;

/// Until the broker stops. `step` does a round and says whether nothing was
/// left; then it is called again after `pause`, or when the log has grown.
pub(super) async fn follow<E: Display, F: Future<Output = Result<bool, E>>>(
    broker: &Broker,
    pause: Duration,
    failing: &str,
    step: impl Fn() -> F,
) {
    let mut signal = broker.database.event_signal();
    while !broker.shutdown.is_cancelled() {
        signal.mark_unchanged();
        match step().await {
            Ok(false) => continue,
            Ok(true) => {}
            Err(error) => tracing::warn!(%error, "{failing}; nothing of it is lost"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = signal.changed() => tokio::time::sleep(LEAST).await,
            () = broker.shutdown.cancelled() => {}
        }
    }
}

/// The next events of a kind after a place in the log, in their order; fewer
/// than [`EVENTS`] where these are all.
pub(super) async fn events(broker: &Broker, kind: &str, after: i64) -> Result<Vec<Event>, RepositoryError> {
    let filter = EventFilter { after: Some(after), kind_prefix: Some(kind.to_owned()), ..EventFilter::default() };
    broker.database.read(move |connection| event::list(connection, &filter, EVENTS, Order::OldestFirst)).await
}
