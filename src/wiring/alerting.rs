//! Alert rules are asked in their turns.

use crate::http::{Broker, Meter};
use std::time::Duration;
use tokio::task::JoinSet;

/// How many projects are asked at one time.
const AT_ONCE: usize = 4;
/// How often it is looked whether it is somebody's turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let mut running = JoinSet::new();
    while !broker.shutdown.is_cancelled() {
        while running.try_join_next().is_some() {}
        match broker.assurance.rule_waits().await {
            Ok(true) if running.len() < AT_ONCE => {
                let broker = broker.clone();
                running.spawn(async move { work(broker).await });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "alert rules wait; nothing of them is lost"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = broker.shutdown.cancelled() => {}
        }
    }
    running.shutdown().await;
}

/// Asks for as long as it is somebody's turn.
async fn work(broker: Broker) {
    let owner = format!("{}:{}", std::process::id(), broker.settings.data_dir.display());
    let meter = Meter(broker);
    while !meter.0.shutdown.is_cancelled() {
        match meter.0.assurance.rule_round(&owner, &meter).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::warn!(%error, "alert rules of a project wait; they are asked again"),
        }
    }
}
