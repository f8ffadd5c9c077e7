//! Holds and orders, as primary and as secondary.
//!
//! As primary, a wish is one row ([`Purchase`]); a worker compares it with what
//! the partner says and takes one step after another ([`step()`]). As secondary,
//! a partner's order is one row ([`Sale`]), which a worker brings to whoever
//! delivers here ([`Fulfilment`]). Nothing is remembered but these rows.

mod buyer;
mod buyer_hold;
mod buyer_order;
mod buyer_work;
mod event;
mod fulfilment;
mod limit;
mod period;
mod purchase;
mod reconcile;
mod sale;
mod seller;
mod seller_hold;
mod seller_work;
mod service;
mod step;
mod usage;
mod usage_work;

pub use fulfilment::{DeliveredLogLine, Fulfilment, FulfilmentError, Hold, LogRequest};
pub use period::{Closing, Period, closed};
pub use purchase::{AskedHold, Purchase, Refusal, Want};
pub use sale::{Sale, SaleHold, SaleStep, sale_step};
pub use step::{AgreementView, HoldView, Known, OrderView, Step, Wish, step};
pub use usage::{Usage, UsageRole, UsageState};

pub(crate) use buyer_work::purchase_work;
pub(crate) use event::note;
pub(crate) use reconcile::reconcile_work;
pub(crate) use seller_work::sale_work;
pub(crate) use usage_work::usage_work;

use crate::{FederationError, FederationManager, outbox::Breaker, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::Connection;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// What orders, agreements and their workers remember between calls. Nothing of
/// it must survive the process.
#[derive(Default)]
pub(crate) struct Memory {
    /// Who delivers here. Set once, after the orchestrator was made.
    pub(crate) fulfilment: OnceLock<Arc<dyn Fulfilment>>,
    /// Who measures what is delivered here. Set once, like the one above.
    pub(crate) measured: OnceLock<Arc<dyn crate::settlement::Measured>>,
    /// When it was last looked for months to be settled, by DID.
    pub(crate) settled_looks: Mutex<HashMap<String, DateTime<Utc>>>,
    /// How calls to each partner went of late, by DID.
    pub(crate) breakers: Mutex<HashMap<String, Breaker>>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("breakers", &self.breakers).finish_non_exhaustive()
    }
}

impl Memory {
    /// Whether it is time to look for months to be settled; from now on it was.
    pub(crate) fn settled_look(&self, partner: &str, now: DateTime<Utc>, every: TimeDelta) -> bool {
        let mut looks = self.settled_looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.get(partner).is_some_and(|last| now - *last < every) {
            return false;
        }
        looks.insert(partner.to_owned(), now);
        true
    }
}

impl FederationManager {
    /// Says who delivers partners' orders here. Only the first call counts.
    pub fn fulfilment_set(&self, fulfilment: Arc<dyn Fulfilment>) {
        if self.inner.orders.fulfilment.set(fulfilment).is_err() {
            tracing::warn!("who delivers partners' orders was set already");
        }
    }

    pub(crate) fn fulfilment(&self) -> Result<&Arc<dyn Fulfilment>, FederationError> {
        let found = self.inner.orders.fulfilment.get();
        found.ok_or_else(|| FederationError::Unavailable("the broker is still starting; try again".to_owned()))
    }
}

/// How many orders and holds of a partner are not ended, in both directions:
/// a partner that is being left is terminated when there are none.
pub(crate) fn living(connection: &mut Connection, partner: &str) -> Result<u64, FederationError> {
    Ok(store::orders::living_count(connection, partner)?)
}
