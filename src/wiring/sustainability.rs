//! Sustainability: that it follows the log, looks at limits, and asks for intensity.

use super::{WiringError, following};
use crate::{
    config::{FeedSettings, Settings},
    http::Broker,
    metrics::SiteCarbon,
};
use hansa_repository::{Database, ambient::SharedClock, catalogue::CatalogueService};
use hansa_sustainability::{
    feed::Feed,
    service::{Dimension, Format, Options, Query, Row, ServiceError, Sustainability},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long after nothing was left it is looked at again, unless the log grows before.
const ROUND: Duration = Duration::from_secs(30);
/// How often limits are looked at, and metrics computed.
const LOOK: Duration = Duration::from_secs(300);

/// With the zones and coefficients of the settings.
///
/// # Errors
/// When a file of coefficients can't be used.
pub(super) fn service(
    settings: &Settings,
    database: &Database,
    catalogue: &CatalogueService,
    clock: &SharedClock,
) -> Result<Sustainability, WiringError> {
    let (coefficients, left_out) = settings.sustainability.coefficients().map_err(WiringError::Coefficients)?;
    for row in left_out {
        tracing::warn!(row, "a row of a published table can't be right and is left out");
    }
    let options = Options { zones: settings.sustainability.zones.clone(), coefficients };
    Ok(Sustainability::new(database.clone(), Arc::clone(clock), catalogue.clone(), options))
}

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let looked = Mutex::new(None);
    following::follow(&broker, ROUND, "what was drawn can't be counted now", || round(&broker, &looked)).await;
}

/// A round, and now and then a look at what is known when nothing was left.
async fn round(broker: &Broker, looked: &Mutex<Option<Instant>>) -> Result<bool, ServiceError> {
    let done = broker.sustainability.follow().await;
    if done.as_ref().is_ok_and(|done| !done.is_idle()) {
        return Ok(false);
    }
    let due = {
        let mut looked = looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|looked| looked.elapsed() >= LOOK);
        if due {
            *looked = Some(Instant::now());
        }
        due
    };
    if due {
        if let Err(error) = broker.sustainability.limit_check().await {
            tracing::warn!(%error, "carbon limits can't be looked at now");
        }
        if let Err(error) = tell(broker).await {
            tracing::warn!(%error, "metrics of carbon can't be computed now");
        }
    }
    done.map(|done| done.is_idle())
}

/// This day's energy and carbon by site, as metrics.
async fn tell(broker: &Broker) -> Result<(), ServiceError> {
    let today = broker.clock.now().date_naive();
    let query = Query { project: None, application: None, from: today, through: today, by: vec![Dimension::Site] };
    let mut rows = broker.sustainability.carbon(&query).await?.rows;
    rows.sort_by_key(|row| std::cmp::Reverse(row.figures.footprint.facility));
    broker.metrics.set_carbon(rows.iter().map(site).collect());
    Ok(())
}

fn site(row: &Row) -> SiteCarbon {
    let number = |of: Decimal| of.to_f64().unwrap_or_default();
    let footprint = &row.figures.footprint;
    // What isn't known is no zero.
    let all = [
        ("location", footprint.location, footprint.location_unknown < footprint.facility),
        ("market", footprint.market, footprint.market_unknown < footprint.facility),
        ("embodied", footprint.embodied, row.figures.embodied_unknown == 0),
    ];
    SiteCarbon {
        site: row.of.get(&Dimension::Site).cloned().unwrap_or_default(),
        kwh: number(footprint.facility.kwh()),
        grams: all
            .iter()
            .filter(|(.., known)| *known)
            .map(|(name, carbon, _)| (*name, number(carbon.grams())))
            .collect(),
        unknown: number(footprint.location_unknown.kwh()),
    }
}

/// Asks every feed of the settings, until the broker stops.
pub(super) async fn feeds(broker: Broker) {
    let all = broker.settings.sustainability.feeds.iter().map(|settings| feed(&broker, settings));
    futures_util::future::join_all(all).await;
}

async fn feed(broker: &Broker, settings: &FeedSettings) {
    let mut open: Option<(Feed, Format)> = None;
    while !broker.shutdown.is_cancelled() {
        tokio::select! {
            asked = ask(broker, settings, &mut open) => {
                if let Err(error) = asked {
                    tracing::warn!(feed = settings.name, %error, "carbon intensity can't be had now");
                }
            }
            () = broker.shutdown.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(settings.every.duration()) => {}
            () = broker.shutdown.cancelled() => {}
        }
    }
}

/// The secret is read anew where the source did not answer, for it may have changed.
async fn ask(broker: &Broker, settings: &FeedSettings, open: &mut Option<(Feed, Format)>) -> Result<(), Problem> {
    let (mut feed, format) = match open.take() {
        Some(open) => open,
        None => {
            let secret = match &settings.secret_file {
                Some(file) => Some(tokio::fs::read_to_string(file).await?.trim().to_owned()),
                None => None,
            };
            settings.feed(secret.as_deref()).map_err(ServiceError::from)?
        }
    };
    if let Some(text) = feed.fetch().await.map_err(ServiceError::from)? {
        let put = broker.sustainability.series_put(format, (&settings.name, None), text, false).await?;
        tracing::debug!(feed = settings.name, series = put.len(), "carbon intensity was taken");
    }
    *open = Some((feed, format));
    Ok(())
}

/// Why a source could not be asked.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("its secret can't be read: {0}")]
    Secret(#[from] std::io::Error),
    #[error(transparent)]
    Service(#[from] ServiceError),
}
