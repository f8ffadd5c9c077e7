//! Which layer, or which partner, provides which machine. The one place that knows.

use crate::{
    model::Machine,
    partner::{Partner, PartnerError},
};
use hansa_mcm::{Mcm, McmError};
use hansa_ontology::{
    OfferKind,
    order::{MachineStanding, MachineWish},
    resource_model::{HAS_INGRESS, RUNS_CONTAINERS, RUNS_KUBERNETES, RUNS_NOTHING},
};
use hansa_pim::{Amounts, ErrorKind, MachineRequest, NodeShare, Pim, PimError, Provision, Removal};
use hansa_repository::system::MadeCluster;
use hansa_vip::{Vip, VipError};
use std::{collections::BTreeSet, sync::Arc};

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
    /// Of what is ordered from partners.
    #[error(transparent)]
    Partner(#[from] PartnerError),
}

impl InfrastructureError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pim(error) => error.kind(),
            Self::Vip(error) => error.kind(),
            Self::Mcm(error) => error.kind(),
            Self::Partner(PartnerError::NotFound(_)) => ErrorKind::NotFound,
            Self::Partner(PartnerError::Refused(_)) => ErrorKind::Conflict,
            Self::Partner(PartnerError::Unavailable(_)) => ErrorKind::Unavailable,
        }
    }
}

/// The layers and partners that provide machines.
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

/// How a machine stands that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ensured {
    /// It is there: a share of a node of ours.
    Here(NodeShare),
    /// A partner has it, and takes orders for it.
    AtPartner,
    /// It is on its way; what is waited for.
    Pending(String),
    /// Its provider says no; why.
    Refused(String),
    /// Its partner isn't heard any more; since when.
    Lost(String),
}

impl Infrastructure {
    /// Sees to it that the machine is there, or on its way. Idempotent.
    pub(crate) async fn machine_ensure(&self, machine: &Machine) -> Result<Ensured, InfrastructureError> {
        if machine.partner.is_some() {
            return Ok(self.standing(machine).await?);
        }
        match self.provide(machine).await {
            Ok(Provision::Ready(share)) => Ok(Ensured::Here(share)),
            Ok(Provision::Pending(waits_for)) => Ok(Ensured::Pending(waits_for)),
            Err(error) if error.kind() == ErrorKind::NoRoom => Ok(Ensured::Refused(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Sees to it that a machine of this broker is there, or on its way. Idempotent.
    pub(crate) async fn provide(&self, machine: &Machine) -> Result<Provision, InfrastructureError> {
        let backing = self.pim.systems().backing(&machine.terms.id).await.map_err(PimError::from)?;
        let (system, item) = backing.map_or((None, None), |backing| (Some(backing.system), backing.item));
        let request = MachineRequest {
            machine: machine.id,
            application: machine.application,
            site: machine.terms.site.clone(),
            amounts: Amounts::from(&machine.terms.flavour),
            capabilities: node_tags(&machine.terms.capabilities),
            system,
            item,
        };
        Ok(match machine.terms.kind {
            OfferKind::BareMetal => self.pim.server_ensure(&request).await?,
            OfferKind::VirtualMachine => self.vip.machine_ensure(&request).await?,
            OfferKind::Container => self.mcm.placement_ensure(&request).await?,
        })
    }

    /// The cluster that a machine of this broker is, where it is one of its own.
    pub(crate) async fn cluster(&self, machine: &Machine) -> Result<Option<MadeCluster>, InfrastructureError> {
        if machine.partner.is_some() || machine.terms.kind != OfferKind::Container {
            return Ok(None);
        }
        Ok(self.mcm.cluster(machine.id).await?)
    }

    async fn standing(&self, machine: &Machine) -> Result<Ensured, PartnerError> {
        let wish = MachineWish { machine: machine.id, application: machine.application, offer: machine.terms.clone() };
        Ok(match self.partner.machine_ensure(&wish).await? {
            MachineStanding::Pending { waits_for } => Ensured::Pending(waits_for),
            MachineStanding::Held { .. } | MachineStanding::Ordered => Ensured::AtPartner,
            MachineStanding::Refused { reason } => Ensured::Refused(reason),
            MachineStanding::Lost { since, reason } => {
                let name = machine.partner.as_deref().unwrap_or("that delivers it");
                let since = since.format("%Y-%m-%d %H:%M:%S UTC");
                Ensured::Lost(format!("the partner {name} hasn't been heard since {since}: {reason}"))
            }
        })
    }

    /// Sees to it that the machine is gone. Idempotent. False while its
    /// partner is still at it.
    pub(crate) async fn machine_release(&self, machine: &Machine) -> Result<bool, InfrastructureError> {
        if machine.partner.is_some() {
            return Ok(self.partner.machine_release(machine.id).await?);
        }
        let removal = match machine.terms.kind {
            OfferKind::BareMetal => self.pim.server_release(machine.id).await?,
            OfferKind::VirtualMachine => self.vip.machine_release(machine.id).await?,
            OfferKind::Container => self.mcm.placement_release(machine.id).await?,
        };
        Ok(removal == Removal::Gone)
    }
}

/// The capabilities that the node itself must have. What an offer runs is a
/// matter of the system that stands behind it, not of single nodes.
pub(crate) fn node_tags(capabilities: &BTreeSet<String>) -> BTreeSet<String> {
    let of_system = [RUNS_CONTAINERS, RUNS_KUBERNETES, RUNS_NOTHING, HAS_INGRESS];
    capabilities.iter().filter(|tag| !of_system.contains(&tag.as_str())).cloned().collect()
}
