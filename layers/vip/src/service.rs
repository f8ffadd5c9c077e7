//! What callers use.

use crate::{
    connectors::{VirtualMachineConnector, local::Local},
    error::VipError,
    model::{VirtualMachine, VirtualMachineRequest},
    store::VirtualMachineTable,
};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_pim::{Amounts, NodeShare, Pim, PimError, machines::Machines};
use hansa_repository::{Database, ambient::SharedClock};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The Virtual Infrastructure Platform manager. Clones share everything.
///
/// Every `ensure` and `release` may be repeated, and one that was cut off is
/// ended by the same call again.
#[derive(Debug, Clone)]
pub struct Vip {
    machines: Machines<VirtualMachineTable, dyn VirtualMachineConnector>,
}

impl Vip {
    /// The service over this database. `sites` are those that give
    /// virtual machines, each with the name of its connector: `local`.
    ///
    /// # Errors
    /// `UnknownConnector` when a site names a connector that does not exist.
    pub fn new(
        database: Database,
        clock: SharedClock,
        pim: Pim,
        sites: &BTreeMap<SiteId, String>,
    ) -> Result<Self, VipError> {
        let local: Arc<dyn VirtualMachineConnector> = Arc::new(Local { pim });
        let known = BTreeMap::from([("local", local)]);
        let machines = Machines::new(database, clock, sites, known)?;
        Ok(Self { machines })
    }

    /// Whether a site gives virtual machines.
    #[must_use]
    pub fn serves(&self, site: &SiteId) -> bool {
        self.machines.serving(site).is_some()
    }

    /// How many more such virtual machines the site can give now; none
    /// where nobody serves it.
    ///
    /// # Errors
    /// When what is below fails.
    pub async fn units_free(
        &self,
        site: &SiteId,
        amounts: Amounts,
        capabilities: &BTreeSet<String>,
    ) -> Result<u32, VipError> {
        match self.machines.serving(site) {
            Some(connector) => connector.units_free(site, amounts, capabilities).await,
            None => Ok(0),
        }
    }

    /// Gives a virtual machine. The same request again answers the same one.
    ///
    /// # Errors
    /// By [`VipError::kind`]: `NoConnector` when nobody serves the site, `NoRoom`
    /// with the reasons, `Conflict` when it was asked for differently or is on
    /// its way out.
    pub async fn machine_ensure(&self, request: &VirtualMachineRequest) -> Result<NodeShare, VipError> {
        let connector = self.machines.requested(request).await?;
        let share = connector.machine_ensure(request).await?;
        if self.machines.ready(request.machine, share.clone()).await? {
            return Ok(share);
        }
        connector.machine_release(request.machine).await?;
        let machine = request.machine;
        Err(PimError::Releasing { machine }.into())
    }

    /// Takes a virtual machine away. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn machine_release(&self, machine: MachineId) -> Result<(), VipError> {
        let Some((record, connector)) = self.machines.releasing(machine).await? else {
            return Ok(());
        };
        connector.machine_release(machine).await?;
        Ok(self.machines.released(record).await?)
    }

    /// One virtual machine; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine(&self, machine: MachineId) -> Result<Option<VirtualMachine>, VipError> {
        Ok(self.machines.machine(machine).await?)
    }

    /// The virtual machines of an application, or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_list(&self, application: Option<ApplicationId>) -> Result<Vec<VirtualMachine>, VipError> {
        Ok(self.machines.list(application).await?)
    }
}
