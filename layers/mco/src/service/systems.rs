//! The real systems of this broker: asked through the layer that speaks to
//! their kind, written down as they are found, and their hosts made nodes.

use super::Mco;
use crate::{error::McoError, infrastructure::InfrastructureError};
use hansa_ontology::{OfferKind, quantity::CpuMilli};
use hansa_pim::Node;
use hansa_repository::{
    OwnerChange, RepositoryError,
    system::{
        ALLOCATION_RATIO_SETTING, CAPABILITIES_SETTING, Host, HostState, LiveConnectors, Room, System,
        SystemConnection, SystemError, SystemErrorKind, SystemReport, Systems,
    },
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

/// How long a system may take to tell what it has.
const LONGEST_LOOK: Duration = Duration::from_secs(45);

/// The most virtual processors that are given for a real one.
const HIGHEST_RATIO: u32 = 64;

impl Mco {
    /// The systems of this broker.
    #[must_use]
    pub fn systems(&self) -> &Systems {
        self.rooms.infrastructure.pim.systems()
    }

    /// What a system of that kind gives; None where no layer speaks to that kind.
    #[must_use]
    pub fn system_gives(&self, kind: &str) -> Option<OfferKind> {
        let below = &self.rooms.infrastructure;
        if below.mcm.live().speaks(kind) || below.mcm.makers().speaks(kind) {
            Some(OfferKind::Container)
        } else if below.vip.live().speaks(kind) {
            Some(OfferKind::VirtualMachine)
        } else if below.pim.live().speaks(kind) {
            Some(OfferKind::BareMetal)
        } else {
            None
        }
    }

    /// The kinds of system to which a layer speaks, by name.
    #[must_use]
    pub fn system_kinds(&self) -> Vec<&'static str> {
        let below = &self.rooms.infrastructure;
        let clusters = below.mcm.live().kinds().chain(below.mcm.makers().kinds());
        let kinds: BTreeSet<&str> = clusters.chain(below.vip.live().kinds()).chain(below.pim.live().kinds()).collect();
        kinds.into_iter().collect()
    }

    /// Asks a system, which need not be connected yet, what it has. Writes nothing.
    ///
    /// # Errors
    /// What the system says; `Unsupported` where no layer speaks to its kind.
    pub async fn system_test(&self, system: System) -> Result<SystemReport, SystemError> {
        let connection = self.systems().opened(system.clone()).await?;
        self.asked(&system, Some(connection)).await
    }

    /// Asks a system that is connected what it has, writes that down, and
    /// makes its hosts nodes; those that are idle are turned off where green
    /// mode is on. What it says when it can't be asked is written down too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn system_look(&self, system: &System) -> Result<Result<SystemReport, SystemError>, McoError> {
        let told = self.asked(system, None).await;
        let pim = &self.rooms.infrastructure.pim;
        let synced = match &told {
            Ok(report) => pim.host_sync(&system.name, nodes(system, report, self.system_gives(&system.kind))).await,
            Err(error) => pim.hosts_unreachable(&system.name, &error.to_string()).await,
        };
        synced.map_err(InfrastructureError::from)?;
        if let (Ok(report), true) = (&told, pim.live().speaks(&system.kind)) {
            pim.green_round(&system.name, report).await.map_err(InfrastructureError::from)?;
        }
        self.systems().asked(system, told.clone()).await?;
        Ok(told)
    }

    /// Forgets a system and its hosts. Nothing in it is touched.
    ///
    /// # Errors
    /// While something is rented or offered of it; when it isn't as the caller saw it.
    pub async fn system_disconnect(&self, name: &str, change: OwnerChange) -> Result<(), McoError> {
        let below = &self.rooms.infrastructure;
        let rented = [
            below.pim.server_list(None).await.map_err(InfrastructureError::from)?,
            below.vip.machine_list(None).await.map_err(InfrastructureError::from)?,
            below.mcm.placement_list(None).await.map_err(InfrastructureError::from)?,
        ];
        let count = rented.iter().flatten().filter(|machine| machine.request.system.as_deref() == Some(name)).count();
        if count > 0 {
            let message = format!(
                "{count} machines of system {name} are rented; drain its hosts first: `hansa maintenance drain node/NAME`"
            );
            return Err(RepositoryError::Conflict { message, source: None }.into());
        }
        let dry_run = change.dry_run;
        self.systems().system_remove(name, change).await?;
        if !dry_run {
            below.pim.host_sync(name, Vec::new()).await.map_err(InfrastructureError::from)?;
        }
        Ok(())
    }

    /// By a connection of its own, or by that which is in use.
    async fn asked(&self, system: &System, own: Option<SystemConnection>) -> Result<SystemReport, SystemError> {
        let (name, now) = (system.name.clone(), self.rooms.clock.now());
        let below = &self.rooms.infrastructure;
        let asking = async {
            processors(system, 0)?;
            match self.system_gives(&system.kind) {
                Some(OfferKind::Container) if below.mcm.makers().speaks(&system.kind) => {
                    by(below.mcm.makers(), &name, own).await?.discover(now).await
                }
                Some(OfferKind::Container) => by(below.mcm.live(), &name, own).await?.discover(now).await,
                Some(OfferKind::VirtualMachine) => by(below.vip.live(), &name, own).await?.discover(now).await,
                Some(OfferKind::BareMetal) => by(below.pim.live(), &name, own).await?.discover(now).await,
                None => Err(unknown(system, &self.system_kinds())),
            }
        };
        match tokio::time::timeout(LONGEST_LOOK, asking).await {
            Ok(told) => told,
            Err(_) => Err(SystemError {
                system: name.clone(),
                kind: SystemErrorKind::TimedOut,
                action: "ask what it has".to_owned(),
                said: String::new(),
                remedy: format!("it took longer than {} s; look how busy it is", LONGEST_LOOK.as_secs()),
            }),
        }
    }
}

async fn by<C: ?Sized>(
    live: &LiveConnectors<C>,
    name: &str,
    own: Option<SystemConnection>,
) -> Result<Arc<C>, SystemError> {
    match own {
        Some(connection) => live.connect(connection).await,
        None => live.get(name).await,
    }
}

fn unknown(system: &System, kinds: &[&str]) -> SystemError {
    SystemError {
        system: system.name.clone(),
        kind: SystemErrorKind::Unsupported,
        action: format!("speak to a system of the kind `{}`", system.kind),
        said: String::new(),
        remedy: format!("name one of: {}", kinds.join(", ")),
    }
}

/// A system's hosts as nodes, each with why nothing runs on it where that is so.
fn nodes(system: &System, report: &SystemReport, gives: Option<OfferKind>) -> Vec<(Node, Option<String>)> {
    let capabilities: BTreeSet<String> = system.settings.get(CAPABILITIES_SETTING).map_or_else(BTreeSet::new, |tags| {
        tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    });
    // A machine has an address of its own; what runs in a cluster is reached by its host's.
    let by_host = report.flavours.is_empty() && gives != Some(OfferKind::Container);
    let unknown = by_host.then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let usable = report.hosts.iter().filter_map(|host| Some((host, host.address.or(unknown)?)));
    usable.map(|(host, address)| node(system, host, address, capabilities.clone())).collect()
}

/// The thousandths of processors that may be given for so many real ones.
fn processors(system: &System, milli: u64) -> Result<u64, SystemError> {
    let Some(text) = system.settings.get(ALLOCATION_RATIO_SETTING) else { return Ok(milli) };
    let ratio = text.parse().map(|CpuMilli(thousandths)| thousandths);
    match ratio {
        Ok(ratio @ 1_000..) if ratio <= HIGHEST_RATIO * 1_000 => Ok(milli.saturating_mul(ratio.into()) / 1_000),
        _ => Err(SystemError {
            system: system.name.clone(),
            kind: SystemErrorKind::Invalid,
            action: format!("read its setting `{ALLOCATION_RATIO_SETTING}`"),
            said: format!("it is `{text}`"),
            remedy: format!("write a number from 1 to {HIGHEST_RATIO}, such as 4 or 1.5"),
        }),
    }
}

fn node(system: &System, host: &Host, address: IpAddr, capabilities: BTreeSet<String>) -> (Node, Option<String>) {
    let room = match &host.state {
        HostState::Ready => {
            // What is wrong with the setting was told when the system was asked.
            let cpu_milli = processors(system, host.capacity.cpu_milli).unwrap_or(host.capacity.cpu_milli);
            Room { cpu_milli, ..host.capacity }.minus(host.used_by_others)
        }
        // It keeps what it has, and gives nothing new.
        HostState::Closed { .. } | HostState::Down { .. } => Room::default(),
    };
    let down = match &host.state {
        HostState::Down { reason } => Some(reason.clone()),
        HostState::Ready | HostState::Closed { .. } => None,
    };
    let node = Node {
        name: Node::name_of_host(&system.name, &host.name),
        site: system.site.clone(),
        address,
        cpu_milli: room.cpu_milli,
        memory_mib: room.memory_mib,
        disk_mib: room.disk_mib,
        gpus: room.gpus,
        capabilities,
        host: Some(hansa_pim::SystemHost { system: system.name.clone(), name: host.name.clone() }),
    };
    (node, down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::Actor;
    use hansa_repository::system::SystemFlavour;
    use std::collections::BTreeMap;

    fn system() -> System {
        System {
            name: "hall".to_owned(),
            kind: "libvirt".to_owned(),
            site: "urn:hansa:site:a".parse().unwrap(),
            address: "qemu:///system".to_owned(),
            credential: None,
            trust: None,
            settings: BTreeMap::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            created_by: Actor::Broker,
            version: 1,
        }
    }

    #[test]
    fn a_host_whose_address_nobody_knows_gives_machines_all_the_same() {
        let mut report = SystemReport::new(chrono::DateTime::UNIX_EPOCH, "libvirt");
        report.hosts.push(Host {
            name: "one".to_owned(),
            address: None,
            state: HostState::Ready,
            capacity: Room { cpu_milli: 4_000, memory_mib: 8_192, disk_mib: 10_240, gpus: 0 },
            used_by_others: Room::default(),
            labels: BTreeMap::new(),
            power_watts: None,
            temperature_celsius: None,
            facts: BTreeMap::new(),
        });
        let of = |report: &SystemReport, gives| nodes(&system(), report, Some(gives)).len();
        assert_eq!(of(&report, OfferKind::VirtualMachine), 1);
        assert_eq!(of(&report, OfferKind::Container), 0, "nobody would reach what runs there");
        report.flavours.push(SystemFlavour { name: "small".to_owned(), room: Room::default(), units_free: Some(3) });
        assert_eq!(of(&report, OfferKind::VirtualMachine), 0, "what it gives is told by its flavours");
    }

    #[test]
    fn more_processors_are_given_than_there_are_where_that_is_set() {
        let with = |ratio: &str| {
            let settings = BTreeMap::from([(ALLOCATION_RATIO_SETTING.to_owned(), ratio.to_owned())]);
            processors(&System { settings, ..system() }, 2_000)
        };
        assert_eq!(processors(&system(), 2_000), Ok(2_000));
        assert_eq!((with("4"), with("1.5"), with("1")), (Ok(8_000), Ok(3_000), Ok(2_000)));
        for wrong in ["0.5", "65", "-2", "many", "NaN", ""] {
            assert!(with(wrong).unwrap_err().remedy.contains("from 1 to 64"), "{wrong}");
        }
    }
}
