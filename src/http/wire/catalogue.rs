//! Providers, sites, offers and nodes on the wire.

use super::Price;
use chrono::{DateTime, Utc};
use hansa_ontology as ontology;
use hansa_pim::{NodeState, RestState};
use hansa_repository::catalogue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A legal entity that runs infrastructure and sells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provider {
    /// Its IRI.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The country whose law binds it.
    pub country: String,
}

/// A place with resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Site {
    /// Its IRI.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The provider's IRI.
    pub provider: String,
    /// Country (ISO 3166-1 alpha-2).
    pub country: String,
    /// Degrees north and east, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// The laws that bind what is stored here.
    pub jurisdictions: Vec<String>,
    /// Round-trip time to other sites, in microseconds, by their IRI.
    pub latencies_micros: BTreeMap<String, u32>,
    /// Its energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
}

/// A point on the WGS 84 ellipsoid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Coordinates {
    /// Degrees north.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
}

/// Energy of a site or an offer, decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Energy {
    /// Grams of CO2 equivalent for each kWh.
    pub carbon_intensity: String,
    /// Power usage effectiveness.
    pub pue: String,
    /// Share of renewable energy, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable_share: Option<String>,
    /// Mean power of one unit, watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_watts: Option<String>,
}

/// What a provider sells at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offer {
    /// Its IRI.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The provider's IRI.
    pub provider: String,
    /// The site's IRI.
    pub site: String,
    /// `virtual-machine`, `container` or `bare-metal`.
    pub kind: String,
    /// The provider's name for the flavour.
    pub flavour: String,
    /// Thousandths of a processor.
    pub cpu_milli: u32,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// `amd64`, `arm64` or `riscv64`.
    pub cpu_arch: String,
    /// Graphics processors: how many, and which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Network bandwidth in megabits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth_mbps: Option<u32>,
    /// Units that can be rented in all.
    pub available_units: u32,
    /// When that was so.
    pub capacity_as_of: DateTime<Utc>,
    /// `on-demand`, `reserved` or `spot`.
    pub pricing_model: String,
    /// Price of one unit for an hour.
    pub price_per_hour: Price,
    /// Promised availability in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_percent: Option<String>,
    /// The whole agreement, in the words of the ontology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<serde_json::Value>,
    /// Energy, where it differs from the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
    /// Schemes that the provider claims to comply with.
    pub claims: Vec<String>,
    /// What its machines can be used for.
    pub capabilities: Vec<String>,
    /// Where its customers may be. Empty: the site's country.
    pub service_area: Vec<String>,
    /// From when it may be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when it may be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<DateTime<Utc>>,
    /// Where it comes from, where that is a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OfferSource>,
}

/// Where an offer of a partner comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferSource {
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// When the partner was last heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heard: Option<DateTime<Utc>>,
    /// `fresh`, `stale` (the partner is silent: nothing new is ordered) or `expired`.
    pub freshness: String,
    /// Why it can't be ordered now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
}

/// A local node and what is free of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    /// Its name.
    pub name: String,
    /// The site's IRI.
    pub site: String,
    /// Where its workloads listen.
    pub address: String,
    /// `ready`, `whole`, `overcommitted`, `draining`, `withdrawn` or `down`; where green
    /// mode has to do with it `falling-asleep`, `asleep` (off until it is wanted) or `waking`.
    pub state: String,
    /// Thousandths of a processor: all, and given away.
    pub cpu_milli: u64,
    /// Given away.
    pub cpu_milli_used: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Given away.
    pub memory_mib_used: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Given away.
    pub disk_mib_used: u64,
    /// Graphics processors.
    #[serde(default)]
    pub gpus: u64,
    /// Machines in it.
    pub machines: usize,
    /// `configuration` (changed in that file) or `added` (by its owner).
    #[serde(default)]
    pub origin: String,
    /// What `If-Match` compares.
    #[serde(default)]
    pub version: i64,
    /// What the operator should know, after a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What its machines can be used for.
    pub capabilities: Vec<String>,
}

/// What an import took in and what it refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// `imported`, `dry-run` or `refused` (nothing was written).
    pub outcome: String,
    /// What is new or has changed, or would be.
    pub changes: Vec<Change>,
    /// How many resources were there already, just so.
    pub unchanged: usize,
    /// Those that break a shape.
    pub refused: Vec<RefusedResource>,
}

/// One changed resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// Its IRI.
    pub iri: String,
    /// `provider`, `site` or `offer`.
    pub class: String,
    /// Its title.
    pub title: String,
    /// `imported`, `changed` or `withdrawn`.
    pub change: String,
    /// Which fields have changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// A resource that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefusedResource {
    /// Its IRI.
    pub subject: String,
    /// Its class.
    pub class: String,
    /// What it breaks.
    pub violations: Vec<Violation>,
}

/// One broken rule of a shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Violation {
    /// The property.
    pub field: String,
    /// The value that breaks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The shape's message.
    pub message: String,
    /// The shape.
    pub shape: String,
}

/// The answer to a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Withdrawal {
    /// The offer's IRI.
    pub offer: String,
    /// Nothing was written.
    pub dry_run: bool,
}

impl From<ontology::Provider> for Provider {
    fn from(provider: ontology::Provider) -> Self {
        Self { id: provider.id.to_string(), name: provider.name, country: provider.country.to_string() }
    }
}

impl From<ontology::Site> for Site {
    fn from(site: ontology::Site) -> Self {
        Self {
            id: site.id.to_string(),
            name: site.name,
            provider: site.provider.to_string(),
            country: site.country.to_string(),
            coordinates: site.coordinates.map(|point| Coordinates {
                latitude: point.latitude.to_string(),
                longitude: point.longitude.to_string(),
            }),
            jurisdictions: site.jurisdictions.iter().map(ToString::to_string).collect(),
            latencies_micros: site.latencies.into_iter().map(|(site, micros)| (site.to_string(), micros)).collect(),
            energy: site.energy.map(Energy::from),
        }
    }
}

impl From<ontology::site::EnergyProfile> for Energy {
    fn from(energy: ontology::site::EnergyProfile) -> Self {
        Self {
            carbon_intensity: energy.carbon_intensity.to_string(),
            pue: energy.pue.to_string(),
            renewable_share: energy.renewable_share.map(|share| share.to_string()),
            power_watts: energy.power_watts.map(|watts| watts.to_string()),
        }
    }
}

impl From<ontology::Offer> for Offer {
    fn from(offer: ontology::Offer) -> Self {
        let flavour = offer.flavour;
        Self {
            id: offer.id.to_string(),
            title: offer.title,
            provider: offer.provider.to_string(),
            site: offer.site.to_string(),
            kind: offer.kind.to_string(),
            flavour: flavour.name,
            cpu_milli: flavour.cpu_milli,
            memory_mib: flavour.memory_mib,
            disk_mib: flavour.disk_mib,
            cpu_arch: word(&flavour.cpu_arch),
            gpu: flavour.gpu.map(|gpu| format!("{} × {}", gpu.count, gpu.model)),
            bandwidth_mbps: flavour.bandwidth_mbps,
            available_units: offer.capacity.available_units,
            capacity_as_of: offer.capacity.as_of,
            pricing_model: word(&offer.price_plan.model),
            price_per_hour: Price::new(
                offer.price_plan.price_per_hour.micros,
                offer.price_plan.price_per_hour.currency,
            ),
            availability_percent: offer.sla.as_ref().and_then(ontology::sla::Sla::availability).map(|p| p.to_string()),
            sla: offer.sla.as_ref().and_then(|sla| serde_json::to_value(sla).ok()),
            energy: offer.energy.map(Energy::from),
            claims: offer.claims.into_iter().map(|claim| claim.scheme).collect(),
            capabilities: offer.capabilities.into_iter().collect(),
            service_area: offer.service_area.iter().map(ToString::to_string).collect(),
            valid_from: offer.valid_from,
            valid_through: offer.valid_through,
            source: None,
        }
    }
}

/// How a node stands, in one word.
fn node_word(usage: &hansa_pim::NodeUsage) -> String {
    let rest = usage.rest.as_ref().map(|rest| rest.state);
    match (usage.state, rest) {
        (NodeState::Ready | NodeState::Whole, Some(rest)) if rest != RestState::Awake => word(&rest),
        (state, _) => word(&state),
    }
}

impl From<hansa_pim::NodeUsage> for Node {
    fn from(usage: hansa_pim::NodeUsage) -> Self {
        let state = node_word(&usage);
        Self {
            name: usage.node.name,
            site: usage.node.site.to_string(),
            address: usage.node.address.to_string(),
            state,
            cpu_milli: usage.capacity.cpu_milli,
            cpu_milli_used: usage.given.cpu_milli,
            memory_mib: usage.capacity.memory_mib,
            memory_mib_used: usage.given.memory_mib,
            disk_mib: usage.capacity.disk_mib,
            disk_mib_used: usage.given.disk_mib,
            gpus: usage.capacity.gpus,
            machines: usage.machines.len(),
            origin: word(&usage.origin),
            version: usage.version,
            warning: None,
            capabilities: usage.node.capabilities.into_iter().collect(),
        }
    }
}

impl From<catalogue::ImportReport> for ImportReport {
    fn from(report: catalogue::ImportReport) -> Self {
        Self {
            outcome: word(&report.outcome),
            changes: report.changes.into_iter().map(Change::from).collect(),
            unchanged: report.unchanged,
            refused: report.refused.into_iter().map(RefusedResource::from).collect(),
        }
    }
}

impl From<catalogue::Change> for Change {
    fn from(change: catalogue::Change) -> Self {
        let (kind, fields) = match change.kind {
            catalogue::ChangeKind::Imported => ("imported", Vec::new()),
            catalogue::ChangeKind::Changed { fields } => ("changed", fields),
            catalogue::ChangeKind::Withdrawn => ("withdrawn", Vec::new()),
        };
        Self { iri: change.iri, class: change.class.to_string(), title: change.title, change: kind.to_owned(), fields }
    }
}

impl From<ontology::reading::RefusedResource> for RefusedResource {
    fn from(refused: ontology::reading::RefusedResource) -> Self {
        let violation = |violation: ontology::reading::Violation| Violation {
            field: violation.field,
            value: violation.value,
            message: violation.message,
            shape: violation.shape,
        };
        Self {
            subject: refused.subject,
            class: refused.class,
            violations: refused.violations.into_iter().map(violation).collect(),
        }
    }
}

/// The word under which a value is serialised.
pub(super) fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
