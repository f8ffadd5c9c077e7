//! Machines of partners: what this room asks of whoever talks to partners.
//!
//! Nothing here waits for a partner. A call writes a wish down, or answers from
//! what is known; the implementation talks to the partner by itself until the
//! wish is fulfilled. Every call may be repeated, and is: in each round.

use async_trait::async_trait;
use hansa_ontology::{
    ApplicationId, MachineId,
    order::{MachineStanding, MachineWish, OrderReport, OrderRequest, PartnerProvider},
};
use hansa_wdm::LogLine;
use std::{error::Error, fmt::Debug};

/// What keeps a wish from being written down, or an answer from being given.
#[derive(Debug, thiserror::Error)]
pub enum PartnerError {
    /// There is no such order.
    #[error("there is no order {0} at a partner")]
    NotFound(MachineId),
    /// The partner, or this broker, says no; why.
    #[error("{0}")]
    Refused(String),
    /// Try again later.
    #[error("what is known of partners can't be had now: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Orders machines of partners, and tells how they stand.
#[async_trait]
pub trait Partner: Debug + Send + Sync {
    /// The providers whose offers partners deliver.
    async fn provider_list(&self) -> Result<Vec<PartnerProvider>, PartnerError>;

    /// Sees to it that the machine will be held at its partner, and says how it stands.
    async fn machine_ensure(&self, wish: &MachineWish) -> Result<MachineStanding, PartnerError>;

    /// What is to run in a machine that is held or ordered. The same or an
    /// older generation again changes nothing.
    async fn order_put(&self, request: OrderRequest) -> Result<(), PartnerError>;

    /// The latest report of each order of an application of ours.
    async fn order_reports(&self, application: ApplicationId) -> Result<Vec<OrderReport>, PartnerError>;

    /// Gives the machine back, with all that runs in it. True when nothing of
    /// it is left, or when it was given up to be ended as soon as its partner
    /// is heard again. None at all is true.
    async fn machine_release(&self, machine: MachineId) -> Result<bool, PartnerError>;

    /// The last `tail` lines of the output of one instance, oldest first. Asks
    /// the partner, within the implementation's time limit.
    async fn order_logs(
        &self,
        machine: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, PartnerError>;
}

/// A broker that federates with nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPartners;

#[async_trait]
impl Partner for NoPartners {
    async fn provider_list(&self) -> Result<Vec<PartnerProvider>, PartnerError> {
        Ok(Vec::new())
    }

    async fn machine_ensure(&self, _: &MachineWish) -> Result<MachineStanding, PartnerError> {
        Ok(MachineStanding::Refused { reason: "this broker federates with nobody any more".to_owned() })
    }

    async fn order_put(&self, request: OrderRequest) -> Result<(), PartnerError> {
        Err(PartnerError::NotFound(request.id))
    }

    async fn order_reports(&self, _: ApplicationId) -> Result<Vec<OrderReport>, PartnerError> {
        Ok(Vec::new())
    }

    async fn machine_release(&self, _: MachineId) -> Result<bool, PartnerError> {
        Ok(true)
    }

    async fn order_logs(&self, machine: MachineId, _: &str, _: u32, _: usize) -> Result<Vec<LogLine>, PartnerError> {
        Err(PartnerError::NotFound(machine))
    }
}
