//! Who pays, and what was agreed with them.

use super::{ExchangeRates, PricePlan, Rate, Zone};
use crate::{
    AccountingError, Interval,
    usage::{Meter, PlanId, ResourceKind, Subject},
};
use chrono::NaiveDate;
use hansa_ontology::{ApplicationId, Currency, ProjectId, ProviderId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The project.
    pub project: ProjectId,
    /// The currency of its bills.
    pub currency: Currency,
    /// The time zone of its months and days.
    #[schemars(with = "String")]
    pub zone: Zone,
    /// What it pays less, in this order.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// What it has reserved, in the order in which they cover.
    #[serde(default)]
    pub reservations: Vec<Reservation>,
}

/// A share of the price that is not paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discount {
    /// Its name.
    pub id: Arc<str>,
    /// Millionths of what is left by the discounts before it: 100000 is 10 %.
    pub ppm: u32,
    /// Only of this plan.
    #[serde(default)]
    pub plan: Option<PlanId>,
    /// Only of this meter.
    #[serde(default)]
    pub meter: Option<Meter>,
    /// Only of this application.
    #[serde(default)]
    pub application: Option<ApplicationId>,
    /// From this day on.
    pub from: NaiveDate,
    /// Through this day.
    #[serde(default)]
    pub through: Option<NaiveDate>,
}

impl Discount {
    pub(super) fn applies(&self, subject: &Subject, day: NaiveDate) -> bool {
        self.from <= day
            && self.through.is_none_or(|through| day <= through)
            && self.plan.as_ref().is_none_or(|plan| *plan == subject.plan)
            && self.meter.as_ref().is_none_or(|meter| *meter == subject.meter)
            && self.application.is_none_or(|application| subject.application == Some(application))
    }
}

/// So much of one plan's meter, paid for a term whether it is used or not. It
/// covers, hour by hour, what the project uses of that plan and meter, the
/// earlier use first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reservation {
    /// Its name.
    pub id: Arc<str>,
    /// Who delivers it.
    pub provider: ProviderId,
    /// What kind of thing is reserved.
    pub kind: ResourceKind,
    /// The plan whose use it covers.
    pub plan: PlanId,
    /// The meter that it covers.
    pub meter: Meter,
    /// How much in each second, in the meter's unit: 3 machines are 3 of `machine-seconds`.
    pub units: u64,
    /// Its price in micro-units of the plan's currency, for the same unit as the rate's.
    pub micros: i64,
    /// Its term.
    pub term: Interval,
}

impl Account {
    /// Whether it can be used.
    ///
    /// # Errors
    /// Names the field that can't be right.
    pub fn check(&self) -> Result<(), AccountingError> {
        for (place, discount) in self.discounts.iter().enumerate() {
            if discount.ppm > 1_000_000 {
                let problem = format!("{} is more than the whole price; at most 1000000", discount.ppm);
                return Err(AccountingError::invalid(format!("discounts[{place}].ppm"), problem));
            }
        }
        for (place, reservation) in self.reservations.iter().enumerate() {
            let field = |name: &str| format!("reservations[{place}].{name}");
            if reservation.micros < 0 {
                return Err(AccountingError::invalid(field("micros"), "must be 0 or more"));
            }
            if self.reservations.iter().take(place).any(|other| other.id == reservation.id) {
                let problem = format!("`{}` is there twice; each needs a name of its own", reservation.id);
                return Err(AccountingError::invalid(field("id"), problem));
            }
        }
        Ok(())
    }
}

/// All that is needed to turn quantities into money.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    plans: BTreeMap<PlanId, PricePlan>,
    /// What currencies are worth.
    pub exchange: ExchangeRates,
}

impl PriceList {
    /// Adds a plan.
    ///
    /// # Errors
    /// When it can't be right, or another one has its name.
    pub fn add(&mut self, plan: PricePlan) -> Result<(), AccountingError> {
        plan.check()?;
        match self.plans.get(&plan.id) {
            Some(known) if *known != plan => {
                Err(AccountingError::Conflict { what: "price plan", name: plan.id.to_string() })
            }
            _ => {
                self.plans.insert(plan.id.clone(), plan);
                Ok(())
            }
        }
    }

    /// A plan, and its rate for a meter.
    ///
    /// # Errors
    /// When there is no such plan, or it has no such rate.
    pub fn rate(&self, plan: &PlanId, meter: &Meter) -> Result<(&PricePlan, &Rate), AccountingError> {
        let unknown = |what, name: String| AccountingError::Unknown { field: "usage".to_owned(), what, name };
        let found = self.plans.get(plan).ok_or_else(|| unknown("price plan", plan.to_string()))?;
        let rate = found.rate(meter).ok_or_else(|| unknown("rate", format!("{meter} of price plan {plan}")))?;
        Ok((found, rate))
    }
}
