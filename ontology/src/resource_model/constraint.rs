//! What a machine must fulfil.

use crate::{
    money::MICROS_PER_UNIT,
    offer::{CpuArch, OfferKind},
    place::Area,
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a machine must fulfil. Those of the model and of the component hold together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Constraints", example = serde_json::json!({ "jurisdiction": { "allow": ["EU"] }, "capabilities": ["public-ip"], "minAvailability": 99.9 }))]
pub struct Constraints {
    /// Areas that must be served: each lies in the offer's area of service.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub service_area: BTreeSet<Area>,
    /// Where the site may lie: a country, or a group such as `EU`.
    #[serde(default, skip_serializing_if = "AllowDeny::is_empty")]
    pub location: AllowDeny<Area>,
    /// Which laws may bind the site. Allowed: one of its laws lies in one of
    /// these. Denied: none of its laws, nor the provider's country, lies in one of these.
    #[serde(default, skip_serializing_if = "AllowDeny::is_empty")]
    pub jurisdiction: AllowDeny<Area>,
    /// Which providers, by IRI or its last segment.
    #[serde(default, skip_serializing_if = "AllowDeny::is_empty")]
    pub provider: AllowDeny<String>,
    /// Which sites, by IRI or its last segment.
    #[serde(default, skip_serializing_if = "AllowDeny::is_empty")]
    pub site: AllowDeny<String>,
    /// Which kinds of offer. Empty: any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kind: BTreeSet<OfferKind>,
    /// Which processor architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_arch: Option<CpuArch>,
    /// Which model of graphics processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_model: Option<String>,
    /// Compliance claims that the offer must carry and that are still valid.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub claims: BTreeSet<String>,
    /// Capabilities and tags that the offer must have: `proxy`, `database`, `public-ip`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub capabilities: BTreeSet<String>,
    /// The least promised availability, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub min_availability: Option<Decimal>,
    /// The highest price for an hour, in units of the model's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_price_per_hour: Option<Decimal>,
    /// The highest carbon intensity, in grams of CO2 equivalent for each kilowatt-hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_carbon_intensity: Option<Decimal>,
}

impl Constraints {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The highest price for an hour in micro-units, rounded down.
    #[must_use]
    pub fn max_price_micros(&self) -> Option<i64> {
        let price = self.max_price_per_hour?.checked_mul(Decimal::from(MICROS_PER_UNIT))?.floor();
        i64::try_from(price).ok()
    }
}

/// What is allowed and what is denied. An empty `allow` allows everything; `deny` wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "T: Ord + Deserialize<'de>"))]
#[schemars(title = "Allow and deny", rename = "AllowDeny_{T}")]
pub struct AllowDeny<T> {
    /// Only these. Empty: all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<T>,
    /// None of these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub deny: BTreeSet<T>,
}

impl<T> Default for AllowDeny<T> {
    fn default() -> Self {
        Self { allow: BTreeSet::new(), deny: BTreeSet::new() }
    }
}

impl<T> AllowDeny<T> {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}
