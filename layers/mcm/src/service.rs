//! What callers use.

use crate::{
    connectors::{ClusterConnector, KINDS},
    error::McmError,
    model::{Placement, PlacementRequest},
    store::PlacementTable,
};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_pim::{Making, Pim, Provision, Removal};
use hansa_repository::system::LiveConnectors;

/// The Multi-Cluster Manager. Clones share everything.
///
/// A place in a cluster is a share of one of its hosts. Every `ensure` and
/// `release` may be repeated, and one that was cut off is ended by the same
/// call again.
#[derive(Debug, Clone)]
pub struct Mcm {
    making: Making<PlacementTable>,
    live: LiveConnectors<dyn ClusterConnector>,
}

impl Mcm {
    /// The service over this machine's nodes and over the clusters that are connected.
    #[must_use]
    pub fn new(pim: &Pim) -> Self {
        Self { making: Making::of_shares(pim), live: LiveConnectors::new(pim.systems().clone(), KINDS) }
    }

    /// Gives a place in a cluster. The same request again answers the same one.
    ///
    /// # Errors
    /// By [`McmError::kind`]: `NoRoom` with the reasons, `Conflict` when it was
    /// asked for differently or is on its way out.
    pub async fn placement_ensure(&self, request: &PlacementRequest) -> Result<Provision, McmError> {
        Ok(self.making.ensure(request, false).await?)
    }

    /// Takes a place in a cluster away. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn placement_release(&self, machine: MachineId) -> Result<Removal, McmError> {
        Ok(self.making.release(machine).await?)
    }

    /// One place in a cluster; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement(&self, machine: MachineId) -> Result<Option<Placement>, McmError> {
        Ok(self.making.machines().machine(machine).await?)
    }

    /// The places in clusters of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn placement_list(&self, application: Option<ApplicationId>) -> Result<Vec<Placement>, McmError> {
        Ok(self.making.machines().list(application).await?)
    }

    /// The connectors of the clusters.
    #[must_use]
    pub const fn live(&self) -> &LiveConnectors<dyn ClusterConnector> {
        &self.live
    }
}
