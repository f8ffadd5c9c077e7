//! What every handler can reach.

use super::defence::Defence;
use crate::{config::Settings, metrics::Metrics, notifier::Notifier, portal::offers::OfferShelf};
use hansa_accounting::service::Accounting;
use hansa_assurance::service::Assurance;
use hansa_federation_manager::FederationManager;
use hansa_iam::{Credentials, Iam, MachineTokens, WorkloadTokens, dev::DevProvider};
use hansa_pim::Pim;
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
    catalogue::CatalogueService,
};
use hansa_service_orchestrator::ServiceOrchestrator;
use hansa_sustainability::service::Sustainability;
use hansa_wdm::Wdm;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;

/// A broker's parts, as wired together in [`crate::wiring`].
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    /// The settings in force.
    pub settings: Arc<Settings>,
    /// Time.
    pub clock: SharedClock,
    /// Identifiers.
    pub ids: SharedIds,
    /// Events, operations, idempotency keys.
    pub database: Database,
    /// Providers, sites, offers.
    pub catalogue: CatalogueService,
    /// Credentials of infrastructure.
    pub credentials: Credentials,
    /// What workloads show when they look up their peers.
    pub workload_tokens: WorkloadTokens,
    /// What agents of machines show.
    pub machine_tokens: MachineTokens,
    /// Local nodes.
    pub pim: Pim,
    /// Workloads, for counting them.
    pub wdm: Wdm,
    /// Applications.
    pub orchestrator: ServiceOrchestrator,
    /// What was used, and what it costs.
    pub accounting: Accounting,
    /// What was drawn and emitted.
    pub sustainability: Sustainability,
    /// What was promised of rented machines, and how it is kept.
    pub assurance: Assurance,
    /// Carries notifications away.
    pub notifier: Notifier,
    /// Partners. None: this broker federates with nobody.
    pub federation: Option<FederationManager>,
    /// Who acts, and what they may do.
    pub iam: Iam,
    /// The development login, with `--dev-login` alone.
    pub dev_login: Option<DevProvider>,
    /// Limits on callers.
    pub defence: Arc<Defence>,
    /// Offers in columns, for the portal's lists.
    pub offers: OfferShelf,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether workers are at work.
    pub workers: WorkerHealth,
    /// Ends streams when the broker stops.
    pub shutdown: CancellationToken,
}

/// Whether the workers are at work.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkerHealth(Arc<AtomicBool>);

impl WorkerHealth {
    /// They have begun, or ended.
    pub(crate) fn set(&self, at_work: bool) {
        self.0.store(at_work, Ordering::Relaxed);
    }

    /// Whether they are at work.
    pub(crate) fn at_work(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
