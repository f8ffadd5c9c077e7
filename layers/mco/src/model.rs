//! The Plan: the broker's answer to a resource model.

mod workload;

pub use workload::{NodeFacts, Place, Workload};

use chrono::{DateTime, Utc};
pub use hansa_ontology::order::Instance;
use hansa_ontology::{ApplicationId, Currency, MachineId, Money, Offer, OfferId, OfferKind, ProviderId, SiteId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which machines to rent and which component instance goes into which, with
/// price, SLA, carbon, proof of how good it is, and why other offers were refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The machines, in a stable order.
    pub machines: Vec<PlannedMachine>,
    /// Price of all machines for one hour, in micro-units.
    pub price_per_hour_micros: i64,
    /// The currency of every price in this plan.
    pub currency: Currency,
    /// Grams of CO2 equivalent an hour of operation, all machines.
    pub carbon_grams_per_hour: Decimal,
    /// Mean carbon intensity in g/kWh, weighted by power. None where no machine's site states it.
    pub carbon_intensity: Option<Decimal>,
    /// Availability that the SLAs together promise, in percent, where every
    /// machine is needed (serial composition). None where a machine has no SLA.
    pub availability_percent: Option<Decimal>,
    /// Worst round-trip time of each link, in microseconds; None where unknown.
    pub link_latencies: Vec<LinkLatency>,
    /// How good it is, and how that is known.
    pub proof: Proof,
    /// For each component why it runs where it runs, and the best offers that were refused.
    pub components: BTreeMap<String, ComponentReport>,
    /// What a person should know: estimates that were made, assumptions.
    pub notes: Vec<String>,
}

/// A machine to rent (or to keep), and what goes into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedMachine {
    /// The machine that is already rented and kept; None for a new one.
    pub held: Option<MachineId>,
    /// The offer.
    pub offer: OfferId,
    /// The offer's title.
    pub title: String,
    /// Kind of the offer.
    pub kind: OfferKind,
    /// Who provides it.
    pub provider: ProviderId,
    /// Where.
    pub site: SiteId,
    /// What runs in it.
    pub instances: Vec<Instance>,
    /// Price for an hour, micro-units.
    pub price_per_hour_micros: i64,
    /// Grams of CO2 equivalent for an hour.
    pub carbon_grams_per_hour: Decimal,
    /// Promised availability in percent.
    pub availability_percent: Option<Decimal>,
    /// What its instances take.
    pub used: Amounts,
    /// What it has.
    pub capacity: Amounts,
}

/// Amounts of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

/// The worst round-trip time between instances of two linked components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkLatency {
    /// The component that calls.
    pub from: String,
    /// The component that is called.
    pub to: String,
    /// Microseconds; None where no latency between their sites is known.
    pub worst_micros: Option<u32>,
}

/// How good a plan is, and how that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// Proved to be the best, or the budget ended first.
    pub status: ProofStatus,
    /// The objective's value of this plan.
    pub objective: f64,
    /// No plan can be below this.
    pub bound: f64,
    /// `(objective - bound) / objective`; 0 where proved optimal.
    pub gap: f64,
    /// Offers looked at.
    pub offers_considered: usize,
    /// Offers that at least one component could use.
    pub offers_eligible: usize,
    /// Co-location patterns that were weighed.
    pub patterns: usize,
    /// Nodes of the search tree.
    pub nodes: usize,
}

/// Whether the optimum was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofStatus {
    /// No better plan exists.
    Optimal,
    /// The work budget ended; the gap says how much better a plan could be.
    Bounded,
}

/// Why a component runs where it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentReport {
    /// How many instances.
    pub replicas: u32,
    /// The offers that its machines use.
    pub chosen: BTreeSet<OfferId>,
    /// The best refused offers (at most 5, best objective first; offers that
    /// fit but cost more and offers that are cheaper but break a constraint both appear).
    pub refused: Vec<Refusal>,
    /// How many offers were refused, by the kind of the first reason.
    pub refused_counts: BTreeMap<String, usize>,
}

/// An offer that was not taken, and every reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The offer.
    pub offer: OfferId,
    /// Its title.
    pub title: String,
    /// Its price for an hour, micro-units of its own currency.
    pub price_per_hour_micros: i64,
    /// Why, for people: names the constraint, what was asked and what the offer has.
    pub reasons: Vec<Reason>,
}

/// A reason: a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Stable code such as `capability`, `jurisdiction`, `resources`, `price`, `carbon`, `costlier`.
    pub code: String,
    /// One sentence, with what was asked and what the offer has.
    pub text: String,
}

/// Nothing fits: a minimal set of constraints that cannot hold together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Infeasible {
    /// Leave out any one of these and a plan exists for the rest.
    pub conflict: Vec<ConflictingConstraint>,
    /// Whether the set is proved minimal within the budget.
    pub minimal: bool,
    /// For each component the offers that came closest, with the reasons.
    pub components: BTreeMap<String, ComponentReport>,
}

impl Infeasible {
    /// The conflict in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let texts: Vec<&str> = self.conflict.iter().map(|part| part.text.as_str()).collect();
        match texts.as_slice() {
            [] => "no offer fits".to_owned(),
            [one] => format!("this can't be fulfilled: {one}"),
            many => format!("these can't hold together: {}", many.join("; ")),
        }
    }
}

/// One of the constraints that cannot hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConflictingConstraint {
    /// Where it stands in the model, as a JSON Pointer (RFC 6901): `/components/db/constraints/jurisdiction`.
    pub pointer: String,
    /// What it says, for people.
    pub text: String,
}

/// What the planner is told besides model and offers.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanOptions {
    /// The time at which validity and claims are judged.
    pub now: DateTime<Utc>,
    /// The currency where the model names none.
    pub default_currency: Currency,
    /// Units of work after which the best plan so far is given with its gap;
    /// a unit is some ten microseconds. Work, not time, so that the answer is
    /// the same on every machine.
    pub budget: usize,
    /// Machines already rented for this application, with the instances that
    /// run in them. They stay where they are unless the model no longer allows it.
    pub held: Vec<HeldMachine>,
    /// Offers left out, each with the reason that a person will read
    /// (no connector for the site, the provider refused, stale).
    pub excluded: BTreeMap<OfferId, String>,
    /// Components whose package was refused where an offer puts it, with the
    /// offer and the reason: no more of their instances go there; those that are held stay.
    pub refused: BTreeMap<(String, OfferId), String>,
    /// What another revision, which stands beside this one for a while, takes of held machines.
    pub reserved: BTreeMap<MachineId, Amounts>,
    /// Units of an offer that others hold: taken off its available units.
    pub taken: BTreeMap<OfferId, u32>,
}

impl PlanOptions {
    /// Options for a first plan.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            default_currency: Currency::EUR,
            budget: 200_000,
            held: Vec::new(),
            excluded: BTreeMap::new(),
            refused: BTreeMap::new(),
            reserved: BTreeMap::new(),
            taken: BTreeMap::new(),
        }
    }
}

/// A machine already rented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldMachine {
    /// The machine.
    pub machine: MachineId,
    /// The offer it was rented from. Its own unit is not counted in `taken`.
    pub offer: OfferId,
    /// What runs in it.
    pub instances: BTreeSet<Instance>,
    /// The offer as it was when the machine was rented: its price is the
    /// machine's, and it counts where the catalogue has it no more. Without it
    /// such a machine is given up.
    pub terms: Option<Box<Offer>>,
    /// It stands on a node that is to be empty: nothing new goes into it.
    pub closed: bool,
}

/// One rented instance of an offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// For whom it was rented.
    pub application: ApplicationId,
    /// The offer that it is an instance of, as it was when it was rented.
    pub terms: Box<Offer>,
    /// Its price for an hour.
    pub price_per_hour: Money,
    /// Where it stands.
    pub state: MachineState,
    /// When it was rented.
    pub created_at: DateTime<Utc>,
    /// The partner that delivers it, by its name for people; None: this broker itself.
    pub partner: Option<String>,
    /// The partner for which it is held or rented, by DID; None: a tenant of ours.
    pub customer: Option<String>,
}

/// Where a machine stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum MachineState {
    /// It is kept for an order that may come, and is given back at this time otherwise.
    Held {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Its capacity is held; the layer below is asked for it until it is there.
    Ordered,
    /// It is there.
    Ready {
        /// The node that carries it; None where a partner knows that.
        node: Option<String>,
    },
    /// Its partner hasn't been heard for longer than the grace time: it is
    /// planned without it. Heard again before there is another plan, it is ready again.
    Lost,
    /// No plan wants it any more; it is given back when nothing runs in it.
    Releasing,
}
