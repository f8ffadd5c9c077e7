//! Addresses that stay: allocated for a machine where the settings wish it,
//! released with it.

use super::{Ec2, Element, Request, tags};
use hansa_pim::MachineOrder;
use hansa_repository::system::{SystemError, SystemErrorKind};
use std::net::IpAddr;

impl Ec2 {
    /// The machine's address, on its instance.
    pub(super) async fn address_ensure(&self, order: &MachineOrder, instance: &str) -> Result<IpAddr, SystemError> {
        let found = self.addresses(order).await?;
        let made = match found.into_iter().next() {
            Some(found) => found,
            None => {
                let request = Request::once("AllocateAddress").with("Domain", "vpc");
                self.endpoint.ask(&request.tags(1, "elastic-ip", tags(order, &order.name))).await?
            }
        };
        if made.text("instanceId") != Some(instance) {
            let request = Request::new("AssociateAddress")
                .with("AllocationId", made.text("allocationId").unwrap_or_default())
                .with("InstanceId", instance)
                .with("AllowReassociation", "true");
            self.endpoint.ask(&request).await?;
        }
        made.text("publicIp").and_then(|address| address.parse().ok()).ok_or_else(|| {
            let said = "the address it gave is none";
            self.endpoint.complaint("allocate an address", SystemErrorKind::Failed, said, "")
        })
    }

    /// Gives back all addresses of the machine.
    pub(super) async fn addresses_release(&self, order: &MachineOrder) -> Result<(), SystemError> {
        for address in self.addresses(order).await? {
            let allocation = address.text("allocationId").unwrap_or_default();
            match self.endpoint.ask(&Request::new("ReleaseAddress").with("AllocationId", allocation)).await {
                Err(error) if error.kind == SystemErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    async fn addresses(&self, order: &MachineOrder) -> Result<Vec<Element>, SystemError> {
        let machine = order.machine.to_string();
        let request = self.ours("DescribeAddresses").filter("tag:hansa-machine", &[&machine]);
        let answer = self.endpoint.ask(&request).await?;
        // Tags are looked at again: not every speaker of the dialect filters addresses.
        let mine = answer
            .all("addressesSet/item")
            .filter(|one| self.is_ours(one) && one.all("tagSet/item").any(|tag| tag.text("value") == Some(&machine)));
        Ok(mine.cloned().collect())
    }
}
