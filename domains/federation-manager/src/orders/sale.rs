//! A partner's order here: the hold, what is to be delivered, and how far that
//! is. With the rule of what to do next about it.

use super::purchase::Want;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    MachineId, Offer,
    order::{OrderReport, OrderRequest, OrderState},
};
use serde::{Deserialize, Serialize};

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SaleHold {
    /// Asked for; the room is being looked for.
    Placing,
    /// A unit is kept.
    Held,
    /// An order came for it.
    Committed,
    /// Being given back.
    Releasing,
    /// Given back by the partner.
    Released,
    /// Given back because its time was over.
    Expired,
}

/// A partner's hold or order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    /// The partner's DID.
    pub partner: String,
    /// Its order.
    pub id: MachineId,
    /// The agreement that it goes under.
    pub agreement: String,
    /// The offer, as it was when the unit was held.
    pub offer: Box<Offer>,
    /// What the partner wants.
    pub wish: Want,
    /// Where the hold stands.
    pub hold: SaleHold,
    /// Until when the unit is kept.
    pub until: DateTime<Utc>,
    /// What is to be delivered.
    pub request: Option<OrderRequest>,
    /// The highest generation that was handed on.
    pub placed: i64,
    /// Why it can't be delivered.
    pub failure: Option<String>,
    /// The last state that an event told of.
    pub told: Option<OrderState>,
    /// When it was first handed on: its use begins.
    pub begun_at: Option<DateTime<Utc>>,
    /// When its end was asked for: its use ends.
    pub ended_at: Option<DateTime<Utc>>,
    /// Nothing of it is left, and all its use is recorded.
    pub over: bool,
    /// The end of the last recorded period of use.
    pub recorded_to: Option<DateTime<Utc>>,
    /// When it was first asked for.
    pub created_at: DateTime<Utc>,
}

impl Sale {
    /// Whether it still takes a unit, or something of it is left to do.
    #[must_use]
    pub fn is_living(&self) -> bool {
        match self.wish {
            Want::Hold => matches!(self.hold, SaleHold::Placing | SaleHold::Held | SaleHold::Releasing),
            Want::Deliver => true,
            Want::End => !self.over,
        }
    }

    /// The generation that is wanted. 0: no order has come.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.request.as_ref().map_or(0, |request| request.generation)
    }

    /// Whether a unit is kept for it now.
    #[must_use]
    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        self.hold == SaleHold::Held && self.until > now
    }

    /// The report before, or instead of, that of whoever delivers.
    #[must_use]
    pub fn own_report(&self, now: DateTime<Utc>) -> OrderReport {
        let state = match self.wish {
            Want::End if self.over => OrderState::Ended,
            Want::End => OrderState::Ending,
            _ if self.failure.is_some() => OrderState::Failed,
            _ => OrderState::Acknowledged,
        };
        OrderReport {
            id: self.id,
            generation: self.generation(),
            state,
            reason: self.failure.clone(),
            workloads: Vec::new(),
            as_of: now,
        }
    }
}

/// What is to be done about a partner's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleStep {
    /// Nothing until then.
    Rest {
        /// When to look again; None: never.
        until: Option<DateTime<Utc>>,
    },
    /// Give the held unit back.
    HoldRelease,
    /// Hand the order on.
    Put,
    /// Look how it stands, and look again after a while.
    Look,
    /// Take it away.
    End,
}

/// The next step about a partner's order.
#[must_use]
pub fn sale_step(sale: &Sale, now: DateTime<Utc>) -> SaleStep {
    match sale.wish {
        Want::Hold => match sale.hold {
            SaleHold::Releasing => SaleStep::HoldRelease,
            SaleHold::Placing | SaleHold::Held if sale.until <= now => SaleStep::HoldRelease,
            SaleHold::Placing | SaleHold::Held => SaleStep::Rest { until: Some(sale.until) },
            _ => SaleStep::Rest { until: None },
        },
        Want::Deliver if sale.failure.is_none() && sale.placed < sale.generation() => SaleStep::Put,
        Want::Deliver => SaleStep::Look,
        Want::End if sale.over => SaleStep::Rest { until: None },
        Want::End => SaleStep::End,
    }
}

/// How soon a partner's order is looked at again.
#[must_use]
pub(super) fn look_pause(state: OrderState) -> TimeDelta {
    match state {
        OrderState::Completed => TimeDelta::seconds(2),
        OrderState::Failed => TimeDelta::seconds(5),
        _ => TimeDelta::milliseconds(300),
    }
}
