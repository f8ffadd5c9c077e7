//! What the tests of connectors that make machines have in common, whichever
//! layer's they are: a system as its owner connected it, an order, and rounds
//! that ask until the machine is there or gone.

use super::site;
use crate::{Amounts, Delivery, MachineConnector, MachineOrder, Removal, connectors::labels};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId};
use hansa_repository::system::{Kind, System, SystemConnection, SystemError, SystemSecret};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Who the broker of these tests is.
pub const BROKER: &str = "0192e4f0-0000-7000-8000-00aabbccddee";
/// Machines are numbered from here on.
const FIRST: u128 = 0x0192_e4f0_0000_7000_8000_0000_0000_0000;

/// Runs a test that waits.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

/// When tests happen that need a time.
#[must_use]
pub fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

/// A system of this kind, named `cloud`, with what opens it.
#[must_use]
pub fn connection(kind: &str, address: &str, secret: Option<&str>, settings: &[(&str, &str)]) -> SystemConnection {
    SystemConnection {
        system: System {
            name: "cloud".to_owned(),
            kind: kind.to_owned(),
            site: site(),
            address: address.to_owned(),
            credential: secret.map(|_| "cloud".to_owned()),
            trust: None,
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            created_at: noon(),
            created_by: Actor::Broker,
            version: 1,
        },
        secret: secret.map(|text| SystemSecret::new(text.as_bytes().to_vec())),
        broker: BROKER.into(),
    }
}

/// The connector of a layer that speaks to it.
///
/// # Errors
/// What making it says.
pub async fn connector<C: ?Sized>(kinds: &[Kind<C>], connection: SystemConnection) -> Result<Arc<C>, SystemError> {
    let kind = kinds.iter().find(|kind| kind.name == connection.system.kind).expect("it is registered");
    (kind.connect)(connection).await
}

/// An order of machine number `machine` for application number `application`,
/// of no item and no amounts.
#[must_use]
pub fn order(machine: u128, application: u128) -> MachineOrder {
    let (machine, application) =
        (MachineId(Uuid::from_u128(FIRST + machine)), ApplicationId(Uuid::from_u128(application)));
    MachineOrder {
        machine,
        application,
        name: MachineOrder::name_of(machine),
        labels: labels(BROKER, application, machine),
        item: None,
        amounts: Amounts::ZERO,
        host: None,
        boot: None,
    }
}

/// How a test asks again and again, as a broker's rounds do.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// The time after which it will never be.
    pub within: Duration,
    /// Between two rounds.
    pub pause: Duration,
}

impl Rounds {
    /// Rounds of so many milliseconds, for so many seconds.
    #[must_use]
    pub const fn new(pause_ms: u64, within_s: u64) -> Self {
        Self { within: Duration::from_secs(within_s), pause: Duration::from_millis(pause_ms) }
    }

    /// Asks until the machine is there: how it is reached, and in how many
    /// rounds it was waited for.
    ///
    /// # Errors
    /// What the connector says.
    pub async fn ready(
        self,
        by: &dyn MachineConnector,
        order: &MachineOrder,
    ) -> Result<(Delivery, usize), SystemError> {
        let (end, mut waited) = (Instant::now() + self.within, Vec::new());
        loop {
            match by.machine_ensure(order).await? {
                Delivery::Pending(text) => waited.push(text),
                ready @ Delivery::Ready { .. } => return Ok((ready, waited.len())),
            }
            assert!(Instant::now() < end, "never ready: {waited:?}");
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Asks until the machine is gone.
    ///
    /// # Errors
    /// What the connector says.
    pub async fn gone(self, by: &dyn MachineConnector, order: &MachineOrder) -> Result<(), SystemError> {
        let (end, mut waited) = (Instant::now() + self.within, Vec::new());
        while let Removal::Pending(text) = by.machine_release(order).await? {
            waited.push(text);
            assert!(Instant::now() < end, "never gone: {waited:?}");
            tokio::time::sleep(self.pause).await;
        }
        Ok(())
    }
}
