//! What a provider sells at a site.

use crate::{
    id::{OfferId, ProviderId, SiteId},
    money::Money,
    place::Area,
    site::EnergyProfile,
    sla::Sla,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What a provider sells at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Its IRI.
    pub id: OfferId,
    /// What people read.
    pub title: String,
    /// Who sells it.
    pub provider: ProviderId,
    /// Where it is delivered.
    pub site: SiteId,
    /// What kind of service it is.
    pub kind: OfferKind,
    /// What one unit has.
    pub flavour: Flavour,
    /// How many units there are.
    pub capacity: Capacity,
    /// What one unit costs.
    pub price_plan: PricePlan,
    /// What is promised.
    pub sla: Option<Sla>,
    /// Energy, where it differs from the site's.
    pub energy: Option<EnergyProfile>,
    /// What the provider claims to comply with.
    pub claims: Vec<ComplianceClaim>,
    /// What a machine of this offer can be used for: `proxy`, `database`, `public-ip`.
    pub capabilities: BTreeSet<String>,
    /// Where its customers may be. Empty: the site's country.
    pub service_area: BTreeSet<Area>,
    /// From when it may be ordered.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when it may be ordered.
    pub valid_through: Option<DateTime<Utc>>,
}

/// The kind of service that an offer sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfferKind {
    /// A whole physical server (PIM).
    BareMetal,
    /// A virtual machine (VIP).
    VirtualMachine,
    /// A share of a container cluster (MCM).
    Container,
}

impl fmt::Display for OfferKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareMetal => "bare-metal",
            Self::VirtualMachine => "virtual-machine",
            Self::Container => "container",
        })
    }
}

/// What one unit of an offer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Flavour {
    /// The provider's name for it.
    pub name: String,
    /// Thousandths of a virtual processor.
    pub cpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Local disk in MiB.
    pub disk_mib: u64,
    /// Processor architecture.
    pub cpu_arch: CpuArch,
    /// Graphics processors.
    pub gpu: Option<Gpu>,
    /// Network bandwidth in megabits a second.
    pub bandwidth_mbps: Option<u32>,
}

/// Processor architecture of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CpuArch {
    /// x86-64.
    #[default]
    Amd64,
    /// AArch64.
    Arm64,
    /// RISC-V, 64 bits.
    Riscv64,
}

/// Graphics processors of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gpu {
    /// The vendor's model name.
    pub model: String,
    /// How many, at least 1.
    pub count: u32,
}

/// How many units of an offer can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Units that can be rented in all.
    pub available_units: u32,
    /// When this was so.
    pub as_of: DateTime<Utc>,
}

/// What one unit costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricePlan {
    /// How it is sold.
    pub model: PricingModel,
    /// Price of one unit for one hour.
    pub price_per_hour: Money,
}

/// How a unit is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PricingModel {
    /// By use, ended at any time.
    OnDemand,
    /// For a term that is paid in any case.
    Reserved,
    /// Cheap, and may be taken back.
    Spot,
}

/// What a provider claims to comply with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComplianceClaim {
    /// The scheme, in lower case: `iso-27001`, `c5`, `secnumcloud`, `gdpr`.
    pub scheme: String,
    /// Who attests it.
    pub issuer: Option<String>,
    /// Where the evidence is: an absolute IRI.
    pub evidence: Option<String>,
    /// Until when it holds.
    pub valid_through: Option<DateTime<Utc>>,
}
