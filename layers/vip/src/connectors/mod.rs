//! The real systems that give virtual machines, behind one trait.

pub(crate) mod local;

use crate::{error::VipError, model::VirtualMachineRequest};
use async_trait::async_trait;
use hansa_ontology::{MachineId, SiteId};
use hansa_pim::{Amounts, NodeShare};
use std::{collections::BTreeSet, fmt::Debug};

/// A system that gives virtual machines.
#[async_trait]
pub trait VirtualMachineConnector: Send + Sync + Debug {
    /// Makes the virtual machine, or finds it: asking again is harmless.
    async fn machine_ensure(&self, request: &VirtualMachineRequest) -> Result<NodeShare, VipError>;

    /// Takes the virtual machine away. Already gone is success.
    async fn machine_release(&self, machine: MachineId) -> Result<(), VipError>;

    /// How many more of these the site can give now.
    async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, VipError>;
}
