//! What callers use.

use crate::{
    connectors::{ClusterConnector, ClusterKeeper, DOORS, KINDS, MAKERS},
    error::McmError,
    model::{Placement, PlacementRequest},
    store::PlacementTable,
};
use async_trait::async_trait;
use hansa_ontology::{ApplicationId, MachineId};
use hansa_pim::{MachineConnector, MachineOrder, Making, NodeShare, Pim, Provision, Removal, SystemHost};
use hansa_repository::{
    ErrorKind,
    system::{ClusterDoor, ClusterDoors, LiveConnectors, MadeCluster, SystemError, Systems},
};

/// The Multi-Cluster Manager. Clones share everything.
///
/// A place in a cluster is a share of one of its hosts; where the system makes
/// clusters, it is a whole cluster. Every `ensure` and `release` may be
/// repeated, and one that was cut off is ended by the same call again.
#[derive(Debug, Clone)]
pub struct Mcm {
    sharing: Making<PlacementTable>,
    making: Making<PlacementTable>,
    live: LiveConnectors<dyn ClusterConnector>,
    doors: LiveConnectors<dyn ClusterKeeper>,
    systems: Systems,
}

impl Mcm {
    /// The service over this machine's nodes and over the clusters that are
    /// connected, or are made by what is connected.
    #[must_use]
    pub fn new(pim: &Pim) -> Self {
        let systems = pim.systems().clone();
        Self {
            sharing: Making::of_shares(pim),
            making: Making::new(pim, MAKERS),
            live: LiveConnectors::new(systems.clone(), KINDS),
            doors: LiveConnectors::new(systems.clone(), DOORS),
            systems,
        }
    }

    /// Gives a place in a cluster, or makes the cluster. The same request
    /// again answers the same one.
    ///
    /// # Errors
    /// By [`McmError::kind`]: `NoRoom` with the reasons, `Conflict` when it was
    /// asked for differently or is on its way out.
    pub async fn placement_ensure(&self, request: &PlacementRequest) -> Result<Provision, McmError> {
        // The system that began to make it is the one that goes on with it.
        let known = self.placement(request.machine).await?;
        let system = known.map_or_else(|| request.system.clone(), |known| known.request.system);
        let Some(maker) = self.maker(system.as_deref()).await? else {
            return Ok(self.sharing.ensure(request, false).await?);
        };
        Ok(match self.making.ensure(request, false).await? {
            Provision::Ready(share) => Provision::Ready(in_made_cluster(share, maker)),
            pending @ Provision::Pending(_) => pending,
        })
    }

    /// Takes a place in a cluster away, or the cluster. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn placement_release(&self, machine: MachineId) -> Result<Removal, McmError> {
        let known = self.placement(machine).await?;
        let system = known.and_then(|known| known.request.system);
        let making = if self.maker(system.as_deref()).await?.is_some() { &self.making } else { &self.sharing };
        Ok(making.release(machine).await?)
    }

    /// One place in a cluster; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement(&self, machine: MachineId) -> Result<Option<Placement>, McmError> {
        Ok(self.sharing.machines().machine(machine).await?)
    }

    /// The places in clusters of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement_list(&self, application: Option<ApplicationId>) -> Result<Vec<Placement>, McmError> {
        Ok(self.sharing.machines().list(application).await?)
    }

    /// The cluster that a machine is, where it is one of its own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cluster(&self, machine: MachineId) -> Result<Option<MadeCluster>, McmError> {
        let known = self.placement(machine).await?;
        let system = known.and_then(|known| known.request.system);
        let maker = self.maker(system.as_deref()).await?;
        Ok(maker.map(|maker| made(maker, machine)))
    }

    /// The connectors of the clusters.
    #[must_use]
    pub const fn live(&self) -> &LiveConnectors<dyn ClusterConnector> {
        &self.live
    }

    /// The connectors of the systems that make clusters.
    #[must_use]
    pub const fn makers(&self) -> &LiveConnectors<dyn MachineConnector> {
        self.making.live()
    }

    /// The system, where it makes clusters.
    async fn maker<'a>(&self, system: Option<&'a str>) -> Result<Option<&'a str>, McmError> {
        let Some(name) = system else { return Ok(None) };
        match self.systems.system(name).await {
            Ok(system) => Ok(Some(name).filter(|_| self.makers().speaks(&system.kind))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(McmError::Pim(error.into())),
        }
    }
}

/// What runs there is brought into the cluster, and not onto the system that made it.
fn in_made_cluster(share: NodeShare, maker: &str) -> NodeShare {
    let cluster = made(maker, share.machine);
    let id = share.host.as_ref().map_or_else(|| cluster.name.clone(), |host| host.name.clone());
    NodeShare { host: Some(SystemHost { system: cluster.to_string(), name: id }), ..share }
}

fn made(maker: &str, machine: MachineId) -> MadeCluster {
    MadeCluster { maker: maker.to_owned(), name: MachineOrder::name_of(machine) }
}

#[async_trait]
impl ClusterDoors for Mcm {
    async fn cluster_open(&self, cluster: &MadeCluster) -> Result<ClusterDoor, SystemError> {
        self.doors.get(&cluster.maker).await?.door(&cluster.name).await
    }
}
