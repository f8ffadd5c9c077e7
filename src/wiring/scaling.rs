//! What scaling is told: quotas by security, PromQL by assurance.

use crate::config::{PrometheusSettings, Settings};
use async_trait::async_trait;
use hansa_assurance::{Access, Prometheus, PrometheusError, Secret};
use hansa_iam::Iam;
use hansa_ontology::{
    ProjectId,
    quota::{Quota, QuotaHolder},
};
use hansa_service_orchestrator::{Metrics, Quotas, ScalingOptions};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why scaling can't be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScalingFault {
    /// A file that the settings name.
    #[error("{field} names {}, which can't be read: {source}", path.display())]
    File { field: &'static str, path: PathBuf, source: io::Error },
    /// The Prometheus.
    #[error("scaling.prometheus: {0}")]
    Prometheus(#[from] PrometheusError),
}

/// How applications are scaled, by these settings.
///
/// # Errors
/// When a file can't be read, or the Prometheus' address is none.
pub(super) fn options(settings: &Settings, iam: &Iam) -> Result<ScalingOptions, ScalingFault> {
    let prometheus = prometheus(&settings.scaling.prometheus)?;
    Ok(ScalingOptions {
        interval: settings.scaling.interval.duration(),
        metrics: Metrics::new(prometheus),
        quotas: Arc::new(OfSecurity(iam.clone())),
    })
}

fn prometheus(settings: &PrometheusSettings) -> Result<Option<Prometheus>, ScalingFault> {
    let Some(url) = &settings.url else { return Ok(None) };
    let read = |field, path: &Path| {
        std::fs::read_to_string(path).map_err(|source| ScalingFault::File { field, path: path.to_owned(), source })
    };
    let access = match &settings.token_file {
        Some(path) => Access::Bearer(Secret::new(read("scaling.prometheus.token_file", path)?.trim())),
        None => Access::Open,
    };
    let trust = settings.authorities.as_deref().map(|path| read("scaling.prometheus.authorities", path)).transpose()?;
    let options = hansa_assurance::Settings { trust, ..hansa_assurance::Settings::new(url.clone(), access) };
    Ok(Some(Prometheus::new(options)?))
}

#[derive(Debug)]
struct OfSecurity(Iam);

#[async_trait]
impl Quotas for OfSecurity {
    async fn of(&self, project: &ProjectId) -> Result<Vec<(QuotaHolder, Quota)>, String> {
        if *project == ProjectId::orders() {
            return Ok(Vec::new());
        }
        self.0.quotas_of(project).await.map_err(|error| error.to_string())
    }
}
