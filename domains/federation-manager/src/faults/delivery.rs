//! Whoever delivers at the seller's: counts units, and keeps what it has when
//! its broker is killed, as an orchestrator's database does.

use crate::orders::{DeliveredLogLine, Fulfilment, FulfilmentError, Hold, LogRequest};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_ontology::{
    MachineId, OfferId,
    order::{DeliveredWorkload, OrderReport, OrderRequest, OrderState},
};
use hansa_repository::ambient::{Clock as _, SystemClock};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

#[derive(Debug, Clone)]
enum Slot {
    Held(DateTime<Utc>),
    Delivering(Box<OrderRequest>),
    Ending,
}

/// Units of one offer.
#[derive(Debug)]
pub(super) struct Units {
    units: usize,
    slots: Mutex<BTreeMap<(String, MachineId), Slot>>,
    /// The most units that were taken at one time.
    pub(super) most: Mutex<usize>,
    /// How often each order was begun.
    pub(super) begun: Mutex<BTreeMap<MachineId, u32>>,
}

impl Units {
    pub(super) fn new(units: usize) -> Self {
        Self { units, slots: Mutex::default(), most: Mutex::default(), begun: Mutex::default() }
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<(String, MachineId), Slot>> {
        let mut slots = self.slots.lock().unwrap();
        let now = SystemClock.now();
        slots.retain(|_, slot| !matches!(slot, Slot::Held(until) if *until <= now));
        slots
    }

    pub(super) fn taken(&self) -> usize {
        self.slots().len()
    }

    pub(super) fn generation(&self, order: MachineId) -> Option<i64> {
        self.slots().iter().find(|((_, id), _)| *id == order).and_then(|(_, slot)| match slot {
            Slot::Delivering(request) => Some(request.generation),
            _ => None,
        })
    }

    /// Forgets an order, as a database restored from a backup does.
    pub(super) fn forget(&self, order: MachineId) {
        self.slots().retain(|(_, id), _| *id != order);
    }
}

#[async_trait]
impl Fulfilment for Units {
    async fn available_units(&self, _: &str) -> Result<BTreeMap<OfferId, u32>, FulfilmentError> {
        Ok(BTreeMap::new())
    }

    async fn hold_place(&self, hold: &Hold) -> Result<(), FulfilmentError> {
        let key = (hold.partner.clone(), hold.order);
        let mut slots = self.slots();
        match slots.get(&key) {
            Some(Slot::Delivering(_)) => return Ok(()),
            Some(Slot::Ending) => return Err(FulfilmentError::Unavailable("it is ending".to_owned())),
            None if slots.len() >= self.units => {
                return Err(FulfilmentError::Refused { reason: "no unit is left".to_owned() });
            }
            Some(Slot::Held(_)) | None => {}
        }
        slots.insert(key, Slot::Held(hold.until));
        let mut most = self.most.lock().unwrap();
        *most = (*most).max(slots.len());
        Ok(())
    }

    async fn hold_release(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError> {
        let key = (partner.to_owned(), order);
        let mut slots = self.slots();
        if matches!(slots.get(&key), Some(Slot::Held(_))) {
            slots.remove(&key);
        }
        Ok(())
    }

    async fn order_put(&self, partner: &str, request: &OrderRequest) -> Result<(), FulfilmentError> {
        let key = (partner.to_owned(), request.id);
        let mut slots = self.slots();
        match slots.get(&key) {
            None => return Err(FulfilmentError::Refused { reason: "nothing is held".to_owned() }),
            Some(Slot::Ending) => return Err(FulfilmentError::Refused { reason: "it is ending".to_owned() }),
            Some(Slot::Delivering(old)) if old.generation >= request.generation => return Ok(()),
            Some(Slot::Held(_)) => *self.begun.lock().unwrap().entry(request.id).or_default() += 1,
            Some(Slot::Delivering(_)) => {}
        }
        slots.insert(key, Slot::Delivering(Box::new(request.clone())));
        Ok(())
    }

    async fn order_report(&self, partner: &str, order: MachineId) -> Result<Option<OrderReport>, FulfilmentError> {
        let slots = self.slots();
        let report = |state, request: Option<&OrderRequest>| OrderReport {
            id: order,
            generation: request.map_or(0, |request| request.generation),
            state,
            reason: None,
            workloads: request.map(workloads).unwrap_or_default(),
            as_of: SystemClock.now(),
        };
        Ok(match slots.get(&(partner.to_owned(), order)) {
            None | Some(Slot::Held(_)) => None,
            Some(Slot::Delivering(request)) => Some(report(OrderState::Completed, Some(request))),
            Some(Slot::Ending) => Some(report(OrderState::Ending, None)),
        })
    }

    async fn order_end(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError> {
        let key = (partner.to_owned(), order);
        let mut slots = self.slots();
        // It takes two looks, as taking real things away does.
        match slots.get(&key) {
            Some(Slot::Delivering(_)) => drop(slots.insert(key, Slot::Ending)),
            Some(Slot::Ending) => drop(slots.remove(&key)),
            _ => {}
        }
        Ok(())
    }

    async fn order_logs(
        &self,
        _: &str,
        _: MachineId,
        request: &LogRequest,
    ) -> Result<Vec<DeliveredLogLine>, FulfilmentError> {
        let text = format!("{} {}", request.component, request.ordinal);
        Ok(vec![DeliveredLogLine { at: SystemClock.now(), source: "stdout".to_owned(), text }])
    }
}

fn workloads(request: &OrderRequest) -> Vec<DeliveredWorkload> {
    let instances = request.model.delivery.iter().flat_map(|delivery| delivery.instances.clone());
    instances
        .map(|instance| DeliveredWorkload {
            instance,
            current: true,
            state: "running".to_owned(),
            healthy: true,
            reason: None,
            restarts: 0,
            since: DateTime::UNIX_EPOCH,
            endpoints: BTreeMap::new(),
        })
        .collect()
}
