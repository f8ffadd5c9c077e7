//! When a machine ran, on which terms, and what was in it.

use crate::energy::{HOUR, hour_of};
use hansa_ontology::{
    ApplicationId, OfferId, OfferKind, ProjectId, ProviderId, SiteId, offer::Flavour, place::Area, site::EnergyProfile,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a machine since it was rented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    /// Who pays.
    pub(crate) project: ProjectId,
    /// For which application.
    pub(crate) application: Option<ApplicationId>,
    /// Who delivers.
    pub(crate) provider: ProviderId,
    /// Where.
    pub(crate) site: SiteId,
    /// The site's country, where the catalogue had the site.
    pub(crate) country: Option<Area>,
    /// By which offer.
    pub(crate) offer: OfferId,
    /// What kind of machine.
    pub(crate) kind: OfferKind,
    /// What it has.
    pub(crate) flavour: Option<Flavour>,
    /// The offer's own energy profile, else its site's.
    pub(crate) energy: Option<EnergyProfile>,
}

/// A time in which it ran, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    /// None: it runs.
    pub(crate) to: Option<i64>,
    pub(crate) terms: Terms,
}

/// A time in which a workload was in it, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stay {
    pub(crate) from: i64,
    /// None: it is still there.
    pub(crate) to: Option<i64>,
    /// Of which application.
    pub(crate) application: Option<ApplicationId>,
    /// Of which of its components.
    pub(crate) component: Option<String>,
    /// What it reserves, in thousandths of a processor.
    pub(crate) cpu_milli: Option<u64>,
}

/// The course of one machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// In the order of time. The last one stays: the machine may come back on its terms.
    pub(crate) stretches: Vec<Stretch>,
    /// By workload.
    pub(crate) stays: BTreeMap<String, Vec<Stay>>,
    /// The begin of the first hour that is not counted.
    pub(crate) counted_to: i64,
    /// The last moment that was told of: no later news is older.
    last: i64,
}

/// Seconds of a time within another.
pub(super) fn overlap((from, to): (i64, Option<i64>), (begin, end): (i64, i64)) -> u64 {
    to.unwrap_or(i64::MAX).min(end).saturating_sub(from.max(begin)).max(0).unsigned_abs()
}

impl Machine {
    /// The time that is taken for what is told: never before what was told before.
    fn moment(&mut self, at: i64) -> i64 {
        self.last = self.last.max(at);
        self.last
    }

    /// It runs from now on, on these terms.
    pub(crate) fn rented(&mut self, at: i64, terms: Terms) {
        let at = self.moment(at);
        match self.stretches.last_mut() {
            Some(Stretch { to: None, terms: known, .. }) if *known == terms => return,
            Some(stretch) => stretch.to = stretch.to.or(Some(at)),
            None => {}
        }
        self.begin(at, terms);
    }

    /// It is there again after it was gone; nothing where it was never rented, or runs.
    pub(crate) fn resumed(&mut self, at: i64) {
        let at = self.moment(at);
        if let Some(Stretch { to: Some(_), terms, .. }) = self.stretches.last() {
            let terms = terms.clone();
            self.begin(at, terms);
        }
    }

    fn begin(&mut self, at: i64, terms: Terms) {
        if !self.is_open() {
            // What lies between was nothing.
            self.counted_to = self.counted_to.max(hour_of(at));
        }
        self.stretches.push(Stretch { from: at, to: None, terms });
    }

    /// It is gone. Told again it means nothing.
    pub(crate) fn ended(&mut self, at: i64) {
        let at = self.moment(at);
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.to = stretch.to.or(Some(at));
        }
    }

    /// A workload is in it from now on.
    pub(crate) fn placed(&mut self, workload: &str, stay: Stay) {
        let from = self.moment(stay.from);
        let stays = self.stays.entry(workload.to_owned()).or_default();
        if stays.last().is_none_or(|last| last.to.is_some()) {
            stays.push(Stay { from, ..stay });
        }
    }

    /// A workload is in it no longer.
    pub(crate) fn left(&mut self, workload: &str, at: i64) {
        let at = self.moment(at);
        if let Some(stay) = self.stays.get_mut(workload).and_then(|stays| stays.last_mut()) {
            stay.to = stay.to.or(Some(at));
        }
    }

    /// Its last terms.
    pub(crate) fn terms(&self) -> Option<&Terms> {
        self.stretches.last().map(|stretch| &stretch.terms)
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.stretches.last().is_some_and(|last| last.to.is_none())
    }

    /// Whether there is something to count, now or later.
    pub(crate) fn is_open(&self) -> bool {
        self.stretches.last().is_some_and(|last| last.to.is_none_or(|to| to > self.counted_to))
    }

    /// The hours that begin before a moment and are not counted, at most so many.
    pub(crate) fn hours(&self, before: i64, most: usize) -> Vec<i64> {
        let end = self.stretches.last().and_then(|last| last.to).unwrap_or(i64::MAX).min(before);
        let open = if self.is_open() { self.counted_to } else { end };
        (open..end).step_by(usize::try_from(HOUR).unwrap_or(1)).take(most).collect()
    }

    /// Notes that everything before a moment is counted, and forgets it.
    pub(crate) fn forget(&mut self, before: i64) {
        self.counted_to = self.counted_to.max(before);
        let over = |to: Option<i64>| to.is_some_and(|to| to <= self.counted_to);
        let last = self.stretches.pop();
        self.stretches.retain(|stretch| !over(stretch.to));
        self.stretches.extend(last);
        for stays in self.stays.values_mut() {
            stays.retain(|stay| !over(stay.to));
        }
        self.stays.retain(|_, stays| !stays.is_empty());
    }
}
