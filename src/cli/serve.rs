//! `hansa serve`: runs a broker until it is told to stop.

use super::{arguments::ServeOptions, config::load_settings};
use crate::{
    failure::Failure,
    metrics::Metrics,
    observability::{self, LogTarget},
    wiring,
};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a broker until SIGTERM or SIGINT. Workloads go on.
pub(super) async fn run(options: &ServeOptions) -> Result<(), Failure> {
    let settings = load_settings(options)?.settings;
    let metrics = Arc::new(Metrics::new());
    observability::begin(&settings.log, &metrics, &LogTarget::StandardError)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = wiring::start(settings, metrics)
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    tracing::info!(
        url = %running.url,
        data_dir = %running.broker.settings.data_dir.display(),
        "listening, on loopback only until this version's successor has login"
    );
    tracing::info!("{}", running.broker.wdm.limits().explanation);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; workloads go on");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}
