//! The site's local cluster, which its own nodes make up: a place in it is a share of one of them.

use super::ClusterConnector;
use crate::{error::McmError, model::PlacementRequest};
use async_trait::async_trait;
use hansa_ontology::{MachineId, SiteId};
use hansa_pim::{Amounts, NodeShare, Pim};
use std::collections::BTreeSet;

/// Shares of this broker's own nodes.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) pim: Pim,
}

#[async_trait]
impl ClusterConnector for Local {
    async fn placement_ensure(&self, request: &PlacementRequest) -> Result<NodeShare, McmError> {
        Ok(self.pim.share_ensure(&request.share_request(false)).await?)
    }

    async fn placement_release(&self, machine: MachineId) -> Result<(), McmError> {
        Ok(self.pim.share_release(machine).await?)
    }

    async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, McmError> {
        Ok(self.pim.units_free(site, amounts, capabilities, false).await?)
    }
}
