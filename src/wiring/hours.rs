//! What hours to come will be like: the orchestrators ask, sustainability answers.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_mco::{ComingBySite, Grids, planner::Coming};
use hansa_service_orchestrator::{Hours, JobAdvice, JobAsk, JobStart};
use hansa_sustainability::{
    service::{ComingIntensity, JobQuery, Sustainability},
    shift::Start,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Which hours are good ones for jobs that may wait, by the series that are stated.
#[derive(Debug)]
pub(super) struct StatedHours(pub(super) Sustainability);

#[async_trait]
impl Hours for StatedHours {
    fn version(&self) -> u64 {
        self.0.series_version()
    }

    async fn best(&self, ask: JobAsk) -> Result<JobAdvice, String> {
        let (currency, ready) = (ask.currency, ask.ready);
        let query = JobQuery {
            home: ask.home,
            elsewhere: ask.elsewhere,
            ready,
            latest: ask.latest,
            seconds: ask.seconds,
            cpu_milli: ask.cpu_milli,
            memory_mib: ask.memory_mib,
            minimise: ask.minimise,
            currency,
        };
        let found = self.0.job_begin(query).await.map_err(|error| error.to_string())?;
        Ok(JobAdvice {
            at_once: start(found.begin.at_once, ready),
            chosen: start(found.begin.chosen, ready),
            known: found.begin.known,
            sources: found.sources,
            currency,
        })
    }
}

/// What was found is in whole seconds, and no begin is before the job may.
fn start(of: Start, ready: DateTime<Utc>) -> JobStart {
    JobStart {
        site: of.site,
        begin: DateTime::<Utc>::from_timestamp(of.begin, 0).unwrap_or_default().max(ready),
        intensity: of.intensity.map(|intensity| intensity.grams()),
        micrograms: of.carbon.and_then(|carbon| i64::try_from(carbon.get()).ok()),
        micros: of.price,
    }
}

/// How many hours a plan looks ahead.
const AHEAD: u32 = 24;
/// How long what is expected holds where no series changed.
const HOLDS: Duration = Duration::from_secs(600);

/// What grids will emit, by the series that are stated.
#[derive(Debug)]
pub(super) struct StatedGrids {
    sustainability: Sustainability,
    known: Mutex<Known>,
}

/// What was found last, when, and by which series.
#[derive(Debug, Default)]
struct Known {
    coming: Arc<ComingBySite>,
    at: Option<(Instant, u64)>,
}

impl StatedGrids {
    pub(super) fn new(sustainability: Sustainability) -> Self {
        Self { sustainability, known: Mutex::default() }
    }
}

#[async_trait]
impl Grids for StatedGrids {
    async fn coming(&self) -> Arc<ComingBySite> {
        let mut known = self.known.lock().await;
        let version = self.sustainability.series_version();
        if known.at.is_some_and(|(at, of)| of == version && at.elapsed() < HOLDS) {
            return Arc::clone(&known.coming);
        }
        match self.sustainability.coming(AHEAD).await {
            Ok(found) => {
                let found: ComingBySite = found.into_iter().map(|(site, one)| (site, coming(&one))).collect();
                if found != *known.coming {
                    known.coming = Arc::new(found);
                }
            }
            Err(error) => tracing::warn!(%error, "what grids will emit can't be had now; plans go by what was known"),
        }
        known.at = Some((Instant::now(), version));
        Arc::clone(&known.coming)
    }
}

fn coming(of: &ComingIntensity) -> Coming {
    let sources: Vec<&str> = of.sources.iter().map(String::as_str).collect();
    let source = format!("the mean of the coming {AHEAD} hours, {}", sources.join(" and "));
    Coming { intensity: of.intensity.grams(), source }
}
