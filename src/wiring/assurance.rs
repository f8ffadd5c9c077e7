//! Promises of rented machines are held against the log.

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
