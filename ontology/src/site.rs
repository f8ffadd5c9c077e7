//! Where resources are.

use crate::{
    id::{ProviderId, SiteId},
    place::{Area, Coordinates},
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A place with resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// Its IRI.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub provider: ProviderId,
    /// Where it lies.
    pub country: Area,
    /// Where exactly.
    pub coordinates: Option<Coordinates>,
    /// The laws that bind what is stored and computed here. At least the country's.
    pub jurisdictions: BTreeSet<Area>,
    /// Round-trip time to other sites, in microseconds. Taken as symmetric:
    /// where only one direction is known it counts for both.
    pub latencies: BTreeMap<SiteId, u32>,
    /// The site's energy.
    pub energy: Option<EnergyProfile>,
}

/// How much carbon and power a site's or an offer's operation costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnergyProfile {
    /// Grams of CO2 equivalent for each kilowatt-hour, location-based.
    pub carbon_intensity: Decimal,
    /// Power usage effectiveness (ISO/IEC 30134-2), at least 1.
    pub pue: Decimal,
    /// Share of renewable energy, 0 to 1.
    pub renewable_share: Option<Decimal>,
    /// Mean electrical power of one unit in watts, before PUE. On an offer only.
    pub power_watts: Option<Decimal>,
}
