//! Which offers, and which held machines, each component may use, and why not.

use super::{
    index::{Entry, OfferIndex},
    requirement::Ask,
    solver::problem::{Mask, bit},
    wish::Wish,
};
use crate::model::{Instance, PlanOptions, Reason};
use chrono::{DateTime, Utc};
use hansa_ontology::MachineId;

/// Everything that a plan is made from, with each offer tried against each requirement.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    pub(super) wish: &'a Wish,
    pub(super) index: &'a OfferIndex,
    pub(super) options: &'a PlanOptions,
    /// For each offer the checks that fail, by number, with the components that make them.
    pub(super) fails: Vec<Vec<(usize, Mask)>>,
    /// For each offer how many units can be rented anew, or why none can.
    pub(super) units: Vec<Result<u32, Reason>>,
    pub(super) held: Vec<HeldPart>,
    /// What a person should know about what is held.
    pub(super) notes: Vec<String>,
}

/// A held machine.
#[derive(Debug)]
pub(super) struct HeldPart {
    pub(super) machine: MachineId,
    pub(super) entry: Entry,
    pub(super) fails: Vec<(usize, Mask)>,
    /// Its offer is not in the catalogue any more, its node is to be empty, or more of
    /// what is in it was refused: nothing new goes into it.
    pub(super) frozen: bool,
    /// Component and ordinal of what runs in it, sorted.
    pub(super) instances: Vec<(usize, u32)>,
}

/// Which items of the model count; all but those left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Active {
    left_out: Vec<bool>,
}

impl Active {
    pub(super) fn has(&self, item: usize) -> bool {
        !self.left_out.get(item).copied().unwrap_or(false)
    }

    pub(super) fn set(&mut self, item: usize, active: bool) {
        if self.left_out.len() <= item {
            self.left_out.resize(item + 1, false);
        }
        if let Some(entry) = self.left_out.get_mut(item) {
            *entry = !active;
        }
    }
}

impl<'a> Survey<'a> {
    pub(super) fn new(wish: &'a Wish, index: &'a OfferIndex, options: &'a PlanOptions) -> Self {
        let fails = |(number, entry)| failing(wish, index, Some(number), entry, options.now);
        let mut survey = Self {
            wish,
            index,
            options,
            fails: index.offers.iter().enumerate().map(fails).collect(),
            units: index.offers.iter().map(|entry| units(index, entry, options)).collect(),
            held: Vec::new(),
            notes: Vec::new(),
        };
        survey.add_held();
        survey
    }

    fn add_held(&mut self) {
        let mut held: Vec<_> = self.options.held.iter().collect();
        held.sort_by_key(|machine| machine.machine);
        held.dedup_by_key(|machine| machine.machine);
        for machine in held {
            let number = self.index.number(&machine.offer);
            let known = number.and_then(|number| self.index.offers.get(number)).cloned();
            let withdrawn = known.is_none();
            let frozen = withdrawn || machine.closed;
            let terms = || machine.terms.as_deref().map(|offer| self.index.entry(offer.clone()));
            let Some(mut entry) = known.or_else(terms) else {
                self.notes.push(format!(
                    "Machine {} was rented from offer {}, of which nothing is known any more: what runs in it moves.",
                    machine.machine, machine.offer
                ));
                continue;
            };
            // What is rented costs what was agreed, whatever the offer costs today.
            if let Some(agreed) = machine.terms.as_deref().map(|terms| terms.price_plan.price_per_hour)
                && agreed.currency == entry.currency
            {
                entry.price = agreed.micros;
            }
            if let Some(amounts) = self.options.reserved.get(&machine.machine) {
                let less = [amounts.cpu_milli, amounts.memory_mib, amounts.disk_mib, amounts.gpus];
                for (has, less) in entry.capacity.iter_mut().zip(less) {
                    *has = has.saturating_sub(less);
                }
            }
            if withdrawn {
                self.notes.push(format!(
                    "Offer {} of machine {} is not in the catalogue any more: the machine is kept as it is, nothing new goes into it.",
                    machine.offer, machine.machine
                ));
            }
            let number_of = |instance: &Instance| Some((self.wish.number(&instance.component)?, instance.ordinal));
            let mut instances: Vec<(usize, u32)> = machine.instances.iter().filter_map(number_of).collect();
            instances.sort_unstable();
            let fails = failing(self.wish, self.index, number, &entry, self.options.now);
            // Where more of a component is refused, nothing more is put beside what stays.
            let full = instances.iter().any(|(component, _)| self.is_refused(&fails, *component));
            let frozen = frozen || full;
            self.held.push(HeldPart { machine: machine.machine, entry, fails, frozen, instances });
        }
    }

    /// The components that may use something with these failing checks.
    pub(super) fn eligible(&self, fails: &[(usize, Mask)], active: &Active) -> Mask {
        let broken = fails
            .iter()
            .filter(|(check, _)| self.wish.checks.get(*check).is_some_and(|(check, _)| active.has(check.item)))
            .fold(0, |mask, (_, components)| mask | components);
        self.everyone() & !broken
    }

    /// The components whose instances may stay in a held machine with these
    /// failing checks: what was refused there since doesn't touch those that run.
    pub(super) fn keepers(&self, fails: &[(usize, Mask)]) -> Mask {
        let lasting: Vec<(usize, Mask)> = fails.iter().filter(|(check, _)| !self.admits(*check)).copied().collect();
        self.eligible(&lasting, &Active::default())
    }

    /// Whether more of the component is refused by something with these failing checks.
    fn is_refused(&self, fails: &[(usize, Mask)], component: usize) -> bool {
        fails.iter().any(|(check, components)| self.admits(*check) && components & bit(component) != 0)
    }

    fn admits(&self, check: usize) -> bool {
        self.wish.checks.get(check).is_some_and(|(check, _)| matches!(check.ask, Ask::Admits(_)))
    }

    /// All components.
    pub(super) fn everyone(&self) -> Mask {
        (0..self.wish.parts.len()).fold(0, |mask, number| mask | bit(number))
    }

    /// Every reason why the offer is nothing for the component.
    pub(super) fn reasons(&self, offer: usize, component: usize) -> Vec<Reason> {
        let Some(entry) = self.index.offers.get(offer) else {
            return Vec::new();
        };
        let mut reasons: Vec<Reason> =
            self.units.get(offer).and_then(|units| units.clone().err()).into_iter().collect();
        for (check, components) in self.fails.get(offer).into_iter().flatten() {
            if components & bit(component) != 0
                && let Some((check, _)) = self.wish.checks.get(*check)
            {
                reasons.push(Reason { code: check.code().to_owned(), text: check.sentence(self.index, entry) });
            }
        }
        reasons
    }

    /// The code of the first reason, and how many there are.
    pub(super) fn first_reason(&self, offer: usize, component: usize) -> Option<(&str, usize)> {
        let unavailable =
            self.units.get(offer).and_then(|units| units.as_ref().err()).map(|reason| reason.code.as_str());
        let mut codes = self
            .fails
            .get(offer)
            .into_iter()
            .flatten()
            .filter(|(_, components)| components & bit(component) != 0)
            .filter_map(|(check, _)| self.wish.checks.get(*check).map(|(check, _)| check.code()));
        match unavailable {
            Some(code) => Some((code, 1 + codes.count())),
            None => codes.next().map(|code| (code, 1 + codes.count())),
        }
    }
}

fn failing(
    wish: &Wish,
    index: &OfferIndex,
    number: Option<usize>,
    entry: &Entry,
    now: DateTime<Utc>,
) -> Vec<(usize, Mask)> {
    wish.checks
        .iter()
        .enumerate()
        .filter(|(_, (check, _))| !check.holds(index, number, entry, now))
        .map(|(check, (_, components))| (check, *components))
        .collect()
}

/// How many units a plan may rent anew.
fn units(index: &OfferIndex, entry: &Entry, options: &PlanOptions) -> Result<u32, Reason> {
    let reason = |code: &str, text: String| Err(Reason { code: code.to_owned(), text });
    let offer = &entry.offer;
    if let Some(text) = options.excluded.get(&offer.id) {
        return reason("excluded", text.clone());
    }
    if entry.site.and_then(|site| index.sites.get(site)).is_none() {
        return reason("site", format!("its site {} is not in the catalogue", offer.site));
    }
    if let Some(from) = offer.valid_from.filter(|from| *from > options.now) {
        return reason("validity", format!("can be ordered from {} on", from.format("%Y-%m-%d %H:%M UTC")));
    }
    if let Some(until) = offer.valid_through.filter(|until| *until < options.now) {
        return reason("validity", format!("could be ordered until {}", until.format("%Y-%m-%d %H:%M UTC")));
    }
    if entry.price < 0 {
        return reason("price", "its price is negative".to_owned());
    }
    let taken = options.taken.get(&offer.id).copied().unwrap_or(0);
    let own = u32::try_from(options.held.iter().filter(|held| held.offer == offer.id).count()).unwrap_or(u32::MAX);
    let available = offer.capacity.available_units;
    match available.saturating_sub(taken).saturating_sub(own) {
        0 => reason("units", format!("none of its {available} units is free")),
        free => Ok(free),
    }
}
