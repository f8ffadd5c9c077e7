//! What running applications would save elsewhere.

use super::{ServiceError, Sustainability, book::Book};
use crate::{
    SustainabilityError,
    advice::{Action, Alternative, Recommendation, recommend},
    carbon::Footprint,
    course::{Machine, Subject},
    energy::{HOUR, hour_of},
    quantity::{Carbon, Energy, Intensity, MILLION, millionths},
    store,
};
use hansa_ontology::{ApplicationId, Offer, OfferKind, ProjectId, Site, SiteId, offer::Flavour, place::Area};
use hansa_repository::catalogue::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// What is looked back on: a week.
const BACK: i64 = 7 * 24 * HOUR;
/// What is looked ahead to: thirty days, in seconds.
const AHEAD: u64 = 30 * 86_400;

/// About what advice is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdviceQuery {
    /// Of which project.
    pub project: ProjectId,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// The least that it must save in thirty days.
    pub worth: Carbon,
}

/// Advice: a move, and what it is expected to save in thirty days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// For which application.
    pub application: ApplicationId,
    /// From which site.
    pub from: SiteId,
    /// To which.
    pub to: SiteId,
    /// What its machines there would emit in thirty days if they stay.
    pub stays: Carbon,
    /// What is expected to be saved; the least and the most in eight of ten hours of the new place.
    pub recommendation: Recommendation,
}

/// What an application has at a site.
#[derive(Default)]
struct Held {
    footprint: Footprint,
    /// Before PUE.
    energy: Energy,
    /// The first hour that is known.
    since: Option<i64>,
    running: Vec<(OfferKind, Flavour)>,
}

type Place = (ApplicationId, SiteId);

impl Sustainability {
    /// Moves that would save, the most saving first: what each running application drew
    /// at each site in the last seven days, held against other sites with offers that
    /// are as large. Whether its model allows the site isn't looked at; a plan tells.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn advice(&self, query: &AdviceQuery) -> Result<Vec<Advice>, ServiceError> {
        if query.worth < Carbon::ZERO {
            return Err(SustainabilityError::invalid("worth", "must be 0 or above").into());
        }
        let snapshot = self.catalogue.snapshot().await?;
        let (this, query) = (self.clone(), query.clone());
        self.database
            .read(move |connection| {
                let now = this.clock.now().timestamp();
                let window = (hour_of(now - BACK), now);
                let cells = this.cells(connection, Some(&query.project), window)?;
                let book = this.book(connection, &cells, window)?;
                let mut held: BTreeMap<Place, Held> = BTreeMap::new();
                for ((subject, hour), cell) in &cells {
                    let Some(application) = subject.application else { continue };
                    let held = held.entry((application, subject.site.clone())).or_default();
                    held.since = held.since.min(Some(*hour)).or(Some(*hour));
                    held.energy += cell.energy();
                    held.footprint += emitted(&book, subject, *hour, cell);
                }
                for machine in store::machines_open(connection, Some(&query.project))?.values() {
                    running(machine, &mut held);
                }
                held.retain(|(application, _), held| {
                    !held.running.is_empty() && query.application.is_none_or(|wanted| wanted == *application)
                });
                let sites: BTreeSet<(SiteId, Option<Area>)> =
                    snapshot.catalogue.sites.iter().map(|site| (site.id.clone(), Some(site.country.clone()))).collect();
                let there = Book::open(connection, this.options.clone(), &sites, window)?;
                let elsewhere = Elsewhere {
                    snapshot: &snapshot,
                    book: &there,
                    coefficients_pue: this.options.coefficients.default_pue.value,
                };
                let mut all: Vec<Advice> =
                    held.iter().flat_map(|(place, held)| elsewhere.advise(place, held, now, query.worth)).collect();
                all.sort_by_key(|one| std::cmp::Reverse(one.recommendation.expected));
                Ok(all)
            })
            .await
    }
}

/// What a cell emitted, location-based and embodied.
pub(super) fn emitted(
    book: &Book,
    subject: &std::sync::Arc<Subject>,
    hour: i64,
    cell: &crate::course::Cell,
) -> Footprint {
    let facility = book.facility(subject, cell);
    let own = book.own(subject, hour).min(facility);
    let (location, location_unknown) = match book.location(subject, hour) {
        Some((intensity, _)) => ((facility - own).at(intensity), Energy::ZERO),
        None => (Carbon::ZERO, facility - own),
    };
    Footprint { facility, own, location, location_unknown, embodied: cell.embodied, ..Footprint::default() }
}

fn running(machine: &Machine, held: &mut BTreeMap<Place, Held>) {
    let Some(terms) = machine.terms().filter(|_| machine.is_running()) else { return };
    if let (Some(application), Some(flavour)) = (terms.application, terms.flavour.clone())
        && let Some(held) = held.get_mut(&(application, terms.site.clone()))
    {
        held.running.push((terms.kind, flavour));
    }
}

struct Elsewhere<'s> {
    snapshot: &'s Snapshot,
    book: &'s Book,
    coefficients_pue: u64,
}

impl Elsewhere<'_> {
    fn advise(&self, (application, from): &Place, held: &Held, now: i64, worth: Carbon) -> Vec<Advice> {
        let Some(since) = held.since else { return Vec::new() };
        let seconds = now.saturating_sub(since).unsigned_abs();
        let ahead = |carbon: Carbon| carbon.share(AHEAD, seconds);
        let footprint = Footprint {
            location: ahead(held.footprint.location),
            embodied: ahead(held.footprint.embodied),
            ..Footprint::default()
        };
        // Of what isn't known nothing can be saved.
        if held.footprint.location_unknown > Energy::ZERO {
            return Vec::new();
        }
        let energy = held.energy.share(AHEAD, seconds);
        let others = self.snapshot.catalogue.sites.iter().filter(|site| site.id != *from);
        let ways: Vec<Alternative> =
            others.filter_map(|site| self.way((from, site), held, energy, footprint.embodied, (since, now))).collect();
        let stays = footprint.location + footprint.embodied;
        recommend(&application.to_string(), &footprint, &ways, worth)
            .into_iter()
            .filter_map(|recommendation| {
                let Action::Move { to, .. } = &recommendation.action else { return None };
                let (from, to) = (from.clone(), SiteId::new(to.clone()).ok()?);
                Some(Advice { application: *application, from, to, stays, recommendation })
            })
            .collect()
    }

    /// All of it at another site; none where there is no room for each machine, or the
    /// intensity isn't known.
    fn way(
        &self,
        (from, site): (&SiteId, &Site),
        held: &Held,
        energy: Energy,
        embodied: Carbon,
        window: (i64, i64),
    ) -> Option<Alternative> {
        let offers = held.running.iter().map(|wanted| self.offer(site, wanted, window.1));
        let offers: Vec<&Offer> = offers.collect::<Option<_>>()?;
        let profile = offers.iter().find_map(|offer| offer.energy.as_ref()).or(site.energy.as_ref());
        let pue = profile.and_then(|profile| millionths("pue", profile.pue, MILLION, 10 * MILLION).ok());
        let stated = || Some([Intensity::of_grams(profile?.carbon_intensity).ok()?; 3]);
        let [mean, low, high] = self.book.usual((&site.id, Some(&site.country)), window).or_else(stated)?;
        Some(Alternative {
            action: Action::Move { from: from.to_string(), to: site.id.to_string() },
            energy: energy.millionths(pue.unwrap_or(self.coefficients_pue)),
            intensity: (mean, low, high),
            embodied,
            once: Carbon::ZERO,
        })
    }

    /// An offer at a site that is at least as large.
    fn offer(&self, site: &Site, (kind, wanted): &(OfferKind, Flavour), now: i64) -> Option<&Offer> {
        let fits = |offer: &&Offer| {
            let has = &offer.flavour;
            let large = has.cpu_milli >= wanted.cpu_milli
                && has.memory_mib >= wanted.memory_mib
                && has.disk_mib >= wanted.disk_mib;
            let valid = offer.valid_from.is_none_or(|from| from.timestamp() <= now)
                && offer.valid_through.is_none_or(|through| through.timestamp() > now);
            let same = offer.kind == *kind
                && has.cpu_arch == wanted.cpu_arch
                && (wanted.gpu.is_none() || has.gpu == wanted.gpu);
            offer.site == site.id && same && large && valid && offer.capacity.available_units > 0
        };
        let offers = self.snapshot.catalogue.offers.iter().filter(fits);
        offers.min_by_key(|offer| (offer.flavour.cpu_milli, offer.flavour.memory_mib, &offer.id))
    }
}
