//! What callers use.

use crate::{
    connectors::KINDS,
    error::VipError,
    model::{VirtualMachine, VirtualMachineRequest},
    store::VirtualMachineTable,
};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_pim::{MachineConnector, Making, Pim, Provision, Removal};
use hansa_repository::system::LiveConnectors;

/// The Virtual Infrastructure Platform manager. Clones share everything.
///
/// Every `ensure` and `release` may be repeated, and one that was cut off is
/// ended by the same call again.
#[derive(Debug, Clone)]
pub struct Vip {
    making: Making<VirtualMachineTable>,
}

impl Vip {
    /// The service over this machine's nodes and over the systems that give virtual machines.
    #[must_use]
    pub fn new(pim: &Pim) -> Self {
        Self { making: Making::new(pim, KINDS) }
    }

    /// Gives a virtual machine, or says how far it is. The same request again goes on with it.
    ///
    /// # Errors
    /// By [`VipError::kind`]: `NoRoom` with the reasons, `Conflict` when it was
    /// asked for differently or is on its way out; what its system says.
    pub async fn machine_ensure(&self, request: &VirtualMachineRequest) -> Result<Provision, VipError> {
        Ok(self.making.ensure(request, false).await?)
    }

    /// Takes a virtual machine away. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn machine_release(&self, machine: MachineId) -> Result<Removal, VipError> {
        Ok(self.making.release(machine).await?)
    }

    /// One virtual machine; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine(&self, machine: MachineId) -> Result<Option<VirtualMachine>, VipError> {
        Ok(self.making.machines().machine(machine).await?)
    }

    /// The virtual machines of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_list(&self, application: Option<ApplicationId>) -> Result<Vec<VirtualMachine>, VipError> {
        Ok(self.making.machines().list(application).await?)
    }

    /// The connectors of the systems that give virtual machines.
    #[must_use]
    pub const fn live(&self) -> &LiveConnectors<dyn MachineConnector> {
        self.making.live()
    }
}
