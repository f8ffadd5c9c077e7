//! Who wants to know is told: the log is followed, and what waits is carried
//! away by several at once, so that one that is slow holds up nobody.

use crate::http::Broker;
use hansa_repository::RepositoryError;
use std::time::Duration;
use tokio::task::JoinSet;

/// How many are told at one time.
const AT_ONCE: usize = 16;
/// How often it is looked whether something is due, unless the log grows before.
const PAUSE: Duration = Duration::from_secs(2);
/// The least pause: what comes at once is taken at once.
const LEAST: Duration = Duration::from_millis(500);

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let mut signal = broker.database.event_signal();
    let (mut reached, mut running) = (None, JoinSet::new());
    while !broker.shutdown.is_cancelled() {
        signal.mark_unchanged();
        while running.try_join_next().is_some() {}
        match wake(&broker, &mut reached).await {
            Ok(true) if running.len() < AT_ONCE => {
                let broker = broker.clone();
                running.spawn(async move { work(&broker).await });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "notifications wait; nothing of them is lost"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = signal.changed() => tokio::time::sleep(LEAST).await,
            Some(_) = running.join_next(), if !running.is_empty() => {}
            () = broker.shutdown.cancelled() => {}
        }
    }
    running.shutdown().await;
}

/// Wakes who has something to be told; whether somebody waits.
async fn wake(broker: &Broker, reached: &mut Option<i64>) -> Result<bool, RepositoryError> {
    *reached = Some(broker.assurance.notification_wake(*reached).await?);
    broker.assurance.notification_waits().await
}

/// Tells for as long as somebody waits.
async fn work(broker: &Broker) {
    let owner = format!("{}:{}", std::process::id(), broker.settings.data_dir.display());
    while !broker.shutdown.is_cancelled() {
        match broker.assurance.notification_round(&owner, &broker.notifier).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::warn!(%error, "a notification waits; it is tried again"),
        }
    }
}
