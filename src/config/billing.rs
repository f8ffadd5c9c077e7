//! What the broker does about money by itself.

use super::ConfigFault;
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the broker does about money by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BillingSettings {
    /// How often budgets are held against what is charged.
    pub budgets: TimeSpan,
    /// Bills each project's month by itself when it is over.
    pub close_months: bool,
}

impl Default for BillingSettings {
    fn default() -> Self {
        Self { budgets: TimeSpan::from_millis(60_000), close_months: false }
    }
}

/// Every rule that they break.
pub(super) fn check(billing: &BillingSettings, faults: &mut Vec<ConfigFault>) {
    let allowed = Duration::from_secs(1)..=Duration::from_secs(86_400);
    if !allowed.contains(&billing.budgets.duration()) {
        let text = format!("is {}, which is not between 1s and 24h", billing.budgets);
        faults.push(ConfigFault::new("billing.budgets", text, "give a time such as 1m"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_that_makes_sense_is_taken() {
        let faults = |millis| {
            let mut faults = Vec::new();
            let settings = BillingSettings { budgets: TimeSpan::from_millis(millis), ..BillingSettings::default() };
            check(&settings, &mut faults);
            faults.len()
        };
        assert_eq!((faults(60_000), faults(0), faults(90_000_000)), (0, 1, 1));
    }
}
