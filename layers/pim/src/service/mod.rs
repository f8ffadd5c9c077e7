//! What callers use: nodes, shares of them, whole servers.

mod maintenance;
mod owner;
mod shares;
#[cfg(test)]
mod tests;

pub use owner::{NodeChange, nodes_at};
pub(crate) use shares::Shares;

use crate::{
    connectors::{Host, ServerConnector, local::LocalServers},
    error::PimError,
    machines::Machines,
    model::{Amounts, Machine, MachineRequest, Node, NodeShare, NodeUsage, ShareRequest, units_free},
    store::ServerTable,
};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_repository::{Database, ambient::SharedClock};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

/// How this room is set up.
#[derive(Debug, Clone)]
pub struct PimSettings {
    /// Where the directories of machines are, under `nodes/`.
    pub data_dir: PathBuf,
    /// What this very machine has.
    pub host: Host,
    /// Sites that give whole servers, each with the name of its connector: `local`.
    pub sites: BTreeMap<SiteId, String>,
}

/// The Physical Infrastructure Manager. Clones share everything.
///
/// Every `ensure` and `release` may be repeated, and one that was cut off is
/// ended by the same call again.
#[derive(Debug, Clone)]
pub struct Pim {
    shares: Shares,
    servers: Machines<ServerTable, dyn ServerConnector>,
    host: Host,
    database: Database,
    clock: SharedClock,
}

impl Pim {
    /// The service over this database.
    ///
    /// # Errors
    /// `UnknownConnector` when a site names a connector that does not exist.
    pub fn new(database: Database, clock: SharedClock, settings: PimSettings) -> Result<Self, PimError> {
        let shares = Shares::new(database.clone(), clock.clone(), &settings.data_dir)?;
        let local: Arc<dyn ServerConnector> = Arc::new(LocalServers { shares: shares.clone() });
        let known = BTreeMap::from([("local", local)]);
        let servers = Machines::new(database.clone(), clock.clone(), &settings.sites, known)?;
        Ok(Self { servers, host: settings.host, shares, database, clock })
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

    /// How many more such shares the site's nodes can give now. For many
    /// questions at once: [`Pim::node_list`] and [`units_free`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
        whole_node: bool,
    ) -> Result<u32, PimError> {
        let nodes = self.node_list(Some(site)).await?;
        Ok(units_free(&nodes, amounts, capabilities, whole_node))
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

    /// Removes directories of machines that have no share (a kill within a
    /// release, a database that was restored). Answers what was removed.
    ///
    /// # Errors
    /// `Directory` when one can't be removed.
    pub async fn directory_sweep(&self) -> Result<Vec<PathBuf>, PimError> {
        self.shares.sweep().await
    }

    /// Whether a site gives whole servers.
    #[must_use]
    pub fn serves(&self, site: &SiteId) -> bool {
        self.servers.serving(site).is_some()
    }

    /// Gives a whole server (bare metal); `amounts` is the least it must have.
    ///
    /// # Errors
    /// `NoConnector` when the site gives none; else as [`Pim::share_ensure`],
    /// and `Releasing` when the machine is on its way out.
    pub async fn server_ensure(&self, request: &MachineRequest) -> Result<NodeShare, PimError> {
        let connector = self.servers.requested(request).await?;
        let share = connector.server_ensure(request).await?;
        if self.servers.ready(request.machine, share.clone()).await? {
            return Ok(share);
        }
        connector.server_release(request.machine).await?;
        Err(PimError::Releasing { machine: request.machine })
    }

    /// Takes a server away. None is success.
    ///
    /// # Errors
    /// As [`Pim::share_release`].
    pub async fn server_release(&self, machine: MachineId) -> Result<(), PimError> {
        let Some((record, connector)) = self.servers.releasing(machine).await? else {
            return Ok(());
        };
        connector.server_release(machine).await?;
        self.servers.released(record).await
    }

    /// A server; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server(&self, machine: MachineId) -> Result<Option<Machine>, PimError> {
        self.servers.machine(machine).await
    }

    /// The servers of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_list(&self, application: Option<ApplicationId>) -> Result<Vec<Machine>, PimError> {
        self.servers.list(application).await
    }
}
