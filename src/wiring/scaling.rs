//! What scaling is told: quotas by security, budgets by accounting, PromQL by assurance.

use crate::config::{PrometheusSettings, Settings};
use async_trait::async_trait;
use hansa_accounting::service::Accounting;
use hansa_assurance::{Access, Prometheus, PrometheusError, Secret};
use hansa_iam::Iam;
use hansa_ontology::{
    ApplicationId, ProjectId,
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
pub(super) fn options(settings: &Settings, iam: &Iam, accounting: &Accounting) -> Result<ScalingOptions, ScalingFault> {
    let prometheus = prometheus(&settings.scaling.prometheus)?;
    Ok(ScalingOptions {
        interval: settings.scaling.interval.duration(),
        metrics: Metrics::new(prometheus),
        quotas: Arc::new(Limits { iam: iam.clone(), accounting: accounting.clone() }),
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
struct Limits {
    iam: Iam,
    accounting: Accounting,
}

#[async_trait]
impl Quotas for Limits {
    async fn of(&self, project: &ProjectId, application: ApplicationId) -> Result<Vec<(QuotaHolder, Quota)>, String> {
        if *project == ProjectId::orders() {
            return Ok(Vec::new());
        }
        let exhausted = self.accounting.budget_exhausted(project, Some(application)).await;
        if let Some(budget) = exhausted.map_err(|error| error.to_string())? {
            return Err(budget.exhausted());
        }
        self.iam.quotas_of(project).await.map_err(|error| error.to_string())
    }
}
