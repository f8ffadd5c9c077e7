//! Budgets: they warn, and by choice stop.

use crate::{AccountingError, forecast::Forecast};
use hansa_ontology::{ApplicationId, Money, ProjectId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What may be spent in a billing month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Whose.
    pub project: ProjectId,
    /// Of one application only.
    #[serde(default)]
    pub application: Option<ApplicationId>,
    /// How much, before tax.
    pub limit: Money,
    /// What happens at which share of it.
    pub thresholds: Vec<Threshold>,
}

/// Something that happens when a share of a budget is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Threshold {
    /// The share, in percent of the limit.
    pub percent: u32,
    /// Of what.
    pub of: Measure,
    /// What happens.
    pub action: BudgetAction,
}

/// What is held against a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// What has been charged.
    Actual,
    /// What the month is expected to come to.
    Forecast,
}

/// What happens at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BudgetAction {
    /// People are told.
    Warn,
    /// Nothing new is started; what runs goes on, for what it keeps would be lost.
    Stop,
}

impl Budget {
    /// Whether it can be kept to.
    ///
    /// # Errors
    /// Names the field that can't be right.
    pub fn check(&self) -> Result<(), AccountingError> {
        if self.limit.micros <= 0 {
            return Err(AccountingError::invalid("limit", "must be above 0"));
        }
        if self.thresholds.is_empty() {
            return Err(AccountingError::invalid("thresholds", "has none; say at which share something is to happen"));
        }
        match self.thresholds.iter().position(|threshold| threshold.percent == 0) {
            Some(place) => Err(AccountingError::invalid(format!("thresholds[{place}].percent"), "must be at least 1")),
            None => Ok(()),
        }
    }
}

/// The thresholds that are reached, but for those that were reached before in
/// the same month. A forecast never stops anything: it only warns.
#[must_use]
pub fn reached(budget: &Budget, forecast: &Forecast, before: &BTreeSet<Threshold>) -> Vec<Threshold> {
    let is_reached = |threshold: &&Threshold| {
        let micros = match threshold.of {
            Measure::Actual => forecast.known_micros,
            Measure::Forecast => forecast.expected_micros,
        };
        i128::from(micros) * 100 >= i128::from(budget.limit.micros) * i128::from(threshold.percent)
    };
    let harmless = |threshold: &Threshold| match threshold.of {
        Measure::Actual => *threshold,
        Measure::Forecast => Threshold { action: BudgetAction::Warn, ..*threshold },
    };
    let news = budget.thresholds.iter().filter(is_reached).map(harmless).filter(|one| !before.contains(one));
    let mut all: Vec<Threshold> = news.collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::Currency;

    #[test]
    fn each_threshold_is_told_once_and_only_facts_stop() {
        let threshold = |percent, of, action| Threshold { percent, of, action };
        let budget = Budget {
            project: ProjectId::new("acme/web").unwrap(),
            application: None,
            limit: Money::new(1_000, Currency::EUR),
            thresholds: vec![
                threshold(80, Measure::Actual, BudgetAction::Warn),
                threshold(100, Measure::Actual, BudgetAction::Stop),
                threshold(100, Measure::Forecast, BudgetAction::Stop),
            ],
        };
        let forecast = |known_micros, expected_micros| Forecast {
            known_micros,
            expected_micros,
            low_micros: 0,
            high_micros: 0,
            days: 7,
        };
        assert_eq!(budget.check(), Ok(()));
        let free = Budget { limit: Money::new(0, Currency::EUR), ..budget.clone() };
        assert!(free.check().unwrap_err().to_string().starts_with("limit: must be above 0"));
        let always = Budget { thresholds: vec![threshold(0, Measure::Actual, BudgetAction::Stop)], ..budget.clone() };
        assert!(always.check().unwrap_err().to_string().contains("thresholds[0].percent"));
        let none = BTreeSet::new();
        assert_eq!(reached(&budget, &forecast(799, 999), &none), []);
        let first = reached(&budget, &forecast(800, 1_000), &none);
        assert_eq!(
            first,
            [threshold(80, Measure::Actual, BudgetAction::Warn), threshold(100, Measure::Forecast, BudgetAction::Warn)]
        );
        let before: BTreeSet<_> = first.into_iter().collect();
        assert_eq!(
            reached(&budget, &forecast(1_000, 1_200), &before),
            [threshold(100, Measure::Actual, BudgetAction::Stop)]
        );
    }
}
