//! What partners promised and missed is claimed of them: breaches go from the
//! event log to the Federation Manager.

use super::following;
use crate::http::Broker;
use chrono::{DateTime, Utc};
use hansa_accounting::settle::Stretch;
use hansa_federation_manager::{FederationError, FederationManager, settlement::ClaimTerms};
use hansa_repository::breach::{Breach, MISSED};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long after nothing was left it is looked at again, unless the log grows before.
const ROUND: Duration = Duration::from_secs(30);

/// Until the broker stops. It begins with the first breach of the log each time:
/// what is claimed already stays as it is.
pub(super) async fn follow(broker: Broker) {
    let Some(manager) = broker.federation.clone() else { return };
    let state = Mutex::new(Open::default());
    following::follow(&broker, ROUND, "what partners missed can't be claimed now", || round(&broker, &manager, &state))
        .await;
}

/// How far the log was read, and what could not be claimed yet.
#[derive(Debug, Default)]
struct Open {
    read: i64,
    waiting: BTreeMap<i64, Breach>,
}

async fn round(broker: &Broker, manager: &FederationManager, state: &Mutex<Open>) -> Result<bool, FederationError> {
    let after = state.lock().unwrap_or_else(PoisonError::into_inner).read;
    let events = following::events(broker, MISSED, after).await?;
    let waiting = {
        let mut open = state.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &events {
            open.read = event.sequence;
            // One that a newer program has told is for that program to claim.
            if let Ok(Some(breach)) = Breach::read(event)
                && breach.partner.is_some()
            {
                open.waiting.insert(event.sequence, breach);
            }
        }
        open.waiting.clone()
    };
    for (sequence, breach) in waiting {
        if !claimed(manager, &breach).await? {
            continue;
        }
        state.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&sequence);
    }
    Ok(events.len() < following::EVENTS)
}

/// Whether there is nothing left to do about a breach.
async fn claimed(manager: &FederationManager, breach: &Breach) -> Result<bool, FederationError> {
    match manager.claim_raise(breach.machine, terms(breach)).await {
        Ok(_) => Ok(true),
        // The partner hasn't confirmed the end of the order yet.
        Err(FederationError::Invalid { field, .. }) if field == "until" => Ok(false),
        Err(error @ (FederationError::Invalid { .. } | FederationError::NotFound(_))) => {
            tracing::info!(machine = %breach.machine, %error, "what was missed is not claimed");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

fn terms(breach: &Breach) -> ClaimTerms {
    let missed = &breach.missed;
    let seconds =
        |from: DateTime<Utc>, until: DateTime<Utc>| u64::try_from((until - from).num_seconds()).unwrap_or_default();
    let excluded: u64 = breach.excluded.iter().map(|one| seconds(one.from, one.until)).sum();
    ClaimTerms {
        metric: missed.metric,
        target: missed.target,
        window: missed.window,
        percentile: missed.percentile,
        from: missed.from,
        until: missed.until,
        observed_seconds: seconds(missed.from, missed.until).saturating_sub(excluded),
        measured: missed.measured,
        down: breach
            .outages
            .iter()
            .map(|outage| Stretch { from: outage.from, until: outage.until.unwrap_or(missed.until) })
            .collect(),
    }
}
