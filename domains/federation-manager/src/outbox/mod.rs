//! What is to be sent to partners, until it is done. Each partner has a queue
//! of its own with its own workers and breaker, so a slow or dead partner
//! stalls nobody else; orders of partners here have one more. Within a queue
//! there is one item for each order and negotiation, so what belongs together
//! stays in order.

mod breaker;
mod call;
mod lane;

pub use breaker::{Breaker, Contact, Permit};
pub(crate) use call::{Outcome, body, query_escape};
pub(crate) use lane::Next;

use crate::{FederationError, FederationManager, orders::Purchase, store};
use chrono::{DateTime, Utc};
use hansa_repository::{Connection, RepositoryError, work};
use std::{collections::HashMap, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The queue of what partners have ordered here.
pub(crate) const SALES: &str = "federation-sales";

/// How often it is looked for partners that are new.
const LOOK: Duration = Duration::from_secs(1);

/// The queue of what is sent to one partner.
pub(crate) fn queue_of(partner: &str) -> String {
    format!("federation/{partner}")
}

/// What one item of a queue is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// An order that we give.
    Purchase(String),
    /// A negotiation, in either role.
    Negotiation(String),
    /// The usage that the partner tells of for an order.
    Usage(String),
    /// A claim that we raise.
    Claim(String),
    /// A statement of what we owe each other.
    Statement(String),
    /// The partner's view of all our orders; agreements whose end is to be told.
    Partner,
    /// A partner's order here: its DID and id.
    Sale(String, String),
}

impl Item {
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Purchase(id) => format!("purchase/{id}"),
            Self::Negotiation(id) => format!("negotiation/{id}"),
            Self::Usage(id) => format!("usage/{id}"),
            Self::Claim(id) => format!("claim/{id}"),
            Self::Statement(id) => format!("statement/{id}"),
            Self::Partner => "partner".to_owned(),
            Self::Sale(partner, id) => format!("sale/{id}/{partner}"),
        }
    }

    pub(crate) fn parse(key: &str) -> Option<Self> {
        if key == "partner" {
            return Some(Self::Partner);
        }
        let (kind, rest) = key.split_once('/')?;
        match kind {
            "purchase" => Some(Self::Purchase(rest.to_owned())),
            "negotiation" => Some(Self::Negotiation(rest.to_owned())),
            "usage" => Some(Self::Usage(rest.to_owned())),
            "claim" => Some(Self::Claim(rest.to_owned())),
            "statement" => Some(Self::Statement(rest.to_owned())),
            "sale" => rest.split_once('/').map(|(id, partner)| Self::Sale(partner.to_owned(), id.to_owned())),
            _ => None,
        }
    }
}

/// Asks for a look at an order that we give.
pub(crate) fn purchase_enqueue(
    connection: &mut Connection,
    purchase: &Purchase,
    due: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    enqueue(connection, &purchase.partner, &Item::Purchase(purchase.id.to_string()), due)
}

/// Asks for a look at something that is sent to a partner.
pub(crate) fn enqueue(
    connection: &mut Connection,
    partner: &str,
    item: &Item,
    due: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    work::enqueue(connection, &queue_of(partner), &item.key(), due)
}

/// Asks for a look at a partner's order here.
pub(crate) fn sale_enqueue(
    connection: &mut Connection,
    partner: &str,
    id: &str,
    due: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    work::enqueue(connection, SALES, &Item::Sale(partner.to_owned(), id.to_owned()).key(), due)
}

/// The outbox's own work, until the token is cancelled.
pub(crate) async fn run(manager: FederationManager, shutdown: CancellationToken) -> Result<(), FederationError> {
    let mut lanes: HashMap<String, JoinHandle<()>> = HashMap::new();
    let sales = manager.options().calls_per_partner.max(4);
    lanes.insert(SALES.to_owned(), tokio::spawn(lane::run(manager.clone(), None, sales, shutdown.clone())));
    let mut taken_up = false;
    while !shutdown.is_cancelled() {
        if !taken_up {
            taken_up = log_failure(take_up(&manager).await).is_some();
        }
        for partner in log_failure(partners(&manager).await).unwrap_or_default() {
            let slots = manager.options().calls_per_partner.max(1);
            lanes
                .entry(queue_of(&partner))
                .or_insert_with(|| tokio::spawn(lane::run(manager.clone(), Some(partner), slots, shutdown.clone())));
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    for (_, lane) in lanes {
        if let Err(error) = lane.await {
            tracing::warn!(%error, "a queue's worker ended badly");
        }
    }
    Ok(())
}

fn log_failure<T>(result: Result<T, FederationError>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!(%error, "the queues for partners can't be read; trying again")).ok()
}

/// Every partner, and whoever something is to be sent to.
async fn partners(manager: &FederationManager) -> Result<Vec<String>, FederationError> {
    manager
        .database()
        .read(|connection| {
            let mut found: Vec<String> =
                store::partners::list(connection)?.into_iter().map(|partner| partner.did).collect();
            found.extend(store::contracts::counterparts(connection)?);
            found.sort_unstable();
            found.dedup();
            Ok(found)
        })
        .await
}

/// Sees to it that whatever isn't done is in its queue, whatever was lost.
async fn take_up(manager: &FederationManager) -> Result<(), FederationError> {
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            for (partner, id) in store::orders::purchase_keys(connection)? {
                enqueue(connection, &partner, &Item::Purchase(id), now)?;
            }
            for (partner, id) in store::contracts::negotiation_keys(connection)? {
                enqueue(connection, &partner, &Item::Negotiation(id), now)?;
            }
            for (partner, id) in store::claims::living_keys(connection)? {
                enqueue(connection, &partner, &Item::Claim(id), now)?;
            }
            for (partner, id) in store::settlements::open_keys(connection)? {
                enqueue(connection, &partner, &Item::Statement(id), now)?;
            }
            for sale in store::orders::sales_living(connection, None)? {
                sale_enqueue(connection, &sale.partner, &sale.id.to_string(), now)?;
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_round() {
        let items = [
            Item::Purchase("a".to_owned()),
            Item::Negotiation("urn:uuid:1".to_owned()),
            Item::Usage("b".to_owned()),
            Item::Claim("c".to_owned()),
            Item::Statement("d".to_owned()),
            Item::Partner,
            Item::Sale("did:web:a.example:x/y".to_owned(), "id".to_owned()),
        ];
        for item in items {
            assert_eq!(Item::parse(&item.key()), Some(item));
        }
        assert_eq!(Item::parse("what/ever"), None);
    }
}
