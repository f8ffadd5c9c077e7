//! Statements that both brokers have signed go into the books.

use super::following;
use crate::http::Broker;
use hansa_federation_manager::{FederationError, FederationManager};
use hansa_ontology::ProviderId;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// How long after nothing was left it is looked at again, unless the log grows before.
const ROUND: Duration = Duration::from_secs(30);
/// The kind of the event that tells of a statement that both have signed.
const AGREED: &str = "settlement.agreed";

/// Why statements can't be booked now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Federation(#[from] FederationError),
    #[error(transparent)]
    Accounting(#[from] hansa_accounting::service::ServiceError),
}

/// Until the broker stops. It begins with the first statement each time: what is
/// booked already stays as it is.
pub(super) async fn follow(broker: Broker) {
    let Some(manager) = broker.federation.clone() else { return };
    let read = AtomicI64::new(0);
    following::follow(&broker, ROUND, "statements can't be booked now", || round(&broker, &manager, &read)).await;
}

async fn round(broker: &Broker, manager: &FederationManager, read: &AtomicI64) -> Result<bool, Failure> {
    let events =
        following::events(broker, AGREED, read.load(Ordering::Relaxed)).await.map_err(FederationError::from)?;
    for event in &events {
        let id = event.subject.strip_prefix("settlement/").unwrap_or_default();
        if let Some(statement) = manager.settlement_show(id).await?.statement()
            && let Ok(own) = ProviderId::new(manager.did().as_str())
        {
            broker.accounting.statement_book(statement, own).await?;
        }
        read.store(event.sequence, Ordering::Relaxed);
    }
    Ok(events.len() < following::EVENTS)
}
