//! What a container uses, as its engine counts it.

use crate::model::{CpuUsage, NetworkUsage, Usage};
use bollard::{models::ContainerStatsResponse, query_parameters::StatsOptions};
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use hansa_docker::{ANSWER, Engine};
use hansa_repository::system::SystemError;

/// Asks once. None: it runs no more, or the engine doesn't count.
pub(super) async fn usage(engine: &Engine, container: &str, now: DateTime<Utc>) -> Result<Option<Usage>, SystemError> {
    let options = StatsOptions { stream: false, one_shot: true };
    let mut told = Box::pin(engine.api().stats(container, Some(options)));
    let first = async { told.next().await.transpose() };
    let told = engine.ask(&format!("measure container {container}"), ANSWER, first).await?;
    Ok(told.as_ref().and_then(|told| read(told, now)))
}

fn read(told: &ContainerStatsResponse, now: DateTime<Utc>) -> Option<Usage> {
    let nanos = told.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = told.memory_stats.as_ref()?;
    let file = |name: &str| memory.stats.as_ref().and_then(|stats| stats.get(name)).copied().unwrap_or(0);
    // Version 1 of control groups calls it `total_inactive_file`, version 2 `inactive_file`.
    let idle = file("total_inactive_file").max(file("inactive_file"));
    Some(Usage {
        cpu: CpuUsage::Total { micros: nanos / 1_000 },
        memory_bytes: memory.usage?.saturating_sub(idle),
        network: told.networks.as_ref().map(|all| NetworkUsage {
            received_bytes: all.values().filter_map(|one| one.rx_bytes).sum(),
            sent_bytes: all.values().filter_map(|one| one.tx_bytes).sum(),
        }),
        at: now,
    })
}
