//! What somebody owes for one thing on one day.

use super::Unit;
use crate::{
    Interval,
    usage::{PlanId, Subject, Usage, UsageRecord},
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{Currency, Money, ProjectId};
use hansa_repository::breach::Missed;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Why something is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargeKind {
    /// Used within the month's free amount: costs nothing.
    Free,
    /// Used.
    Usage,
    /// Used, and covered by a reservation at its price.
    Reserved,
    /// Reserved, and not used.
    Unused,
    /// Not used, but owed because it ended before its minimum term.
    MinimumTerm,
    /// Below 0: given back because what was promised was not kept.
    Credit,
}

impl ChargeKind {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Usage => "usage",
            Self::Reserved => "reserved",
            Self::Unused => "unused",
            Self::MinimumTerm => "minimum-term",
            Self::Credit => "credit",
        }
    }
}

/// What a discount takes off a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discounted {
    /// The discount's name.
    pub id: Arc<str>,
    /// Micro-units of the billing currency.
    pub micros: i64,
}

/// Why something is given back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credited {
    /// The number of the event that tells of the breach, with its evidence.
    pub event: i64,
    /// What was promised, and what was measured.
    pub missed: Missed,
}

impl Credited {
    /// What people read: what was missed, and by how much.
    #[must_use]
    pub fn name(&self, plan: &PlanId) -> String {
        let Missed { metric, target, window, from, until, measured, credit_percent, .. } = &self.missed;
        let (name, unit, window) = (metric.name(), metric.unit(), window.name());
        let time = |at: &DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        format!(
            "service credit of {credit_percent} % of {plan}: {name} was {measured} {unit} from {} to {}, and {target} \
             {unit} in a {window} was promised (event {})",
            time(from),
            time(until),
            self.event,
        )
    }
}

/// What is owed for one meter of one thing on one day at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// The same whenever the same is rated again.
    pub id: Uuid,
    /// The day, in the billing time zone.
    pub day: NaiveDate,
    /// That day, in UTC.
    pub interval: Interval,
    /// Why.
    pub kind: ChargeKind,
    /// For what, and to whom.
    pub subject: Arc<Subject>,
    /// The reservation that covers it, or was not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation: Option<Arc<str>>,
    /// How much, in the meter's unit.
    pub quantity: u64,
    /// What the price is for.
    pub unit: Arc<Unit>,
    /// The price of one unit, in the plan's currency.
    pub price: Money,
    /// Whether the price was that of the moment.
    #[serde(default)]
    pub spot: bool,
    /// What one unit of the plan's currency is worth in the billing currency, in billionths.
    pub exchange_nanos: i64,
    /// What it costs before discounts, in micro-units of the billing currency.
    pub list_micros: i64,
    /// What is taken off, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discounted>,
    /// What it costs: micro-units of the billing currency.
    pub net_micros: i64,
    /// The billing currency.
    pub currency: Currency,
    /// Why it is below 0; of a credit only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<Arc<Credited>>,
}

impl Charge {
    /// Whose charge it is.
    #[must_use]
    pub fn project(&self) -> &ProjectId {
        &self.subject.project
    }

    /// What it costs.
    #[must_use]
    pub const fn net(&self) -> Money {
        Money::new(self.net_micros, self.currency)
    }
}

/// The digests of the records that a charge may rest on: of its thing, its meter and its day.
#[must_use]
pub fn evidence(charge: &Charge, usage: &Usage) -> Vec<String> {
    let within = |record: &&UsageRecord| record.interval().overlap(&charge.interval).is_some();
    usage.of(&charge.subject).iter().filter(within).map(UsageRecord::digest).collect()
}
