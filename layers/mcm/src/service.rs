//! What callers use.

use crate::{
    connectors::{ClusterConnector, local::Local},
    error::McmError,
    model::{Placement, PlacementRequest},
    store::PlacementTable,
};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_pim::{Amounts, NodeShare, Pim, PimError, machines::Machines};
use hansa_repository::{Database, ambient::SharedClock};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The Multi-Cluster Manager. Clones share everything.
///
/// Every `ensure` and `release` may be repeated, and one that was cut off is
/// ended by the same call again.
#[derive(Debug, Clone)]
pub struct Mcm {
    machines: Machines<PlacementTable, dyn ClusterConnector>,
}

impl Mcm {
    /// The service over this database. `sites` are those that give
    /// places in container clusters, each with the name of its connector: `local`.
    ///
    /// # Errors
    /// `UnknownConnector` when a site names a connector that does not exist.
    pub fn new(
        database: Database,
        clock: SharedClock,
        pim: Pim,
        sites: &BTreeMap<SiteId, String>,
    ) -> Result<Self, McmError> {
        let local: Arc<dyn ClusterConnector> = Arc::new(Local { pim });
        let known = BTreeMap::from([("local", local)]);
        let machines = Machines::new(database, clock, sites, known)?;
        Ok(Self { machines })
    }

    /// Whether a site gives places in container clusters.
    #[must_use]
    pub fn serves(&self, site: &SiteId) -> bool {
        self.machines.serving(site).is_some()
    }

    /// How many more such places in container clusters the site can give now; none
    /// where nobody serves it.
    ///
    /// # Errors
    /// When what is below fails.
    pub async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, McmError> {
        match self.machines.serving(site) {
            Some(connector) => connector.units_free(site, amounts, capabilities).await,
            None => Ok(0),
        }
    }

    /// Gives a place in a container cluster. The same request again answers the same one.
    ///
    /// # Errors
    /// By [`McmError::kind`]: `NoConnector` when nobody serves the site, `NoRoom`
    /// with the reasons, `Conflict` when it was asked for differently or is on
    /// its way out.
    pub async fn placement_ensure(&self, request: &PlacementRequest) -> Result<NodeShare, McmError> {
        let connector = self.machines.requested(request).await?;
        let share = connector.placement_ensure(request).await?;
        if self.machines.ready(request.machine, share.clone()).await? {
            return Ok(share);
        }
        connector.placement_release(request.machine).await?;
        let machine = request.machine;
        Err(PimError::Releasing { machine }.into())
    }

    /// Takes a place in a container cluster away. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn placement_release(&self, machine: MachineId) -> Result<(), McmError> {
        let Some((record, connector)) = self.machines.releasing(machine).await? else {
            return Ok(());
        };
        connector.placement_release(machine).await?;
        Ok(self.machines.released(record).await?)
    }

    /// One place in a container cluster; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement(&self, machine: MachineId) -> Result<Option<Placement>, McmError> {
        Ok(self.machines.machine(machine).await?)
    }

    /// The places in container clusters of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement_list(&self, application: Option<ApplicationId>) -> Result<Vec<Placement>, McmError> {
        Ok(self.machines.list(application).await?)
    }
}
