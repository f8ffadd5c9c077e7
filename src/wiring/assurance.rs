//! Promises of rented machines are held against the log, and what it tells that is wrong becomes faults.

use super::following;
use crate::http::Broker;
use std::time::Duration;

/// How long after nothing was left it is looked at again, unless the log grows
/// before: a window may be over.
const ROUND: Duration = Duration::from_secs(10);

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let step = || async { broker.assurance.follow().await.map(|done| done.is_idle()) };
    following::follow(&broker, ROUND, "promises can't be held against the log now", step).await;
}

/// Faults follow from the log, until the broker stops.
pub(super) async fn faults(broker: Broker) {
    let step = || broker.assurance.fault_follow();
    following::follow(&broker, ROUND, "faults can't be found in the log now", step).await;
}
