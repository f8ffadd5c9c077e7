//! What callers use: nodes, shares of them, whole servers.

mod green;
mod maintenance;
mod owner;
mod shares;
#[cfg(test)]
mod tests;

pub(crate) use green::Gate;
pub use green::NewGreenMode;
pub use owner::{NodeChange, nodes_at};
pub(crate) use shares::Shares;

use crate::{
    connectors::{Host, KINDS, MachineConnector, Removal},
    error::PimError,
    making::{Making, Provision},
    model::{Machine, MachineRequest, Node, NodeShare, NodeUsage, ShareRequest},
    store::{self, Look, ServerTable},
};
use chrono::TimeDelta;
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_repository::{
    Database,
    ambient::SharedClock,
    system::{LiveConnectors, Systems},
};
use std::{collections::BTreeSet, path::PathBuf};

/// How this room is set up.
#[derive(Debug, Clone)]
pub struct PimSettings {
    /// Where the directories of machines are, under `nodes/`.
    pub data_dir: PathBuf,
    /// What this very machine has.
    pub host: Host,
    /// So long what ran on a host of a system that can't be reached, or does
    /// not work, waits for it before it begins elsewhere.
    pub lost_after: TimeDelta,
}

/// So long it is waited where nothing is said.
pub const LOST_AFTER: TimeDelta = TimeDelta::seconds(60);

/// The Physical Infrastructure Manager. Clones share everything.
///
/// Every `ensure` and `release` may be repeated, and one that was cut off is
/// ended by the same call again.
#[derive(Debug, Clone)]
pub struct Pim {
    shares: Shares,
    servers: Making<ServerTable>,
    systems: Systems,
    host: Host,
    database: Database,
    clock: SharedClock,
    lost_after: TimeDelta,
}

impl Pim {
    /// The service over this database, and over the systems that give servers.
    ///
    /// # Errors
    /// `Directory` when the data directory has no absolute path.
    pub fn new(
        database: Database,
        clock: SharedClock,
        systems: Systems,
        settings: PimSettings,
    ) -> Result<Self, PimError> {
        let shares = Shares::new(database.clone(), clock.clone(), &settings.data_dir)?;
        let servers = Making::over(&database, &clock, &shares, &systems, KINDS);
        Ok(Self { servers, host: settings.host, shares, systems, database, clock, lost_after: settings.lost_after })
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) const fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub(crate) const fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The real systems that sites have.
    #[must_use]
    pub const fn systems(&self) -> &Systems {
        &self.systems
    }

    /// Makes these the nodes of this machine: at the start, from the
    /// configuration. A node that is no longer among them is withdrawn: it
    /// keeps its machines and gives nothing new. Answers warnings for the operator.
    ///
    /// # Errors
    /// `InvalidNode` when a node breaks a rule; nothing is changed then.
    pub async fn node_register(&self, nodes: Vec<Node>) -> Result<Vec<String>, PimError> {
        let excess = self.host.excess(&nodes);
        let mut warnings = self.shares.node_register(nodes).await?;
        warnings.extend(excess);
        Ok(warnings)
    }

    /// The nodes of a site, or of all sites, by name, with what was given of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn node_list(&self, site: Option<&SiteId>) -> Result<Vec<NodeUsage>, PimError> {
        self.shares.node_list(site).await
    }

    /// Whether any node may have to be empty: one is under maintenance, or its
    /// host doesn't work. Costs less than looking at all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn node_is_left(&self) -> Result<bool, PimError> {
        self.database.read(|connection| Ok(store::node_is_left(connection)?)).await
    }

    /// The machines on hosts that don't work, for longer than what ran there
    /// waits. Costs little while no host is down.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machines_given_up(&self) -> Result<BTreeSet<MachineId>, PimError> {
        self.database.read(|connection| Ok(store::machines_given_up(connection)?)).await
    }

    /// Makes these the hosts of a system, each with why nothing runs on it
    /// where that is so. One that the system no longer has is given up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn host_sync(&self, system: &str, hosts: Vec<(Node, Option<String>)>) -> Result<(), PimError> {
        let (system, look) = (system.to_owned(), self.look());
        self.database.write(move |connection| Ok(store::host_sync(connection, &system, &hosts, look)?)).await
    }

    fn look(&self) -> Look {
        Look { now: self.clock.now(), lost_after: self.lost_after }
    }

    /// Writes down that a system can't be asked. What runs on its hosts waits
    /// for a while (`lost_after`), and begins elsewhere then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hosts_unreachable(&self, system: &str, reason: &str) -> Result<(), PimError> {
        let (system, reason, look) = (system.to_owned(), reason.to_owned(), self.look());
        self.database.write(move |connection| Ok(store::hosts_unreachable(connection, &system, &reason, look)?)).await
    }

    /// Gives the machine a share of one of the site's nodes: the least used
    /// that has the capabilities and the room. The same request again answers
    /// the same share, also when the node has been withdrawn since.
    ///
    /// # Errors
    /// `NoRoom` with the reason for each node; `Conflict` when the machine has
    /// a share that was asked for differently; `Directory` when its directory
    /// can't be made: the share is kept then, and the same call again ends it.
    pub async fn share_ensure(&self, request: &ShareRequest) -> Result<NodeShare, PimError> {
        self.shares.ensure(request).await
    }

    /// Takes the machine's share back and removes its directory. No share is success.
    ///
    /// # Errors
    /// `Directory` when the directory can't be removed: the share is kept then.
    pub async fn share_release(&self, machine: MachineId) -> Result<(), PimError> {
        self.shares.release(machine).await
    }

    /// The machine's share.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share(&self, machine: MachineId) -> Result<Option<NodeShare>, PimError> {
        self.shares.share(machine).await
    }

    /// Every share that was given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share_list(&self) -> Result<Vec<NodeShare>, PimError> {
        self.shares.list().await
    }

    /// Removes directories of machines that have no share (a kill within a
    /// release, a database that was restored). Answers what was removed.
    ///
    /// # Errors
    /// `Directory` when one can't be removed.
    pub async fn directory_sweep(&self) -> Result<Vec<PathBuf>, PimError> {
        self.shares.sweep().await
    }

    /// Gives a whole server (bare metal); `amounts` is the least it must have.
    ///
    /// # Errors
    /// As [`Pim::share_ensure`]; `Releasing` when the machine is on its way out;
    /// what its system says.
    pub async fn server_ensure(&self, request: &MachineRequest) -> Result<Provision, PimError> {
        self.servers.ensure(request, true).await
    }

    /// Takes a server away. None is success.
    ///
    /// # Errors
    /// As [`Pim::share_release`]; what its system says.
    pub async fn server_release(&self, machine: MachineId) -> Result<Removal, PimError> {
        self.servers.release(machine).await
    }

    /// The connectors of the systems that give servers.
    #[must_use]
    pub const fn live(&self) -> &LiveConnectors<dyn MachineConnector> {
        self.servers.live()
    }

    /// A server; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server(&self, machine: MachineId) -> Result<Option<Machine>, PimError> {
        self.servers.machines().machine(machine).await
    }

    /// The servers of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_list(&self, application: Option<ApplicationId>) -> Result<Vec<Machine>, PimError> {
        self.servers.machines().list(application).await
    }
}
