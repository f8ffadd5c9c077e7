//! What things cost.

use crate::{
    AccountingError, hex,
    usage::{Meter, PlanId},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Currency, offer::PricingModel};
use hansa_repository::life::Rental;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// What the use of something costs. A plan never changes: a new price is a new plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PricePlan {
    /// Its name.
    pub id: PlanId,
    /// What people read.
    pub title: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// What each meter costs. A meter without a rate can't be rated.
    pub rates: Vec<Rate>,
    /// Seconds that are paid in any case when a thing ends earlier.
    #[serde(default)]
    pub minimum_term: u64,
}

/// What one meter costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// The meter.
    pub meter: Meter,
    /// What the price is for.
    pub unit: Arc<Unit>,
    /// The price.
    pub price: Price,
    /// What is free in each billing month of each project, in the meter's unit.
    #[serde(default)]
    pub free: u64,
}

/// What a price is for: so many units of the meter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unit {
    /// What people call it: `Hours`, `GiB-Hours` (FOCUS 1.2, unit format).
    pub name: String,
    /// Its code for invoices (UN/ECE Recommendation 20, EN 16931 BT-130): `HUR`.
    pub code: String,
    /// How many of the meter's units are one: 3600 seconds are one of `Hours`.
    pub size: u64,
    /// What the meter's own unit is called: `Seconds`.
    pub of: String,
}

/// A price in micro-units of the plan's currency for one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Price {
    /// The same for every unit.
    Flat {
        /// The price.
        micros: i64,
    },
    /// Each stretch of the month's use at the price of its tier.
    Graduated {
        /// The tiers, in order.
        tiers: Vec<Tier>,
    },
    /// The whole month's use at the price of the tier that it reaches.
    Volume {
        /// The tiers, in order.
        tiers: Vec<Tier>,
    },
    /// The price of the moment, each from its time on.
    Spot {
        /// When which price began.
        prices: BTreeMap<DateTime<Utc>, i64>,
    },
}

/// A stretch of the use of one month and one project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tier {
    /// How far it reaches, in the meter's unit. None: without end; the last tier only.
    pub up_to: Option<u64>,
    /// The price.
    pub micros: i64,
}

impl Unit {
    /// Hours of a meter of seconds.
    #[must_use]
    pub fn hours() -> Self {
        Self { name: "Hours".to_owned(), code: "HUR".to_owned(), size: 3_600, of: "Seconds".to_owned() }
    }

    /// Service credits, each one of its own.
    #[must_use]
    pub fn credits() -> Self {
        Self { name: "Credits".to_owned(), code: "C62".to_owned(), size: 1, of: "Credits".to_owned() }
    }
}

impl Price {
    /// The price where it is the same for every unit.
    #[must_use]
    pub const fn flat(&self) -> Option<i64> {
        match self {
            Self::Flat { micros } => Some(*micros),
            _ => None,
        }
    }

    /// How it is sold, in the words of offers.
    #[must_use]
    pub const fn model(&self) -> PricingModel {
        match self {
            Self::Spot { .. } => PricingModel::Spot,
            _ => PricingModel::OnDemand,
        }
    }

    fn check(&self, field: &str) -> Result<(), AccountingError> {
        let prices: Vec<i64> = match self {
            Self::Flat { micros } => vec![*micros],
            Self::Graduated { tiers } | Self::Volume { tiers } => {
                check_tiers(tiers, field)?;
                tiers.iter().map(|tier| tier.micros).collect()
            }
            Self::Spot { prices } => prices.values().copied().collect(),
        };
        if prices.is_empty() {
            return Err(AccountingError::invalid(field, "has no price; state at least one"));
        }
        match prices.iter().find(|micros| **micros < 0) {
            Some(micros) => {
                Err(AccountingError::invalid(field, format!("{micros} is below 0; give a discount instead")))
            }
            None => Ok(()),
        }
    }
}

fn check_tiers(tiers: &[Tier], field: &str) -> Result<(), AccountingError> {
    let rising = tiers.windows(2).all(|pair| match pair {
        [one, next] => one.up_to.is_some() && (next.up_to.is_none() || next.up_to > one.up_to),
        _ => true,
    });
    if rising && tiers.last().is_some_and(|last| last.up_to.is_none()) {
        return Ok(());
    }
    let problem = "must reach further from tier to tier, and the last one must have no `upTo`";
    Err(AccountingError::invalid(format!("{field}.tiers"), problem))
}

impl PricePlan {
    /// The plan of a rental: the hourly price of the offer as it was when the
    /// machine was rented. Its name follows from all that it says, so that the
    /// same terms are the same plan.
    ///
    /// # Errors
    /// When the price is below 0.
    pub fn of_rental(rental: &Rental) -> Result<Self, AccountingError> {
        let Rental { offer, title, model, price_micros: micros, currency, .. } = rental;
        let price = match model {
            PricingModel::Spot => Price::Spot { prices: BTreeMap::from([(DateTime::UNIX_EPOCH, *micros)]) },
            PricingModel::OnDemand | PricingModel::Reserved => Price::Flat { micros: *micros },
        };
        let digest = Sha256::digest(format!("{offer}\n{title}\n{model:?}\n{micros}\n{currency}"));
        let digest: String = hex(&digest).chars().take(12).collect();
        let short: String = offer.short().chars().filter(char::is_ascii_graphic).take(50).collect();
        let id = PlanId::new(&format!("{short}:{digest}"))?;
        let meter = Meter::machine_seconds();
        let rates = vec![Rate { meter, unit: Arc::new(Unit::hours()), price, free: 0 }];
        let plan = Self { id, title: title.clone(), currency: *currency, rates, minimum_term: 0 };
        plan.check()?;
        Ok(plan)
    }

    /// The rate of a meter.
    #[must_use]
    pub fn rate(&self, meter: &Meter) -> Option<&Rate> {
        self.rates.iter().find(|rate| rate.meter == *meter)
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// Names the field that can't be right.
    pub fn check(&self) -> Result<(), AccountingError> {
        for (place, rate) in self.rates.iter().enumerate() {
            let field = format!("plan {}: rates[{place}]", self.id);
            if rate.unit.size == 0 {
                return Err(AccountingError::invalid(format!("{field}.unit.size"), "must be at least 1"));
            }
            if self.rates.iter().take(place).any(|other| other.meter == rate.meter) {
                let problem = format!("`{}` has a rate already; keep one", rate.meter);
                return Err(AccountingError::invalid(format!("{field}.meter"), problem));
            }
            if self.minimum_term > 0 && rate.price.flat().is_none() {
                let problem = "must be flat, because the plan has a `minimumTerm`";
                return Err(AccountingError::invalid(format!("{field}.price"), problem));
            }
            rate.price.check(&format!("{field}.price"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(price: Price, minimum_term: u64) -> PricePlan {
        let rate = Rate { meter: Meter::new("s").unwrap(), unit: Arc::new(Unit::hours()), price, free: 0 };
        let (id, title) = (PlanId::new("p").unwrap(), "P".to_owned());
        PricePlan { id, title, currency: Currency::EUR, rates: vec![rate], minimum_term }
    }

    #[test]
    fn plans_that_cannot_be_right_name_the_field() {
        let tier = |up_to, micros| Tier { up_to, micros };
        let cases = [
            (plan(Price::Flat { micros: -1 }, 0), "rates[0].price: -1 is below 0"),
            (plan(Price::Graduated { tiers: vec![] }, 0), "rates[0].price.tiers"),
            (plan(Price::Graduated { tiers: vec![tier(Some(5), 1), tier(Some(5), 1), tier(None, 1)] }, 0), "further"),
            (plan(Price::Volume { tiers: vec![tier(None, 1), tier(None, 1)] }, 0), "further"),
            (plan(Price::Spot { prices: BTreeMap::new() }, 0), "has no price"),
            (plan(Price::Spot { prices: BTreeMap::from([(DateTime::UNIX_EPOCH, 1)]) }, 60), "must be flat"),
        ];
        for (plan, words) in cases {
            let error = plan.check().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(plan(Price::Graduated { tiers: vec![tier(Some(5), 1), tier(None, 0)] }, 0).check().is_ok());
    }
}
