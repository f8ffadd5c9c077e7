//! What leaves its machine for another place, and what that comes to. Pure.

use crate::model::{Instance, Plan, PlannedMachine};
use hansa_ontology::{
    MachineId, OfferId, ResourceModel, SiteId,
    resource_model::{Objective, ObjectiveKind, RunPolicy},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Instances that leave their machines, and where they may go. All else stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relocation {
    /// What leaves, by the machine that it leaves. Nothing new goes into these machines.
    pub leaving: BTreeMap<MachineId, BTreeSet<Instance>>,
    /// The rented machines that may take it; None: all.
    pub machines: Option<BTreeSet<MachineId>>,
    /// The offers of which a machine may be rented for it; None: all.
    pub offers: Option<BTreeSet<OfferId>>,
    /// Where that is, for people: `elsewhere`, `at site north`.
    pub place: String,
}

/// Where what leaves may go, as people ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Any other machine, but no new one of an offer that is left.
    Elsewhere,
    /// The other machines that are rented already.
    Rented,
    /// Any other machine, rented already or not.
    Anywhere,
    /// One of these.
    Among(Vec<Target>),
}

/// A place that is named as destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A machine of the application.
    Machine(MachineId),
    /// Machines of an offer.
    Offer(OfferId),
    /// Machines at a site.
    Site(SiteId),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Machine(id) => write!(f, "machine {id}"),
            Self::Offer(offer) => write!(f, "offer {offer}"),
            Self::Site(site) => write!(f, "site {site}"),
        }
    }
}

/// What a move is to make less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gain {
    /// The price of an hour.
    Price,
    /// The grams of CO2 equivalent of an hour.
    Carbon,
}

impl Gain {
    /// Whether a model may be moved for it without being asked: for less carbon only
    /// where its objective counts carbon.
    #[must_use]
    pub fn is_wanted_by(self, objective: Objective) -> bool {
        match (self, objective) {
            (Self::Price, _) | (_, Objective::One(ObjectiveKind::Carbon)) => true,
            (Self::Carbon, Objective::One(_)) => false,
            (Self::Carbon, Objective::Weighted(weights)) => weights.carbon > Decimal::ZERO,
        }
    }
}

/// A plan of today as all stays, and one in which something has moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Rearrangement {
    /// As all stays.
    pub before: Plan,
    /// As it would be.
    pub after: Plan,
}

/// An instance that goes from one machine to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The instance.
    pub instance: Instance,
    /// The machine that it leaves.
    pub from: Spot,
    /// The machine that it goes to. None: it ends, because no rule asks for it any more.
    pub to: Option<Spot>,
}

/// A machine as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its id; None: it is to be rented.
    pub machine: Option<MachineId>,
    /// The offer that it is of.
    pub offer: OfferId,
    /// The site where it is.
    pub site: SiteId,
}

impl Spot {
    fn of(planned: &PlannedMachine) -> Self {
        Self { machine: planned.held, offer: planned.offer.clone(), site: planned.site.clone() }
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.offer.short(), self.site.short())
    }
}

/// Who changes places from one plan to the next. Groups of machines are no instances.
#[must_use]
pub fn transfers(model: &ResourceModel, before: &Plan, after: &Plan) -> Vec<Transfer> {
    let places: BTreeMap<&Instance, &PlannedMachine> =
        after.machines.iter().flat_map(|machine| machine.instances.iter().map(move |one| (one, machine))).collect();
    let mut transfers: Vec<Transfer> = before
        .machines
        .iter()
        .flat_map(|machine| machine.instances.iter().map(move |one| (one, machine)))
        .filter(|(one, _)| model.components.contains_key(&one.component))
        .filter_map(|(one, from)| {
            let to = places.get(one);
            let stays = to.is_some_and(|to| to.held.is_some() && to.held == from.held);
            let to = to.map(|to| Spot::of(to));
            (!stays).then(|| Transfer { instance: one.clone(), from: Spot::of(from), to })
        })
        .collect();
    transfers.sort_by(|a, b| a.instance.cmp(&b.instance));
    transfers
}

/// Whether the broker may move an instance of its own accord: it keeps no data
/// where it is, and is no job that would begin again.
#[must_use]
pub fn moves_freely(model: &ResourceModel, instance: &Instance) -> bool {
    match model.components.get(&instance.component) {
        Some(component) => component.volumes.is_empty() && component.run == RunPolicy::Service,
        // A machine of a group has no state of its own.
        None => true,
    }
}

/// `web#0 (small at north → large at south)` for each, for people.
#[must_use]
pub fn told(transfers: &[Transfer]) -> String {
    let one = |transfer: &Transfer| {
        let name = format!("{}#{}", transfer.instance.component, transfer.instance.ordinal);
        match &transfer.to {
            Some(to) => format!("{name} ({} to {to})", transfer.from),
            None => format!("{name} ({} to nowhere: it isn't needed any more)", transfer.from),
        }
    };
    transfers.iter().map(one).collect::<Vec<_>>().join(", ")
}
