//! A partner without a network: what the one orchestrator asks goes straight
//! to the other's calls, as a broker's federation manager would bring it there.

use crate::catalogue::provider;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::{Partner, PartnerError};
use hansa_ontology::{
    ApplicationId, MachineId,
    order::{MachineStanding, MachineWish, OrderReport, OrderRequest, OrderState, PartnerProvider},
};
use hansa_repository::ambient::{Clock as _, SystemClock};
use hansa_service_orchestrator::{Hold, OrchestratorError, ServiceOrchestrator};
use hansa_wdm::LogLine;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

/// The buyer's name at the seller.
pub(crate) const BUYER: &str = "did:web:north.example";
/// The seller's name at the buyer.
pub(crate) const SELLER: &str = "Southern Clouds";

/// What is known of an order on the buyer's side.
#[derive(Debug, Default)]
struct Known {
    application: Option<ApplicationId>,
    ordered: bool,
    report: Option<OrderReport>,
    ending: bool,
}

/// The way to one seller.
#[derive(Debug)]
pub(crate) struct Wire {
    side: String,
    name: String,
    seller: ServiceOrchestrator,
    orders: Mutex<BTreeMap<MachineId, Known>>,
    lost_since: Mutex<Option<DateTime<Utc>>>,
    /// Every order that was handed on.
    pub(crate) sent: Mutex<Vec<OrderRequest>>,
    /// So many orders can't be written down at first.
    pub(crate) failing: AtomicU32,
}

impl Wire {
    pub(crate) fn new(seller: ServiceOrchestrator) -> Self {
        Self::to("south", SELLER, seller)
    }

    pub(crate) fn to(side: &str, name: &str, seller: ServiceOrchestrator) -> Self {
        Self {
            side: side.to_owned(),
            name: name.to_owned(),
            seller,
            orders: Mutex::default(),
            lost_since: Mutex::default(),
            sent: Mutex::default(),
            failing: AtomicU32::new(0),
        }
    }

    fn has(&self, order: MachineId) -> bool {
        self.orders.lock().unwrap().contains_key(&order)
    }

    /// From now on nothing comes through.
    pub(crate) fn cut(&self) {
        *self.lost_since.lock().unwrap() = Some(SystemClock.now());
    }

    /// All is well again: what was to be ended meanwhile is ended.
    pub(crate) async fn mend(&self) {
        *self.lost_since.lock().unwrap() = None;
        let ending: Vec<MachineId> =
            self.orders.lock().unwrap().iter().filter(|(_, known)| known.ending).map(|(id, _)| *id).collect();
        for order in ending {
            self.seller.order_end(BUYER, order).await.unwrap();
        }
    }

    fn lost(&self) -> Option<DateTime<Utc>> {
        *self.lost_since.lock().unwrap()
    }

    fn known<T>(&self, order: MachineId, change: impl FnOnce(&mut Known) -> T) -> T {
        change(self.orders.lock().unwrap().entry(order).or_default())
    }
}

fn failed(error: OrchestratorError) -> PartnerError {
    match error {
        OrchestratorError::OrderRefused(why) => PartnerError::Refused(why),
        error => PartnerError::Unavailable(error.into()),
    }
}

#[async_trait]
impl Partner for Wire {
    async fn provider_list(&self) -> Result<Vec<PartnerProvider>, PartnerError> {
        Ok(vec![PartnerProvider {
            provider: provider(&self.side),
            partner: self.name.clone(),
            unusable: self.lost().map(|_| "it isn't heard".to_owned()),
            unusable_offers: BTreeMap::new(),
        }])
    }

    async fn machine_ensure(&self, wish: &MachineWish) -> Result<MachineStanding, PartnerError> {
        if let Some(since) = self.lost() {
            return Ok(MachineStanding::Lost { since, reason: "the line is cut".to_owned() });
        }
        let ordered = self.known(wish.machine, |known| {
            known.application = Some(wish.application);
            known.ordered
        });
        if ordered {
            return Ok(MachineStanding::Ordered);
        }
        let until = SystemClock.now() + TimeDelta::seconds(60);
        let hold = Hold { order: wish.machine, partner: BUYER.to_owned(), offer: wish.offer.id.clone(), until };
        match self.seller.hold_place(&hold).await {
            Ok(()) => Ok(MachineStanding::Held { until }),
            Err(OrchestratorError::OrderRefused(reason)) => Ok(MachineStanding::Refused { reason }),
            Err(error) => Ok(MachineStanding::Pending { waits_for: error.to_string() }),
        }
    }

    async fn order_put(&self, request: OrderRequest) -> Result<(), PartnerError> {
        let fails = self.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(PartnerError::Unavailable("the database is locked".into()));
        }
        self.seller.order_put(BUYER, &request).await.map_err(failed)?;
        self.known(request.id, |known| known.ordered = true);
        self.sent.lock().unwrap().push(request);
        Ok(())
    }

    async fn order_reports(&self, application: ApplicationId) -> Result<Vec<OrderReport>, PartnerError> {
        let own: Vec<MachineId> = self
            .orders
            .lock()
            .unwrap()
            .iter()
            .filter(|(_, known)| known.application == Some(application))
            .map(|(id, _)| *id)
            .collect();
        let mut reports = Vec::new();
        for order in own {
            if self.lost().is_none()
                && let Some(report) = self.seller.order_report(BUYER, order).await.map_err(failed)?
            {
                self.known(order, |known| known.report = Some(report));
            }
            reports.extend(self.known(order, |known| known.report.clone()));
        }
        Ok(reports)
    }

    async fn machine_release(&self, machine: MachineId) -> Result<bool, PartnerError> {
        self.known(machine, |known| known.ending = true);
        if self.lost().is_some() {
            return Ok(true);
        }
        self.seller.order_end(BUYER, machine).await.map_err(failed)?;
        let report = self.seller.order_report(BUYER, machine).await.map_err(failed)?;
        Ok(report.is_none_or(|report| report.state == OrderState::Ended))
    }

    async fn order_logs(
        &self,
        machine: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, PartnerError> {
        self.seller.order_logs(BUYER, machine, component, ordinal, tail).await.map_err(failed)
    }
}

/// Several partners.
#[derive(Debug)]
pub(crate) struct Wires(pub(crate) Vec<Arc<Wire>>);

impl Wires {
    fn with(&self, order: MachineId) -> Result<&Wire, PartnerError> {
        let found = self.0.iter().find(|wire| wire.has(order));
        found.map(Arc::as_ref).ok_or(PartnerError::NotFound(order))
    }
}

#[async_trait]
impl Partner for Wires {
    async fn provider_list(&self) -> Result<Vec<PartnerProvider>, PartnerError> {
        let mut all = Vec::new();
        for wire in &self.0 {
            all.extend(wire.provider_list().await?);
        }
        Ok(all)
    }

    async fn machine_ensure(&self, wish: &MachineWish) -> Result<MachineStanding, PartnerError> {
        let wire = self.0.iter().find(|wire| provider(&wire.side) == wish.offer.provider).unwrap();
        wire.machine_ensure(wish).await
    }

    async fn order_put(&self, request: OrderRequest) -> Result<(), PartnerError> {
        self.with(request.id)?.order_put(request).await
    }

    async fn order_reports(&self, application: ApplicationId) -> Result<Vec<OrderReport>, PartnerError> {
        let mut all = Vec::new();
        for wire in &self.0 {
            all.extend(wire.order_reports(application).await?);
        }
        Ok(all)
    }

    async fn machine_release(&self, machine: MachineId) -> Result<bool, PartnerError> {
        match self.with(machine) {
            Ok(wire) => wire.machine_release(machine).await,
            Err(_) => Ok(true),
        }
    }

    async fn order_logs(
        &self,
        machine: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, PartnerError> {
        self.with(machine)?.order_logs(machine, component, ordinal, tail).await
    }
}
