//! A Plan on the wire: the broker's answer to a resource model.

use hansa_mco::model;
use hansa_ontology::{Currency, money::Micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An exact amount of money.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Price {
    /// Decimal number of units of the currency, at most 6 decimals, such as `0.0125`.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
}

impl Price {
    /// Micro-units of a currency.
    pub(crate) fn new(micros: i64, currency: Currency) -> Self {
        Self { amount: Micros(micros).to_string(), currency: currency.to_string() }
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// Which machines to rent, what goes into which, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// The machines.
    pub machines: Vec<PlannedMachine>,
    /// Price of all machines for an hour.
    pub price_per_hour: Price,
    /// Grams of CO2 equivalent an hour of operation, decimal.
    pub carbon_grams_per_hour: String,
    /// Mean carbon intensity in g/kWh, decimal. Absent where no site states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carbon_intensity: Option<String>,
    /// Availability in percent that the SLAs promise together. Absent where a machine has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_percent: Option<String>,
    /// Worst round-trip time of each link.
    pub links: Vec<Link>,
    /// How good the plan is, and how that is known.
    pub proof: Proof,
    /// For each component why it runs where it runs.
    pub components: BTreeMap<String, ComponentReport>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A machine to rent or to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedMachine {
    /// The machine that is kept; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The offer's IRI.
    pub offer: String,
    /// The offer's title.
    pub title: String,
    /// `virtual-machine`, `container` or `bare-metal`.
    pub kind: String,
    /// The provider's IRI.
    pub provider: String,
    /// The site's IRI.
    pub site: String,
    /// What runs in it.
    pub instances: Vec<Instance>,
    /// Its price for an hour.
    pub price_per_hour: Price,
    /// Grams of CO2 equivalent an hour, decimal.
    pub carbon_grams_per_hour: String,
    /// Promised availability in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_percent: Option<String>,
    /// What its instances take.
    pub used: Amounts,
    /// What it has.
    pub capacity: Amounts,
}

/// One instance of a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    /// The component's name.
    pub component: String,
    /// Which of its instances, from 0.
    pub ordinal: u32,
}

/// Amounts of resources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amounts {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

/// The worst round-trip time between two linked components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    /// The component that calls.
    pub from: String,
    /// The component that is called.
    pub to: String,
    /// Microseconds; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_latency_micros: Option<u32>,
}

/// How good a plan is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    /// `optimal`, or `bounded` where the budget ended first.
    pub status: String,
    /// The objective's value.
    pub objective: f64,
    /// No plan can be below this.
    pub bound: f64,
    /// How much better a plan could be, as a share of this one; 0 where optimal.
    pub gap: f64,
    /// Offers looked at.
    pub offers_considered: usize,
    /// Offers that at least one component could use.
    pub offers_eligible: usize,
    /// Co-location patterns weighed.
    pub patterns: usize,
    /// Nodes of the search tree.
    pub nodes: usize,
}

/// Why a component runs where it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComponentReport {
    /// How many instances.
    pub replicas: u32,
    /// The offers of its machines.
    pub chosen: Vec<String>,
    /// The best refused offers.
    pub refused: Vec<Refusal>,
    /// How many offers were refused, by the code of the first reason.
    pub refused_counts: BTreeMap<String, usize>,
}

/// An offer that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    /// The offer's IRI.
    pub offer: String,
    /// Its title.
    pub title: String,
    /// Its price for an hour, decimal, in its own currency.
    pub price_per_hour: String,
    /// Every reason.
    pub reasons: Vec<Reason>,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reason {
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub text: String,
}

/// Constraints that cannot hold together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conflict {
    /// Leave out any one of these and the rest can hold.
    pub constraints: Vec<ConflictingConstraint>,
    /// Whether the set is proved minimal.
    pub minimal: bool,
    /// For each component the offers that came closest.
    pub components: BTreeMap<String, ComponentReport>,
}

/// One of the constraints that cannot hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConflictingConstraint {
    /// Where it stands in the model (JSON Pointer).
    pub pointer: String,
    /// What it says.
    pub text: String,
}

impl From<model::Plan> for Plan {
    fn from(plan: model::Plan) -> Self {
        let currency = plan.currency;
        Self {
            machines: plan.machines.into_iter().map(|machine| PlannedMachine::new(machine, currency)).collect(),
            price_per_hour: Price::new(plan.price_per_hour_micros, currency),
            carbon_grams_per_hour: plan.carbon_grams_per_hour.normalize().to_string(),
            carbon_intensity: plan.carbon_intensity.map(|value| value.normalize().to_string()),
            availability_percent: plan.availability_percent.map(|value| value.normalize().to_string()),
            links: plan.link_latencies.into_iter().map(Link::from).collect(),
            proof: plan.proof.into(),
            components: reports(plan.components),
            notes: plan.notes,
        }
    }
}

fn reports(reports: BTreeMap<String, model::ComponentReport>) -> BTreeMap<String, ComponentReport> {
    reports.into_iter().map(|(name, report)| (name, report.into())).collect()
}

impl PlannedMachine {
    fn new(machine: model::PlannedMachine, currency: Currency) -> Self {
        Self {
            held: machine.held.map(|id| id.to_string()),
            offer: machine.offer.to_string(),
            title: machine.title,
            kind: machine.kind.to_string(),
            provider: machine.provider.to_string(),
            site: machine.site.to_string(),
            instances: machine.instances.into_iter().map(Instance::from).collect(),
            price_per_hour: Price::new(machine.price_per_hour_micros, currency),
            carbon_grams_per_hour: machine.carbon_grams_per_hour.normalize().to_string(),
            availability_percent: machine.availability_percent.map(|value| value.normalize().to_string()),
            used: machine.used.into(),
            capacity: machine.capacity.into(),
        }
    }
}

impl From<model::Instance> for Instance {
    fn from(instance: model::Instance) -> Self {
        Self { component: instance.component, ordinal: instance.ordinal }
    }
}

impl From<model::Amounts> for Amounts {
    fn from(amounts: model::Amounts) -> Self {
        let model::Amounts { cpu_milli, memory_mib, disk_mib, gpus } = amounts;
        Self { cpu_milli, memory_mib, disk_mib, gpus }
    }
}

impl From<model::LinkLatency> for Link {
    fn from(link: model::LinkLatency) -> Self {
        Self { from: link.from, to: link.to, worst_latency_micros: link.worst_micros }
    }
}

impl From<model::Proof> for Proof {
    fn from(proof: model::Proof) -> Self {
        Self {
            status: match proof.status {
                model::ProofStatus::Optimal => "optimal",
                model::ProofStatus::Bounded => "bounded",
            }
            .to_owned(),
            objective: proof.objective,
            bound: proof.bound,
            gap: proof.gap,
            offers_considered: proof.offers_considered,
            offers_eligible: proof.offers_eligible,
            patterns: proof.patterns,
            nodes: proof.nodes,
        }
    }
}

impl From<model::ComponentReport> for ComponentReport {
    fn from(report: model::ComponentReport) -> Self {
        Self {
            replicas: report.replicas,
            chosen: report.chosen.iter().map(ToString::to_string).collect(),
            refused: report.refused.into_iter().map(Refusal::from).collect(),
            refused_counts: report.refused_counts,
        }
    }
}

impl From<model::Refusal> for Refusal {
    fn from(refusal: model::Refusal) -> Self {
        Self {
            offer: refusal.offer.to_string(),
            title: refusal.title,
            price_per_hour: Micros(refusal.price_per_hour_micros).to_string(),
            reasons: refusal
                .reasons
                .into_iter()
                .map(|reason| Reason { code: reason.code, text: reason.text })
                .collect(),
        }
    }
}

impl From<model::Infeasible> for Conflict {
    fn from(infeasible: model::Infeasible) -> Self {
        Self {
            constraints: infeasible
                .conflict
                .into_iter()
                .map(|constraint| ConflictingConstraint { pointer: constraint.pointer, text: constraint.text })
                .collect(),
            minimal: infeasible.minimal,
            components: reports(infeasible.components),
        }
    }
}
