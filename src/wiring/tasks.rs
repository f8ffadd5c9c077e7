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
    tidying: JoinHandle<()>,
    /// In the order in which they are waited for, each by what it does.
    others: Vec<(&'static str, JoinHandle<()>)>,
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
        let others = vec![
            ("following owners' changes", tokio::spawn(super::owner::follow(broker.clone()))),
            ("looking at the systems", tokio::spawn(super::systems::follow(broker.clone()))),
            ("metering", tokio::spawn(super::accounting::follow(broker.clone()))),
            ("looking at budgets", tokio::spawn(super::accounting::attend(broker.clone()))),
            ("counting energy", tokio::spawn(super::sustainability::follow(broker.clone()))),
            ("measuring what is used", tokio::spawn(super::measuring::follow(broker.clone()))),
            ("reading this machine's meter", tokio::spawn(super::meter::follow(broker.clone()))),
            ("asking for carbon intensity", tokio::spawn(super::sustainability::feeds(broker.clone()))),
            ("holding promises against the log", tokio::spawn(super::assurance::follow(broker.clone()))),
            ("finding faults", tokio::spawn(super::assurance::faults(broker.clone()))),
            ("asking alert rules", tokio::spawn(super::alerting::follow(broker.clone()))),
            ("telling who wants to know", tokio::spawn(super::notification::follow(broker.clone()))),
            ("claiming of partners", tokio::spawn(super::claims::follow(broker.clone()))),
            ("booking statements", tokio::spawn(super::books::follow(broker.clone()))),
            ("reconciling", tokio::spawn(work(broker.clone()))),
            ("the work with partners", tokio::spawn(federate(broker.clone()))),
            ("sealing the audit trail", tokio::spawn(seal(broker.clone()))),
        ];
        Self { tidying: tokio::spawn(tidy(broker.clone())), others }
    }

    /// Waits for the rounds under way.
    pub(super) async fn stop(self) {
        self.tidying.abort();
        for (what, task) in self.others {
            if let Err(error) = task.await {
                tracing::error!(%error, "{what} ended early");
            }
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
