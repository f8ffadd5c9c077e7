//! The real systems that give machines, behind one trait: servers here,
//! virtual machines in `hansa-vip`. One file and one line of [`KINDS`] for each.

mod host;
pub mod http;
mod ironic;
pub mod keystone;
pub(crate) mod local;
mod rapl;
mod redfish;

pub use host::Host;
pub use rapl::{Counted, Rapl, processors};

use crate::model::{Amounts, HostPower};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_repository::system::{BootScript, Host as Found, Kind, Room, SystemError, SystemReport};
use std::{collections::BTreeMap, fmt::Debug, net::IpAddr};

/// The kinds of system that give whole servers.
pub static KINDS: &[Kind<dyn MachineConnector>] =
    &[Kind { name: "ironic", connect: ironic::connect }, Kind { name: "redfish", connect: redfish::connect }];

/// A real system that gives machines. It keeps no record: what there is, it
/// asks the system, and finds its own by name and label. Every call may be
/// repeated, and one that was cut off is ended by the same call again. No call
/// takes longer than some seconds: what takes longer is pending.
#[async_trait]
pub trait MachineConnector: Send + Sync + Debug {
    /// What the system has now.
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError>;

    /// Makes the machine, or finds it and goes on with it.
    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError>;

    /// Takes the machine away, and all that was made for it. Already gone is success.
    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError>;

    /// How its hosts are turned off while nobody has them. None: it can't do that.
    fn power_switch(&self) -> Option<&dyn PowerSwitch> {
        None
    }
}

/// Turns off hosts that nobody has. They are turned on by making a machine there.
#[async_trait]
pub trait PowerSwitch: Send + Sync {
    /// How the power of a host stands, by what [`MachineConnector::discover`] told of it.
    fn power_of(&self, host: &Found) -> HostPower;

    /// Turns the host off, or goes on with it. Looks at it first: one that
    /// somebody has, or that isn't whole, is refused.
    async fn host_sleep(&self, host: &str) -> Result<Sleep, SystemError>;
}

/// How far a host is with being turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sleep {
    /// It is off.
    Off,
    /// It is on its way.
    Pending,
}

/// A machine as a system is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineOrder {
    /// Its identifier in this broker.
    pub machine: MachineId,
    /// Who rents it.
    pub application: ApplicationId,
    /// Its name in the system, which follows from the identifier: `hansa-` and the UUID.
    pub name: String,
    /// What tells whose it is, for systems that keep labels: [`labels`].
    pub labels: BTreeMap<String, String>,
    /// The flavour, resource class or the like in the system. None: the smallest that has `amounts`.
    pub item: Option<String>,
    /// What it must have at least.
    pub amounts: Amounts,
    /// The host that was chosen for it, where the system's hosts are given one by one.
    pub host: Option<String>,
    /// What it does at its first start, besides what its system's owner wishes.
    pub boot: Option<BootScript>,
}

impl MachineOrder {
    /// The name of a machine in any system.
    #[must_use]
    pub fn name_of(machine: MachineId) -> String {
        format!("hansa-{machine}")
    }

    /// Its user data, for cloud-init: ours and what its system's owner wishes.
    #[must_use]
    pub fn user_data(&self, own: Option<&str>) -> Option<String> {
        match &self.boot {
            Some(boot) => Some(boot.with(own)),
            None => own.map(str::to_owned),
        }
    }
}

/// The labels of all that is made for an application in a real system. What
/// does not have them is somebody else's, whatever its name.
#[must_use]
pub fn labels(broker: &str, application: ApplicationId, machine: MachineId) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("hansa-broker".to_owned(), broker.to_owned()),
        ("hansa-application".to_owned(), application.to_string()),
        ("hansa-machine".to_owned(), machine.to_string()),
    ])
}

/// How far a machine is in its system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It can be used.
    Ready {
        /// Where it is reached. None where the system gives it no address.
        address: Option<IpAddr>,
        /// How the system identifies it.
        id: String,
    },
    /// It is being made; what is waited for, for people.
    Pending(String),
}

/// How far the removal of a machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// Nothing of it is left.
    Gone,
    /// It is being taken away; what is waited for, for people.
    Pending(String),
}

impl From<Room> for Amounts {
    fn from(room: Room) -> Self {
        let Room { cpu_milli, memory_mib, disk_mib, gpus } = room;
        Self { cpu_milli, memory_mib, disk_mib, gpus }
    }
}

impl From<Amounts> for Room {
    fn from(amounts: Amounts) -> Self {
        let Amounts { cpu_milli, memory_mib, disk_mib, gpus } = amounts;
        Self { cpu_milli, memory_mib, disk_mib, gpus }
    }
}
