//! The connector `redfish`: against a service of somebody else that runs here,
//! and, for what that one lacks (asset tags, sessions, entity tags, tasks),
//! against exchanges as the standard documents them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing set-up fails the test"
)]

mod controller;
mod documented;
mod emulator;

use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId};
use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder, Removal,
    connectors::{KINDS, labels},
};
use hansa_repository::system::{System, SystemConnection, SystemError, SystemSecret};
use std::{future::Future, sync::Arc, time::Duration};
use uuid::Uuid;

const BROKER: &str = "0192e4f0-0000-7000-8000-00aabbccddee";

/// Runs a test that waits.
fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

fn connection(address: &str, secret: Option<(&str, &str)>, settings: &[(&str, &str)]) -> SystemConnection {
    let json = |(user, password)| format!(r#"{{"username":"{user}","password":"{password}"}}"#).into_bytes();
    SystemConnection {
        system: System {
            name: "rack".to_owned(),
            kind: "redfish".to_owned(),
            site: "did:web:site.example".parse().unwrap(),
            address: address.to_owned(),
            credential: None,
            trust: None,
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            created_at: noon(),
            created_by: Actor::Broker,
            version: 1,
        },
        secret: secret.map(json).map(SystemSecret::new),
        broker: BROKER.into(),
    }
}

async fn connect(connection: SystemConnection) -> Result<Arc<dyn MachineConnector>, SystemError> {
    let kind = KINDS.iter().find(|kind| kind.name == "redfish").unwrap();
    (kind.connect)(connection).await
}

fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn order(n: u128, host: Option<&str>) -> MachineOrder {
    let (machine, application) = (MachineId(Uuid::from_u128(n)), ApplicationId(Uuid::from_u128(1)));
    MachineOrder {
        machine,
        application,
        name: MachineOrder::name_of(machine),
        labels: labels(BROKER, application, machine),
        item: None,
        amounts: Amounts { cpu_milli: 1_000, memory_mib: 512, disk_mib: 0, gpus: 0 },
        host: host.map(str::to_owned),
        boot: None,
    }
}

/// Asks until it is there, as rounds do.
async fn ensured(connector: &dyn MachineConnector, order: &MachineOrder) -> Delivery {
    for _ in 0..3_000 {
        match connector.machine_ensure(order).await.unwrap() {
            Delivery::Pending(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            ready @ Delivery::Ready { .. } => return ready,
        }
    }
    panic!("not ready within a minute");
}

/// Asks until it is gone, as rounds do.
async fn released(connector: &dyn MachineConnector, order: &MachineOrder) {
    for _ in 0..3_000 {
        match connector.machine_release(order).await.unwrap() {
            Removal::Pending(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Removal::Gone => return,
        }
    }
    panic!("not gone within a minute");
}
