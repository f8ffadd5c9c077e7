//! Which layer provides which kind of offer. The one place that knows.

use crate::{model::Machine, partner::Partner};
use hansa_mcm::{Mcm, McmError};
use hansa_ontology::OfferKind;
use hansa_pim::{Amounts, ErrorKind, MachineRequest, NodeShare, Pim, PimError};
use hansa_vip::{Vip, VipError};
use std::sync::Arc;

/// A failure of one of them.
#[derive(Debug, thiserror::Error)]
pub enum InfrastructureError {
    /// Of servers and nodes.
    #[error(transparent)]
    Pim(#[from] PimError),
    /// Of virtual machines.
    #[error(transparent)]
    Vip(#[from] VipError),
    /// Of clusters.
    #[error(transparent)]
    Mcm(#[from] McmError),
}

impl InfrastructureError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pim(error) => error.kind(),
            Self::Vip(error) => error.kind(),
            Self::Mcm(error) => error.kind(),
        }
    }
}

/// The layers that provide machines.
#[derive(Debug, Clone)]
pub struct Infrastructure {
    /// Servers.
    pub pim: Pim,
    /// Virtual machines.
    pub vip: Vip,
    /// Places in clusters.
    pub mcm: Mcm,
    /// Machines of partners.
    pub partner: Arc<dyn Partner>,
}

impl Infrastructure {
    /// Sees to it that the machine is there, and says where. Idempotent.
    pub(crate) async fn machine_ensure(&self, machine: &Machine) -> Result<NodeShare, InfrastructureError> {
        let request = MachineRequest {
            machine: machine.id,
            application: machine.application,
            site: machine.terms.site.clone(),
            amounts: Amounts::from(&machine.terms.flavour),
            capabilities: machine.terms.capabilities.clone(),
        };
        Ok(match machine.terms.kind {
            OfferKind::BareMetal => self.pim.server_ensure(&request).await?,
            OfferKind::VirtualMachine => self.vip.machine_ensure(&request).await?,
            OfferKind::Container => self.mcm.placement_ensure(&request).await?,
        })
    }

    /// Sees to it that the machine is gone. Idempotent.
    pub(crate) async fn machine_release(&self, machine: &Machine) -> Result<(), InfrastructureError> {
        match machine.terms.kind {
            OfferKind::BareMetal => self.pim.server_release(machine.id).await?,
            OfferKind::VirtualMachine => self.vip.machine_release(machine.id).await?,
            OfferKind::Container => self.mcm.placement_release(machine.id).await?,
        }
        Ok(())
    }
}
