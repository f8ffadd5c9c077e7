//! Flavours, and offers as their owner works on them.

use super::{Offer, Price};
use chrono::{DateTime, Utc};
use hansa_ontology::{self as ontology, Actor};
use hansa_repository::catalogue::sale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A named shape of machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "small", "kind": "virtual-machine", "cpuMilli": 1000, "memoryMib": 2048, "diskMib": 10240}))]
pub(crate) struct Flavour {
    /// Its name.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
    pub name: String,
    /// `virtual-machine`, `container` or `bare-metal`.
    #[schema(pattern = "^(virtual-machine|container|bare-metal)$")]
    pub kind: String,
    /// Thousandths of a processor.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub cpu_milli: u32,
    /// Memory, MiB.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub memory_mib: u64,
    /// Disk, MiB.
    #[schema(maximum = 1_000_000_000)]
    pub disk_mib: u64,
    /// `amd64`, `arm64` or `riscv64`.
    #[serde(default = "amd64")]
    #[schema(pattern = "^(amd64|arm64|riscv64)$")]
    pub cpu_arch: String,
    /// Graphics processors of each machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// Network bandwidth in megabits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000_000)]
    pub bandwidth_mbps: Option<u32>,
    /// What `If-Match` compares; ignored in what is sent.
    #[serde(default)]
    #[schema(read_only, maximum = 9_007_199_254_740_991_i64)]
    pub version: i64,
}

fn amd64() -> String {
    "amd64".to_owned()
}

/// Graphics processors of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Gpu {
    /// The vendor's name of the model.
    #[schema(min_length = 1, max_length = 200)]
    pub model: String,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000)]
    pub count: u32,
}

/// An offer that is to be drafted of a flavour at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"flavour": "small", "site": "urn:hansa:site:local", "pricePerHour": {"amount": "0.02", "currency": "EUR"}, "units": 4}))]
pub(crate) struct DraftRequest {
    /// Its IRI; made of the site's and the flavour's name where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2048)]
    pub id: Option<String>,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// The flavour's name.
    #[schema(min_length = 1, max_length = 63)]
    pub flavour: String,
    /// The site: IRI, or its last segment.
    #[schema(min_length = 1, max_length = 2048)]
    pub site: String,
    /// Price of one unit for an hour.
    pub price_per_hour: Price,
    /// `on-demand`, `reserved` or `spot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(on-demand|reserved|spot)$")]
    pub pricing_model: Option<String>,
    /// Units that can be rented in all. Absent: what the site's nodes give, kept up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub units: Option<u32>,
    /// Promised availability in percent, such as `99.9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub availability_percent: Option<String>,
    /// The whole agreement, in the words of the ontology; in the place of `availabilityPercent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<serde_json::Value>,
    /// What its machines can be used for.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub capabilities: BTreeSet<String>,
    /// Where its customers may be. Empty: the site's country.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub service_area: BTreeSet<String>,
    /// From when it may be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when it may be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<DateTime<Utc>>,
}

/// Another price, from a time on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"pricePerHour": {"amount": "0.025", "currency": "EUR"}, "validFrom": "2030-01-01T00:00:00Z"}))]
pub(crate) struct PriceRequest {
    /// Price of one unit for an hour.
    pub price_per_hour: Price,
    /// From when; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<DateTime<Utc>>,
}

/// How many units there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"units": 8}))]
pub(crate) struct CapacityRequest {
    /// Units that can be rented in all. Absent: what the site's nodes give, kept up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub units: Option<u32>,
}

/// An offer as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sale {
    /// `draft`, `published` or `withdrawn`.
    pub state: String,
    /// The offer; of a draft as it would be.
    pub offer: Offer,
    /// Whether its units follow from the site's nodes.
    pub units_from_nodes: bool,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    #[schema(value_type = Object)]
    pub changed_by: Actor,
    /// What `If-Match` compares.
    pub version: i64,
}

/// One version of an offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaleVersion {
    /// Its number.
    pub version: i64,
    /// `drafted`, `changed`, `published`, `priced`, `units` or `withdrawn`.
    pub change: String,
    /// Price of one unit for an hour.
    pub price_per_hour: Price,
    /// Units that can be rented in all.
    pub units: u32,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// By whom.
    #[schema(value_type = Object)]
    pub changed_by: Actor,
    /// From when it counts.
    pub valid_from: DateTime<Utc>,
    /// Whether that time has come.
    pub in_force: bool,
}

impl From<sale::Sale> for Sale {
    fn from(sale: sale::Sale) -> Self {
        Self {
            state: sale.state.name().to_owned(),
            offer: Offer::from(sale.offer),
            units_from_nodes: sale.units_from_nodes,
            created_at: sale.created_at,
            changed_at: sale.changed_at,
            changed_by: sale.changed_by,
            version: sale.version,
        }
    }
}

impl From<sale::SaleVersion> for SaleVersion {
    fn from(version: sale::SaleVersion) -> Self {
        let price = version.offer.price_plan.price_per_hour;
        Self {
            version: version.version,
            change: version.change,
            price_per_hour: Price::new(price.micros, price.currency),
            units: version.offer.capacity.available_units,
            at: version.at,
            changed_by: version.changed_by,
            valid_from: version.valid_from,
            in_force: version.in_force,
        }
    }
}

impl From<sale::NamedFlavour> for Flavour {
    fn from(named: sale::NamedFlavour) -> Self {
        let shape = named.flavour;
        Self {
            name: shape.name,
            kind: named.kind.to_string(),
            cpu_milli: shape.cpu_milli,
            memory_mib: shape.memory_mib,
            disk_mib: shape.disk_mib,
            cpu_arch: super::catalogue::word(&shape.cpu_arch),
            gpu: shape.gpu.map(|ontology::offer::Gpu { model, count }| Gpu { model, count }),
            bandwidth_mbps: shape.bandwidth_mbps,
            version: named.version,
        }
    }
}
