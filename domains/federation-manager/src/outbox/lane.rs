//! The workers of one queue: they take items that are due, a round each, as
//! many at one time as the partner's limit and its breaker allow.

use super::{Item, Permit, SALES, queue_of};
use crate::{FederationError, FederationManager, contracts, orders, settlement};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::{RepositoryError, work};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long a worker holds an item. A round ends well before.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// After this time a round is given up, and tried again.
const ROUND: Duration = Duration::from_secs(60);
/// How often the queue is looked at for work that another process put there.
const POLL: Duration = Duration::from_millis(500);
/// How long it is waited after a signal for more of them.
const SETTLE: Duration = Duration::from_millis(20);
/// The longest wait after failures in a row.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// When an item wants another round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Never, unless something asks for it.
    Never,
    /// After this time.
    After(TimeDelta),
    /// At this time.
    At(DateTime<Utc>),
}

/// One queue and who works on it.
#[derive(Clone)]
struct Lane {
    manager: FederationManager,
    /// None: the queue of sales.
    partner: Option<String>,
    queue: String,
    owner: String,
}

/// Works on a partner's queue, or on that of sales, until it is told to end,
/// then lets the rounds under way come to their end.
pub(super) async fn run(
    manager: FederationManager,
    partner: Option<String>,
    slots: usize,
    shutdown: CancellationToken,
) {
    let queue = partner.as_deref().map_or_else(|| SALES.to_owned(), queue_of);
    let owner = manager.options().worker.clone();
    let lane = Lane { manager, partner, queue, owner };
    lane.take_back().await;
    lane.greet().await;
    let all = Arc::new(Semaphore::new(slots));
    let mut signal = lane.manager.database().work_signal();
    while !shutdown.is_cancelled() {
        signal.mark_unchanged();
        let wanted = match lane.permit() {
            Permit::All => 1,
            // Whoever has every slot is alone.
            Permit::One => slots,
            Permit::Nothing { until } => {
                let pause = (until - lane.manager.now()).to_std().unwrap_or_default().min(LONGEST_BACKOFF);
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = tokio::time::sleep(pause.max(Duration::from_millis(5))) => continue,
                }
            }
        };
        let Ok(slot) = Arc::clone(&all).acquire_many_owned(u32::try_from(wanted).unwrap_or(1)).await else {
            break;
        };
        let claimed = lane.claim().await;
        if let Ok(Some(claim)) = claimed {
            let lane = lane.clone();
            tokio::spawn(async move {
                lane.work_off(claim).await;
                drop(slot);
            });
            continue;
        }
        drop(slot);
        let pause = match claimed {
            Err(error) => {
                tracing::warn!(%error, queue = lane.queue, "the queue can't be read; trying again");
                POLL
            }
            Ok(_) => lane.pause().await,
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            // Most of what is signalled is for other queues: several make one look.
            _ = signal.changed() => tokio::time::sleep(SETTLE.min(pause)).await,
            () = tokio::time::sleep(pause) => {}
        }
    }
    if tokio::time::timeout(ROUND, all.acquire_many(u32::try_from(slots).unwrap_or(1))).await.is_err() {
        tracing::warn!(queue = lane.queue, "a round is still under way; its lease will end by itself");
    }
}

impl Lane {
    fn permit(&self) -> Permit {
        self.partner.as_deref().map_or(Permit::All, |partner| self.manager.breaker_permit(partner))
    }

    /// Takes back what this process held before it died.
    async fn take_back(&self) {
        let (queue, owner) = (self.queue.clone(), self.owner.clone());
        let taken = self
            .manager
            .database()
            .write(move |connection| work::take_back(connection, &queue, &owner).map_err(FederationError::from))
            .await;
        if let Err(error) = taken {
            tracing::warn!(%error, queue = self.queue, "what was held before the start comes back when its leases end");
        }
    }

    /// Asks for a look at how the partner sees our orders.
    async fn greet(&self) {
        let Some(partner) = self.partner.clone() else { return };
        let now = self.manager.now();
        let enqueued = self
            .manager
            .database()
            .write(move |connection| super::enqueue(connection, &partner, &Item::Partner, now))
            .await;
        if let Err(error) = enqueued {
            tracing::warn!(%error, queue = self.queue, "the look at the partner's view of our orders comes later");
        }
    }

    async fn claim(&self) -> Result<Option<work::Claim>, RepositoryError> {
        let now = self.manager.now();
        let queue = self.queue.clone();
        // Looking needs no write lock; taking does.
        let due = self.manager.database().read(move |connection| work::next_due(connection, &queue)).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(None);
        }
        let (queue, owner) = (self.queue.clone(), self.owner.clone());
        self.manager
            .database()
            .write_relaxed(move |connection| work::claim(connection, &queue, &owner, now, LEASE))
            .await
    }

    /// How long nothing is due.
    async fn pause(&self) -> Duration {
        let now = self.manager.now();
        let queue = self.queue.clone();
        let due = self.manager.database().read(move |connection| work::next_due(connection, &queue)).await;
        match due {
            Ok(Some(due)) => (due - now).to_std().unwrap_or_default().clamp(Duration::from_millis(5), POLL),
            _ => POLL,
        }
    }

    async fn work_off(&self, claim: work::Claim) {
        let span = tracing::info_span!("federation", queue = %claim.queue, item = %claim.key);
        let round = self.round(&claim.key).instrument(span);
        let result = match tokio::time::timeout(ROUND, round).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the round took longer than {} s", ROUND.as_secs())),
        };
        let now = self.manager.now();
        let (queue, key) = (claim.queue.clone(), claim.key.clone());
        let written = self
            .manager
            .database()
            .write_relaxed(move |connection| match result {
                Ok(Next::Never) => work::finish(connection, &claim, None),
                Ok(Next::After(pause)) => work::finish(connection, &claim, Some(now + pause)),
                Ok(Next::At(due)) => work::finish(connection, &claim, Some(due)),
                Err(error) => {
                    let pause = backoff(claim.attempts, &claim.key);
                    tracing::info!(queue = %claim.queue, item = %claim.key, %error, attempts = claim.attempts + 1, "a round failed; trying again");
                    work::fail(connection, &claim, now + pause, &error)
                }
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%queue, item = %key, %error, "the end of a round can't be written; its lease will end by itself");
        }
    }

    async fn round(&self, key: &str) -> Result<Next, FederationError> {
        let manager = &self.manager;
        let Some(item) = Item::parse(key) else {
            return Ok(Next::Never);
        };
        match (item, self.partner.as_deref()) {
            (Item::Sale(partner, id), None) => orders::sale_work(manager, &partner, &id).await,
            (Item::Purchase(id), Some(_)) => orders::purchase_work(manager, &id).await,
            (Item::Negotiation(id), Some(_)) => contracts::negotiation_work(manager, &id).await,
            (Item::Usage(id), Some(_)) => orders::usage_work(manager, &id).await,
            (Item::Claim(id), Some(partner)) => settlement::claim_work(manager, partner, &id).await,
            (Item::Statement(id), Some(partner)) => settlement::statement_work(manager, partner, &id).await,
            (Item::Partner, Some(partner)) => orders::reconcile_work(manager, partner).await,
            _ => Ok(Next::Never),
        }
    }
}

/// 0.25, 0.5, 1 … 30 s, and up to a quarter more by the key and the attempt, so
/// that many that fail together don't come back together.
fn backoff(attempts: u32, key: &str) -> Duration {
    let base = Duration::from_millis(250).saturating_mul(1 << attempts.min(10)).min(LONGEST_BACKOFF);
    let seed = key.bytes().fold(attempts, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    base + base.saturating_mul(seed % 256) / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_a_bound() {
        assert!(backoff(0, "a") >= Duration::from_millis(250));
        assert!(backoff(4, "a") > backoff(2, "a"));
        assert!(backoff(u32::MAX, "a") <= LONGEST_BACKOFF + LONGEST_BACKOFF / 4);
    }
}
