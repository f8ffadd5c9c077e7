//! Accounting, and that it follows the log.

use crate::{config::Settings, http::Broker};
use hansa_accounting::service::{Accounting, Defaults};
use hansa_repository::{Database, ambient::SharedClock};
use std::{sync::Arc, time::Duration};

/// How long after nothing was left it is looked at again, unless the log grows before.
const ROUND: Duration = Duration::from_secs(30);
/// The least pause: what comes at once is taken at once.
const LEAST: Duration = Duration::from_millis(500);

/// In the broker's currency where a project has no account.
pub(super) fn service(settings: &Settings, database: &Database, clock: &SharedClock) -> Accounting {
    let defaults = Defaults { currency: settings.currency, ..Defaults::default() };
    Accounting::new(database.clone(), Arc::clone(clock), defaults)
}

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let mut signal = broker.database.event_signal();
    while !broker.shutdown.is_cancelled() {
        signal.mark_unchanged();
        let pause = match broker.accounting.follow().await {
            Ok(done) if !done.is_idle() => Duration::ZERO,
            Ok(_) => ROUND,
            Err(error) => {
                tracing::warn!(%error, "what was used can't be metered now; nothing of it is lost");
                ROUND
            }
        };
        if pause.is_zero() {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = signal.changed() => tokio::time::sleep(LEAST).await,
            () = broker.shutdown.cancelled() => {}
        }
    }
}
