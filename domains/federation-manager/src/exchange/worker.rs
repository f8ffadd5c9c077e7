//! The exchange's own work: publishing, a round with each partner in its turn,
//! tidying up. One item of the work queue for each partner, taken with a lease,
//! oldest first, so each has its turn and none has two.

use crate::{FederationError, FederationManager, partners::PartnerState, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::{RepositoryError, work};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The queue of rounds; its keys are DIDs.
pub(crate) const PULL_QUEUE: &str = "federation-pull";
/// How often queue and catalogue are looked at for what other processes did.
const POLL: Duration = Duration::from_millis(500);
/// How often old tokens are forgotten.
const TIDY: Duration = Duration::from_secs(60);
/// How long a lease outlives the longest round.
const MARGIN: Duration = Duration::from_secs(30);
/// The longest pause after failures.
const LONGEST_BACKOFF: TimeDelta = TimeDelta::seconds(60);

/// The exchange's own work, until the token is cancelled.
pub(crate) async fn run(manager: FederationManager, shutdown: CancellationToken) -> Result<(), FederationError> {
    take_up(&manager).await?;
    let workers = (0..manager.options().pulls_at_a_time.max(1)).map(|_| rounds(&manager, &shutdown));
    tokio::join!(
        publishing(&manager, &shutdown),
        tidying(&manager, &shutdown),
        futures_util::future::join_all(workers)
    );
    Ok(())
}

/// Whatever was lost: each partner that isn't left gets its round.
async fn take_up(manager: &FederationManager) -> Result<(), FederationError> {
    let (now, owner) = (manager.now(), manager.options().worker.clone());
    manager
        .database()
        .write(move |connection| {
            work::take_back(connection, PULL_QUEUE, &owner)?;
            for partner in store::partners::list(connection)? {
                if partner.state != PartnerState::Terminated {
                    work::enqueue(connection, PULL_QUEUE, &partner.did, now)?;
                }
            }
            Ok(())
        })
        .await
}

async fn publishing(manager: &FederationManager, shutdown: &CancellationToken) {
    let mut events = manager.database().event_signal();
    while !shutdown.is_cancelled() {
        events.mark_unchanged();
        if let Err(error) = manager.publish().await {
            tracing::warn!(%error, "what has changed can't be published now; it is tried again");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL * 10) => {}
            // A moment, so that many changes become one batch.
            _ = events.changed() => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn tidying(manager: &FederationManager, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        let now = manager.now();
        let forgotten: Result<usize, RepositoryError> =
            manager.database().write_relaxed(move |connection| store::tokens::forget(connection, now)).await;
        if let Err(error) = forgotten {
            tracing::debug!(%error, "old tokens stay a little longer");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(TIDY) => {}
        }
    }
}

async fn rounds(manager: &FederationManager, shutdown: &CancellationToken) {
    let mut signal = manager.database().work_signal();
    while !shutdown.is_cancelled() {
        signal.mark_unchanged();
        match claim(manager).await {
            Ok(Some(claim)) => work_off(manager, claim).await,
            Ok(None) => pause(manager, &mut signal, shutdown).await,
            Err(error) => {
                tracing::warn!(%error, "the queue of rounds can't be read; trying again");
                pause(manager, &mut signal, shutdown).await;
            }
        }
    }
}

async fn pause(
    manager: &FederationManager,
    signal: &mut tokio::sync::watch::Receiver<u64>,
    shutdown: &CancellationToken,
) {
    let due = manager.database().read(|connection| work::next_due(connection, PULL_QUEUE)).await;
    let until = due.ok().flatten().and_then(|due| (due - manager.now()).to_std().ok());
    let pause = until.unwrap_or(POLL).clamp(Duration::from_millis(5), POLL);
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = signal.changed() => {}
        () = tokio::time::sleep(pause) => {}
    }
}

async fn claim(manager: &FederationManager) -> Result<Option<work::Claim>, RepositoryError> {
    let now = manager.now();
    // Looking needs no write lock; taking does.
    let due = manager.database().read(|connection| work::next_due(connection, PULL_QUEUE)).await?;
    if due.is_none_or(|due| due > now) {
        return Ok(None);
    }
    let owner = manager.options().worker.clone();
    let lease = TimeDelta::from_std(longest_round(manager) + MARGIN).unwrap_or(TimeDelta::minutes(5));
    manager.database().write_relaxed(move |connection| work::claim(connection, PULL_QUEUE, &owner, now, lease)).await
}

/// The budget ends a pull between two pages; a page is one call and its work.
fn longest_round(manager: &FederationManager) -> Duration {
    manager.options().pull_budget + manager.options().call_timeout * 4
}

async fn work_off(manager: &FederationManager, claim: work::Claim) {
    let round = tokio::time::timeout(longest_round(manager), manager.round(&claim.key)).await;
    let result = match round {
        Ok(Ok(next)) => Ok(next),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the round took too long".to_owned()),
    };
    let now = manager.now();
    let partner = claim.key.clone();
    let ended = manager
        .database()
        .write_relaxed(move |connection| match result {
            Ok(next) => work::finish(connection, &claim, next),
            Err(error) => {
                tracing::info!(partner = claim.key, %error, "a round with a partner failed; it is tried again");
                work::fail(connection, &claim, retry_at(claim.attempts, now), &error)
            }
        })
        .await;
    if let Err(error) = ended {
        tracing::debug!(partner, %error, "another worker has taken the round over");
    }
}

/// Ever longer pauses, up to a bound, and a little uneven.
fn retry_at(attempts: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let pause = (TimeDelta::seconds(1) * (1 << attempts.min(6))).min(LONGEST_BACKOFF);
    let uneven = i32::try_from(now.timestamp_subsec_micros() % 256).unwrap_or_default();
    now + pause + pause * uneven / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let pauses: Vec<TimeDelta> = (0..40).map(|attempts| retry_at(attempts, now) - now).collect();
        assert!(pauses.is_sorted());
        assert_eq!(pauses[0], TimeDelta::seconds(1));
        assert_eq!(pauses[39], LONGEST_BACKOFF);
    }
}
