//! How much an organisation or a project may have at one time, and how much it has.

use crate::{
    Currency, Money, OrganisationId, ProjectId, ResourceModel,
    money::Micros,
    quantity::{CpuMilli, Mebibytes},
    resource_model::Replicas,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// How much somebody may have at one time. What is absent is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applications: Option<u32>,
    /// Instances of all components together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Processors that all instances ask for together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuMilli>,
    /// Memory that all instances ask for together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Mebibytes>,
    /// What all plans together cost an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<Money>,
}

/// Who has a quota.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaHolder {
    /// An organisation, for all of its projects together.
    Organisation(OrganisationId),
    /// A project.
    Project(ProjectId),
}

impl fmt::Display for QuotaHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(id) => write!(f, "the organisation {id}"),
            Self::Project(id) => write!(f, "the project {id}"),
        }
    }
}

/// How much is taken of a quota.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuotaUsage {
    /// Applications.
    pub applications: u64,
    /// Instances, of a range its upper end.
    pub instances: u64,
    /// Thousandths of processors.
    pub cpu_milli: u64,
    /// MiB of memory.
    pub memory_mib: u64,
    /// Micro-units an hour, by currency, as far as plans are made.
    pub price_micros: BTreeMap<Currency, i64>,
}

impl QuotaUsage {
    /// What an application of this model takes. Its price is known once it is planned.
    #[must_use]
    pub fn of(model: &ResourceModel) -> Self {
        let mut usage = Self { applications: 1, ..Self::default() };
        for component in model.components.values() {
            let count = u64::from(counted(component.replicas));
            usage.instances += count;
            usage.cpu_milli += count * u64::from(component.resources.cpu.0);
            usage.memory_mib += count * component.resources.memory.0;
        }
        usage
    }

    /// Whether it takes more of anything that is counted than it took `before`.
    #[must_use]
    pub const fn grows_from(&self, before: &Self) -> bool {
        self.applications > before.applications
            || self.instances > before.instances
            || self.cpu_milli > before.cpu_milli
            || self.memory_mib > before.memory_mib
    }

    /// With a price for an hour.
    #[must_use]
    pub fn with_price(mut self, price: Option<Money>) -> Self {
        if let Some(price) = price {
            *self.price_micros.entry(price.currency).or_default() += price.micros;
        }
        self
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.applications += other.applications;
        self.instances += other.instances;
        self.cpu_milli += other.cpu_milli;
        self.memory_mib += other.memory_mib;
        for (currency, micros) in &other.price_micros {
            let sum = self.price_micros.entry(*currency).or_default();
            *sum = sum.saturating_add(*micros);
        }
        self
    }
}

/// The upper end of a range: what may be taken without anybody asking again.
const fn counted(replicas: Replicas) -> u32 {
    match replicas {
        Replicas::Fixed(count) => count,
        Replicas::Range { min, max } => match max {
            Some(max) => max,
            None => min,
        },
    }
}

/// A quota that a change would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what}: the quota of {holder} is {limit}, {used} is taken by others of its applications, and {asked} is asked for; take something away or scale it down, or have the quota raised"
)]
pub struct QuotaExceeded {
    /// Whose quota.
    pub holder: QuotaHolder,
    /// Of what.
    pub what: &'static str,
    /// How much other applications take.
    pub used: String,
    /// How much the change asks for.
    pub asked: String,
    /// How much there may be.
    pub limit: String,
}

impl Quota {
    /// Whether anything is limited.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an application may take `asked`, where the holder's others take
    /// `used` and it took `before`. What doesn't grow is never refused, so that
    /// one can come down from above a quota step by step.
    ///
    /// # Errors
    /// The first quota that would be broken.
    pub fn check(
        &self,
        holder: &QuotaHolder,
        used: &QuotaUsage,
        before: &QuotaUsage,
        asked: &QuotaUsage,
    ) -> Result<(), QuotaExceeded> {
        let cpu =
            |milli: u64| format!("{} vCPU", Micros(i64::try_from(milli).unwrap_or(i64::MAX).saturating_mul(1_000)));
        let memory = |mib: u64| format!("{mib} MiB");
        let counts = [
            (
                "applications",
                self.applications.map(u64::from),
                used.applications,
                before.applications,
                asked.applications,
            ),
            ("instances", self.instances.map(u64::from), used.instances, before.instances, asked.instances),
        ];
        for (what, limit, used, before, asked) in counts {
            within(holder, what, limit, (used, before, asked), &|count| count.to_string())?;
        }
        let limit = self.cpu.map(|cpu| u64::from(cpu.0));
        within(holder, "processors", limit, (used.cpu_milli, before.cpu_milli, asked.cpu_milli), &cpu)?;
        let limit = self.memory.map(|memory| memory.0);
        within(holder, "memory", limit, (used.memory_mib, before.memory_mib, asked.memory_mib), &memory)?;
        self.check_price(holder, used, before, asked)
    }

    fn check_price(
        &self,
        holder: &QuotaHolder,
        used: &QuotaUsage,
        before: &QuotaUsage,
        asked: &QuotaUsage,
    ) -> Result<(), QuotaExceeded> {
        let Some(limit) = self.price_per_hour else { return Ok(()) };
        let of = |usage: &QuotaUsage| usage.price_micros.get(&limit.currency).copied().unwrap_or_default();
        let told = |micros| format!("{} an hour", Money::new(micros, limit.currency));
        let foreign = asked.price_micros.iter().find(|(currency, micros)| **currency != limit.currency && **micros > 0);
        let exceeded = |asked: String| QuotaExceeded {
            holder: holder.clone(),
            what: "price",
            used: told(of(used)),
            asked,
            limit: told(limit.micros),
        };
        if let Some((currency, micros)) = foreign {
            // Two currencies can't be compared; there is no rate that both sides agreed on.
            return Err(exceeded(format!("{} an hour", Money::new(*micros, *currency))));
        }
        if of(asked) > of(before) && of(used).saturating_add(of(asked)) > limit.micros {
            return Err(exceeded(told(of(asked))));
        }
        Ok(())
    }
}

fn within(
    holder: &QuotaHolder,
    what: &'static str,
    limit: Option<u64>,
    (used, before, asked): (u64, u64, u64),
    told: &dyn Fn(u64) -> String,
) -> Result<(), QuotaExceeded> {
    match limit {
        Some(limit) if asked > before && used.saturating_add(asked) > limit => Err(QuotaExceeded {
            holder: holder.clone(),
            what,
            used: told(used),
            asked: told(asked),
            limit: told(limit),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(applications: u64, instances: u64, price: i64) -> QuotaUsage {
        let usage = QuotaUsage { applications, instances, cpu_milli: instances * 500, ..QuotaUsage::default() };
        usage.with_price(Some(Money::new(price, Currency::EUR)))
    }

    fn check(quota: Quota, used: &QuotaUsage, before: &QuotaUsage, asked: &QuotaUsage) -> Result<(), String> {
        let holder = QuotaHolder::Project(ProjectId::local());
        quota.check(&holder, used, before, asked).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_used_asked_and_allowed_is_told() {
        let quota = Quota { instances: Some(10), ..Quota::default() };
        assert_eq!(check(quota, &usage(1, 8, 0), &QuotaUsage::default(), &usage(1, 2, 0)), Ok(()));
        let told = check(quota, &usage(1, 8, 0), &QuotaUsage::default(), &usage(1, 3, 0)).unwrap_err();
        for part in ["instances", "local/default", "is 10", "8 is taken", "3 is asked"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn one_may_come_down_from_above_a_quota() {
        let quota = Quota { instances: Some(1), cpu: Some(CpuMilli(100)), ..Quota::default() };
        assert_eq!(check(quota, &usage(1, 5, 0), &usage(1, 4, 0), &usage(1, 3, 0)), Ok(()));
        assert!(check(quota, &usage(1, 5, 0), &usage(1, 3, 0), &usage(1, 4, 0)).is_err());
    }

    #[test]
    fn prices_of_two_currencies_are_not_compared() {
        let quota = Quota { price_per_hour: Some(Money::new(2_000_000, Currency::EUR)), ..Quota::default() };
        let before = QuotaUsage::default();
        assert_eq!(check(quota, &usage(1, 1, 1_000_000), &before, &usage(1, 1, 1_000_000)), Ok(()));
        assert!(check(quota, &usage(1, 1, 1_000_000), &before, &usage(1, 1, 1_000_001)).is_err());
        let dollars = QuotaUsage::default().with_price(Some(Money::new(1, "USD".parse().unwrap())));
        assert!(check(quota, &before, &before, &dollars).unwrap_err().contains("USD"));
    }
}
