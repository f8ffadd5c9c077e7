//! `hansa serve`: runs a broker until it is told to stop.

use super::{arguments::ServeOptions, config::load_settings};
use crate::{
    config::{ASSUMED_COUNTRY, OffersSource, Settings, SiteSettings},
    failure::Failure,
    metrics::Metrics,
    observability, wiring,
};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a broker until SIGTERM or SIGINT. Workloads go on.
pub(super) async fn run(options: &ServeOptions) -> Result<(), Failure> {
    let settings = load_settings(options)?.settings;
    let country_is_assumed = assumes_country(&settings);
    let metrics = Arc::new(Metrics::new());
    observability::begin(&settings.log, &metrics);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = wiring::start(settings, metrics).await.map_err(|error| Failure::failed(error.to_string()))?;
    tracing::info!(
        url = %running.url,
        data_dir = %running.broker.settings.data_dir.display(),
        login = running.broker.iam.login_required(),
        "listening"
    );
    tracing::info!("the portal, in a browser: {}", portal(&running.broker.settings, &running.url.to_string()));
    tracing::info!("limits of workloads: {}", running.broker.wdm.limits().explanation);
    if country_is_assumed {
        tracing::warn!(
            "this machine is offered as lying in the EU, which nobody has said; set provider.country to where it is"
        );
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; workloads go on");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Where people's browsers reach this broker.
fn portal(settings: &Settings, listens: &str) -> String {
    let url = settings.server.public_url.as_deref().unwrap_or(listens);
    format!("{}/", url.trim_end_matches('/'))
}

/// Whether offers are made of this machine while nobody has said where it stands.
fn assumes_country(settings: &Settings) -> bool {
    let made = |site: &SiteSettings| site.offers == OffersSource::Generated && site.country.is_none();
    settings.provider.country.as_str() == ASSUMED_COUNTRY && settings.sites.iter().any(made)
}
