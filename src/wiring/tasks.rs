//! What a broker does by itself: reconciling, and tidying up.

use crate::http::Broker;
use hansa_repository::{RepositoryError, idempotency};
use hansa_service_orchestrator::{WorkerOptions, run_workers};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often old idempotency keys are thrown away.
const TIDY: Duration = Duration::from_secs(600);
/// How long a broken worker pool rests before it begins again.
const REST: Duration = Duration::from_secs(2);

/// The tasks of a running broker.
pub(super) struct Tasks {
    workers: JoinHandle<()>,
    federation: JoinHandle<()>,
    tidying: JoinHandle<()>,
    sealing: JoinHandle<()>,
    owner: JoinHandle<()>,
    systems: JoinHandle<()>,
    accounting: JoinHandle<()>,
}

impl Tasks {
    /// Removes what an earlier process left over, then begins to work.
    pub(super) async fn start(broker: &Broker) -> Self {
        match broker.wdm.sweep().await {
            Ok(removed) => {
                removed.iter().for_each(|id| tracing::warn!(workload = %id, "removed a workload that nobody knows"))
            }
            Err(error) => tracing::warn!(%error, "the nodes' directories can't be swept now"),
        }
        if let Err(error) = broker.pim.directory_sweep().await {
            tracing::warn!(%error, "the machines' directories can't be swept now");
        }
        Self {
            workers: tokio::spawn(work(broker.clone())),
            federation: tokio::spawn(federate(broker.clone())),
            tidying: tokio::spawn(tidy(broker.clone())),
            sealing: tokio::spawn(seal(broker.clone())),
            owner: tokio::spawn(super::owner::follow(broker.clone())),
            systems: tokio::spawn(super::systems::follow(broker.clone())),
            accounting: tokio::spawn(super::accounting::follow(broker.clone())),
        }
    }

    /// Waits for the rounds under way.
    pub(super) async fn stop(self) {
        self.tidying.abort();
        if let Err(error) = self.owner.await {
            tracing::error!(%error, "what follows from owners' changes ended early");
        }
        if let Err(error) = self.systems.await {
            tracing::error!(%error, "looking at the systems ended early");
        }
        if let Err(error) = self.accounting.await {
            tracing::error!(%error, "metering ended early");
        }
        if let Err(error) = self.workers.await {
            tracing::error!(%error, "the workers ended early");
        }
        if let Err(error) = self.federation.await {
            tracing::error!(%error, "the work with partners ended early");
        }
        if let Err(error) = self.sealing.await {
            tracing::error!(%error, "the sealer of the audit trail ended early");
        }
    }
}

async fn work(broker: Broker) {
    let options = WorkerOptions { owner: owner(&broker), concurrency: broker.settings.workers.into() };
    while !broker.shutdown.is_cancelled() {
        broker.workers.set(true);
        let ended = run_workers(broker.orchestrator.clone(), options.clone(), broker.shutdown.clone()).await;
        broker.workers.set(false);
        if let Err(error) = ended {
            tracing::error!(%error, "the workers can't work; they begin again in a moment");
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                () = broker.shutdown.cancelled() => {}
            }
        }
    }
}

/// Pulling from partners, publishing, sending: for as long as the broker runs.
async fn federate(broker: Broker) {
    let Some(manager) = &broker.federation else { return };
    while !broker.shutdown.is_cancelled() {
        if let Err(error) = manager.run(broker.shutdown.clone()).await {
            tracing::error!(%error, "the work with partners can't go on; it begins again in a moment");
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                () = broker.shutdown.cancelled() => {}
            }
        }
    }
}

/// This broker's name among those that share the database: its machine and its
/// data directory, which only one process uses at a time.
fn owner(broker: &Broker) -> String {
    let system = nix::sys::utsname::uname();
    let machine = system.as_ref().map_or_else(|_| "localhost".into(), |names| names.nodename().to_string_lossy());
    format!("{machine}:{}", broker.settings.data_dir.display())
}

/// Gives decisions and events their place in the audit trail.
async fn seal(broker: Broker) {
    broker.iam.trail().run(broker.shutdown.clone()).await;
}

async fn tidy(broker: Broker) {
    loop {
        broker.defence.tidy();
        let now = broker.clock.now();
        let expired: Result<usize, RepositoryError> =
            broker.database.write(move |connection| idempotency::expire(connection, now)).await;
        if let Err(error) = expired {
            tracing::debug!(%error, "old idempotency keys stay a little longer");
        }
        tokio::time::sleep(TIDY).await;
    }
}
