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
mod green;

use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder,
    connectors::KINDS,
    testing::{self, Rounds},
};
use hansa_repository::system::{SystemConnection, SystemError};
use std::sync::Arc;

const ROUNDS: Rounds = Rounds::new(20, 60);

fn connection(address: &str, secret: Option<(&str, &str)>, settings: &[(&str, &str)]) -> SystemConnection {
    let secret = secret.map(|(user, password)| format!(r#"{{"username":"{user}","password":"{password}"}}"#));
    testing::connection("redfish", address, secret.as_deref(), settings)
}

async fn connect(connection: SystemConnection) -> Result<Arc<dyn MachineConnector>, SystemError> {
    testing::connector(KINDS, connection).await
}

fn order(n: u128, host: Option<&str>) -> MachineOrder {
    let amounts = Amounts { cpu_milli: 1_000, memory_mib: 512, ..Amounts::ZERO };
    MachineOrder { amounts, host: host.map(str::to_owned), ..testing::order(n, 1) }
}

async fn ensured(connector: &dyn MachineConnector, order: &MachineOrder) -> Delivery {
    ROUNDS.ready(connector, order).await.unwrap().0
}

async fn released(connector: &dyn MachineConnector, order: &MachineOrder) {
    ROUNDS.gone(connector, order).await.unwrap();
}
