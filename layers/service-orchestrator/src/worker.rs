//! The workers: take applications from the queue that are due, a round each.

use crate::{
    error::OrchestratorError,
    performance::PERFORMANCE_QUEUE,
    reconcile::Next,
    scaling::SCALING_QUEUE,
    service::{QUEUE, ServiceOrchestrator},
    store,
};
use chrono::TimeDelta;
use hansa_ontology::ApplicationId;
use hansa_repository::{RepositoryError, work};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long a worker holds an application. A round ends well before.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// After this time a round is given up, and tried again.
const ROUND: Duration = Duration::from_secs(45);
/// How often the queue is looked at for work that another process put there.
const POLL: Duration = Duration::from_millis(500);
/// The longest wait after failures in a row.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Who works, and how many rounds at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOptions {
    /// Names this broker process among those that share the database. A
    /// process that starts again under the same name takes back at once what
    /// it held when it died; no two processes may have one name at one time.
    pub owner: String,
    /// Rounds at one time.
    pub concurrency: usize,
}

/// Works until it is told to end, then lets the rounds under way come to their end.
///
/// # Errors
/// When the database can't be used at the start.
pub async fn run_workers(
    orchestrator: ServiceOrchestrator,
    options: WorkerOptions,
    shutdown: CancellationToken,
) -> Result<(), OrchestratorError> {
    take_up(&orchestrator, &options.owner).await?;
    let line = |line| run_line(line, &orchestrator, &options, &shutdown);
    tokio::join!(line(Line::Reconcile), line(Line::Scale), line(Line::Measure));
    Ok(())
}

/// What is done with an application when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// What is wanted is brought about.
    Reconcile,
    /// Policies say how many are wanted.
    Scale,
    /// Service levels are measured.
    Measure,
}

impl Line {
    const ALL: [Self; 3] = [Self::Reconcile, Self::Scale, Self::Measure];

    const fn queue(self) -> &'static str {
        match self {
            Self::Reconcile => QUEUE,
            Self::Scale => SCALING_QUEUE,
            Self::Measure => PERFORMANCE_QUEUE,
        }
    }

    async fn round(self, orchestrator: &ServiceOrchestrator, id: ApplicationId) -> Result<Next, OrchestratorError> {
        match self {
            Self::Reconcile => orchestrator.reconcile(id).await,
            Self::Scale => orchestrator.scaling_round(id).await,
            Self::Measure => orchestrator.performance_round(id).await,
        }
    }
}

async fn run_line(
    line: Line,
    orchestrator: &ServiceOrchestrator,
    options: &WorkerOptions,
    shutdown: &CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(options.concurrency.max(1)));
    let mut signal = orchestrator.database.work_signal();
    while !shutdown.is_cancelled() {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            break;
        };
        signal.mark_unchanged();
        match claim(line, orchestrator, &options.owner).await {
            Ok(Some(claim)) => {
                let orchestrator = orchestrator.clone();
                tokio::spawn(async move {
                    work_off(line, &orchestrator, claim).await;
                    drop(slot);
                });
            }
            Ok(None) => {
                drop(slot);
                let pause = pause(line, orchestrator).await;
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    _ = signal.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Err(error) => {
                drop(slot);
                tracing::warn!(%error, "the work queue can't be read; trying again");
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }
    let all = u32::try_from(options.concurrency.max(1)).unwrap_or(u32::MAX);
    if tokio::time::timeout(ROUND, slots.acquire_many(all)).await.is_err() {
        tracing::warn!("a round is still under way; its lease will end by itself");
    }
}

/// Takes back what this process held before it died, and sees to it that every
/// living application is in the queue.
async fn take_up(orchestrator: &ServiceOrchestrator, owner: &str) -> Result<(), OrchestratorError> {
    let (owner, now) = (owner.to_owned(), orchestrator.clock.now());
    orchestrator
        .database
        .write(move |connection| {
            let unfinished = store::unfinished(connection)?;
            for queue in Line::ALL.map(Line::queue) {
                work::take_back(connection, queue, &owner)?;
                for id in &unfinished {
                    work::enqueue(connection, queue, &id.to_string(), now)?;
                }
            }
            Ok(())
        })
        .await
}

async fn claim(
    line: Line,
    orchestrator: &ServiceOrchestrator,
    owner: &str,
) -> Result<Option<work::Claim>, RepositoryError> {
    let now = orchestrator.clock.now();
    // Looking needs no write lock; taking does.
    let queue = line.queue();
    let due = orchestrator.database.read(move |connection| work::next_due(connection, queue)).await?;
    if due.is_none_or(|due| due > now) {
        return Ok(None);
    }
    let owner = owner.to_owned();
    // A claim that a failure of power undoes is a claim that nobody holds.
    orchestrator.database.write_relaxed(move |connection| work::claim(connection, queue, &owner, now, LEASE)).await
}

/// How long nothing is due.
async fn pause(line: Line, orchestrator: &ServiceOrchestrator) -> Duration {
    let now = orchestrator.clock.now();
    let due = orchestrator.database.read(move |connection| work::next_due(connection, line.queue())).await;
    match due {
        Ok(Some(due)) => (due - now).to_std().unwrap_or_default().clamp(Duration::from_millis(5), POLL),
        _ => POLL,
    }
}

async fn work_off(line: Line, orchestrator: &ServiceOrchestrator, claim: work::Claim) {
    let round = async {
        match claim.key.parse::<ApplicationId>() {
            Ok(id) => line.round(orchestrator, id).await,
            Err(_) => Ok(Next::Never),
        }
    }
    .instrument(tracing::info_span!("round", queue = line.queue(), application = %claim.key));
    let result = match tokio::time::timeout(ROUND, round).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the round took longer than {} s", ROUND.as_secs())),
    };
    let now = orchestrator.clock.now();
    let key = claim.key.clone();
    let written = orchestrator
        .database
        .write_relaxed(move |connection| match result {
            Ok(Next::Never) => work::finish(connection, &claim, None),
            Ok(Next::After(pause)) => work::finish(connection, &claim, Some(now + pause)),
            Err(error) => {
                let pause = backoff(claim.attempts, &claim.key);
                tracing::warn!(application = %claim.key, %error, attempts = claim.attempts + 1, "a round failed; trying again");
                work::fail(connection, &claim, now + pause, &error)
            }
        })
        .await;
    if let Err(error) = written {
        tracing::warn!(application = %key, %error, "the end of a round can't be written; its lease will end by itself");
    }
}

/// 0.25, 0.5, 1 … 30 s, and up to a quarter more by the key, so that many that
/// fail together don't come back together.
fn backoff(attempts: u32, key: &str) -> Duration {
    let base = Duration::from_millis(250).saturating_mul(1 << attempts.min(10)).min(LONGEST_BACKOFF);
    let spread = key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 256;
    base + base.saturating_mul(spread) / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_a_bound() {
        assert!(backoff(0, "a") >= Duration::from_millis(250));
        assert!(backoff(3, "a") > backoff(2, "a"));
        assert!(backoff(u32::MAX, "a") <= LONGEST_BACKOFF + LONGEST_BACKOFF / 4);
    }
}
