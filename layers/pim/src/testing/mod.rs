//! What the tests of this room and of those above it share: made-up nodes and
//! requests, systems and orders with the rounds of a broker, and helpers that
//! kill a piece of work after each of its steps.

#![expect(clippy::expect_used, clippy::panic, reason = "a failing set-up fails the test")]
#![allow(clippy::missing_panics_doc, reason = "so does every function here")]

mod kill;
mod machine;

pub use kill::{Room, check_room, killed_at_every_step};
pub use machine::{BROKER, Rounds, connection, connector, noon, order, run};

use crate::{
    Host, LOST_AFTER, Pim, PimSettings,
    model::{Amounts, MachineRequest, Node, ShareRequest},
};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_repository::{
    Database,
    ambient::SharedClock,
    testing::{HandClock, systems},
};
use std::{net::Ipv4Addr, path::Path, sync::Arc};
use uuid::Uuid;

/// The site of every made-up node.
#[must_use]
pub fn site() -> SiteId {
    SiteId::new("urn:test:site:local").expect("an IRI")
}

/// A node at [`site`], with 10 GiB of disk.
#[must_use]
pub fn node(name: &str, cpu_milli: u64, memory_mib: u64, capabilities: &[&str]) -> Node {
    Node {
        name: name.to_owned(),
        site: site(),
        address: Ipv4Addr::LOCALHOST.into(),
        cpu_milli,
        memory_mib,
        disk_mib: 10_240,
        gpus: 0,
        capabilities: capabilities.iter().map(|&tag| tag.to_owned()).collect(),
        host: None,
    }
}

/// A request at [`site`] for the machine number `machine`, without disk.
#[must_use]
pub fn request(machine: u128, cpu_milli: u64, memory_mib: u64, capabilities: &[&str]) -> ShareRequest {
    ShareRequest {
        machine: MachineId(Uuid::from_u128(machine)),
        site: site(),
        amounts: Amounts { cpu_milli, memory_mib, ..Amounts::ZERO },
        capabilities: capabilities.iter().map(|&tag| tag.to_owned()).collect(),
        whole_node: false,
        system: None,
    }
}

/// A request at [`site`] for a machine of application 1.
#[must_use]
pub fn machine_request(machine: u128, cpu_milli: u64) -> MachineRequest {
    let share = request(machine, cpu_milli, 256, &[]);
    MachineRequest {
        machine: share.machine,
        application: ApplicationId(Uuid::from_u128(1)),
        site: share.site,
        amounts: share.amounts,
        capabilities: share.capabilities,
        system: None,
        item: None,
    }
}

/// The service on a machine of 16 processors and 64 GiB, with no system connected.
pub async fn pim(database: &Database, data_dir: &Path) -> Pim {
    pim_at(database, data_dir, Arc::new(HandClock::default())).await
}

/// The same, by this clock.
pub async fn pim_at(database: &Database, data_dir: &Path, clock: SharedClock) -> Pim {
    let settings = PimSettings {
        data_dir: data_dir.to_owned(),
        host: Host { capacity: Amounts { cpu_milli: 16_000, memory_mib: 65_536, disk_mib: 1 << 20, gpus: 0 } },
        lost_after: LOST_AFTER,
    };
    let systems = systems(database, &clock, &Arc::default()).await;
    Pim::new(database.clone(), clock, systems, settings).expect("an absolute path")
}
