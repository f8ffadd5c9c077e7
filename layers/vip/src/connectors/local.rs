//! The site's own nodes: a virtual machine is a share of one of them.

use super::VirtualMachineConnector;
use crate::{error::VipError, model::VirtualMachineRequest};
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
impl VirtualMachineConnector for Local {
    async fn machine_ensure(&self, request: &VirtualMachineRequest) -> Result<NodeShare, VipError> {
        Ok(self.pim.share_ensure(&request.share_request(false)).await?)
    }

    async fn machine_release(&self, machine: MachineId) -> Result<(), VipError> {
        Ok(self.pim.share_release(machine).await?)
    }

    async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, VipError> {
        Ok(self.pim.units_free(site, amounts, capabilities, false).await?)
    }
}
