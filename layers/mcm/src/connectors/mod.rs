//! The real systems that give places in container clusters, behind one trait.

pub(crate) mod local;

use crate::{error::McmError, model::PlacementRequest};
use async_trait::async_trait;
use hansa_ontology::{MachineId, SiteId};
use hansa_pim::{Amounts, NodeShare};
use std::{collections::BTreeSet, fmt::Debug};

/// A system that gives places in container clusters.
#[async_trait]
pub trait ClusterConnector: Send + Sync + Debug {
    /// Makes the place in a container cluster, or finds it: asking again is harmless.
    async fn placement_ensure(&self, request: &PlacementRequest) -> Result<NodeShare, McmError>;

    /// Takes the place in a container cluster away. Already gone is success.
    async fn placement_release(&self, machine: MachineId) -> Result<(), McmError>;

    /// How many more of these the site can give now.
    async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, McmError>;
}
