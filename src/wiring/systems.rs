//! The real systems of a broker: each is looked at again and again, so that
//! what is known of it stays fresh.

use crate::http::Broker;
use futures_util::{StreamExt as _, stream};
use std::time::Duration;

/// How often each system is looked at.
const ROUND: Duration = Duration::from_secs(15);
/// So many are looked at side by side.
const SIDE_BY_SIDE: usize = 8;

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    tokio::select! {
        () = sweep(&broker) => {}
        () = broker.shutdown.cancelled() => return,
    }
    loop {
        tokio::select! {
            () = look(&broker) => {}
            () = broker.shutdown.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = broker.shutdown.cancelled() => return,
        }
    }
}

/// Removes what an earlier process, or an earlier database, left in systems.
async fn sweep(broker: &Broker) {
    match broker.wdm.sweep_systems().await {
        Ok(removed) => {
            removed.iter().for_each(|id| tracing::warn!(workload = %id, "removed a workload that nobody knows"));
        }
        Err(error) => tracing::warn!(%error, "the systems can't be swept now"),
    }
}

async fn look(broker: &Broker) {
    let mco = broker.orchestrator.mco();
    let systems = match mco.systems().system_list().await {
        Ok(systems) => systems,
        Err(error) => return tracing::warn!(%error, "the systems can't be listed now"),
    };
    let looks = stream::iter(&systems).for_each_concurrent(SIDE_BY_SIDE, |system| async move {
        match mco.system_look(system).await {
            Ok(Ok(report)) => super::measuring::power(broker, &system.name, &report).await,
            // What it says in place of an answer is written down.
            Ok(Err(_)) => {}
            Err(error) => {
                tracing::warn!(system = system.name, %error, "what a system has can't be written down now");
            }
        }
    });
    looks.await;
}
