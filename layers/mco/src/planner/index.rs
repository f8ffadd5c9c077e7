//! Offers, compiled once for planning: sorted, typed, with what the filter asks
//! most in columns of its own.

use super::{
    energy::{Coming, Footprint, footprint_at},
    solver::problem::{Amount, UNKNOWN},
};
use hansa_ontology::{Catalogue, Currency, Offer, OfferId, Provider, ProviderId, Site, SiteId};
use std::collections::{BTreeMap, BTreeSet};

/// Offers, sites and providers, ready to be planned over. Make it once for each
/// state of the catalogue and share it.
#[derive(Debug, Default)]
pub struct OfferIndex {
    pub(super) offers: Vec<Entry>,
    pub(super) sites: Vec<Site>,
    pub(super) providers: Vec<Provider>,
    /// For each capability which offers have it.
    pub(super) capabilities: BTreeMap<String, BTreeSet<usize>>,
    latency: Vec<u32>,
    /// What the grids of sites are expected to emit.
    coming: BTreeMap<SiteId, Coming>,
}

/// An offer with what planning asks of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) offer: Offer,
    /// Number of its site, if that is known.
    pub(super) site: Option<usize>,
    pub(super) provider: Option<usize>,
    pub(super) capacity: Amount,
    pub(super) price: i64,
    pub(super) currency: Currency,
    pub(super) footprint: Footprint,
}

impl OfferIndex {
    /// Compiles a catalogue. Of several documents with one IRI the last counts.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        Self::with_coming(catalogue, BTreeMap::new())
    }

    /// The same, with what the grids of sites are expected to emit in the coming hours:
    /// that counts in the place of what offers and sites state.
    #[must_use]
    pub fn with_coming(catalogue: &Catalogue, coming: BTreeMap<SiteId, Coming>) -> Self {
        let sites = sorted(&catalogue.sites, |site: &Site| site.id.clone());
        let providers = sorted(&catalogue.providers, |provider: &Provider| provider.id.clone());
        let mut index = Self { latency: latencies(&sites), sites, providers, coming, ..Self::default() };
        index.offers = sorted(&catalogue.offers, |offer: &Offer| offer.id.clone())
            .into_iter()
            .map(|offer| index.entry(offer))
            .collect();
        for (number, entry) in index.offers.iter().enumerate() {
            for capability in &entry.offer.capabilities {
                index.capabilities.entry(capability.clone()).or_default().insert(number);
            }
        }
        index
    }

    /// How many offers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether there is no offer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// The offer of that IRI.
    #[must_use]
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.number(id).and_then(|number| self.offers.get(number)).map(|entry| &entry.offer)
    }

    pub(super) fn number(&self, id: &OfferId) -> Option<usize> {
        self.offers.binary_search_by(|entry| entry.offer.id.cmp(id)).ok()
    }

    pub(super) fn entry(&self, offer: Offer) -> Entry {
        let site = self.site_number(&offer.site);
        let provider = self.provider_number(&offer.provider);
        let flavour = &offer.flavour;
        Entry {
            site,
            provider,
            capacity: [
                u64::from(flavour.cpu_milli),
                flavour.memory_mib,
                flavour.disk_mib,
                flavour.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count)),
            ],
            price: offer.price_plan.price_per_hour.micros,
            currency: offer.price_plan.price_per_hour.currency,
            footprint: footprint_at(&offer, site.and_then(|site| self.sites.get(site)), self.coming(&offer.site)),
            offer,
        }
    }

    /// What a site's grid is expected to emit, where that is known.
    pub(super) fn coming(&self, site: &SiteId) -> Option<&Coming> {
        self.coming.get(site)
    }

    fn site_number(&self, id: &SiteId) -> Option<usize> {
        self.sites.binary_search_by(|site| site.id.cmp(id)).ok()
    }

    fn provider_number(&self, id: &ProviderId) -> Option<usize> {
        self.providers.binary_search_by(|provider| provider.id.cmp(id)).ok()
    }

    /// Round-trip time between two sites by number, in microseconds.
    pub(super) fn round_trip(&self, a: usize, b: usize) -> u32 {
        self.latency.get(a * self.sites.len() + b).copied().unwrap_or(UNKNOWN)
    }

    /// Round-trip time between two sites in microseconds; None where unknown.
    #[must_use]
    pub fn site_latency(&self, a: &SiteId, b: &SiteId) -> Option<u32> {
        if a == b {
            return Some(0);
        }
        let time = self.round_trip(self.site_number(a)?, self.site_number(b)?);
        (time != UNKNOWN).then_some(time)
    }
}

/// By identifier, the last of each.
fn sorted<T: Clone, I: Ord>(values: &[T], id: impl Fn(&T) -> I) -> Vec<T> {
    let by_id: BTreeMap<I, &T> = values.iter().map(|value| (id(value), value)).collect();
    by_id.into_values().cloned().collect()
}

/// All round-trip times, taken as symmetric. Where both directions are stated
/// and differ, the longer counts: a limit must hold whoever measures.
fn latencies(sites: &[Site]) -> Vec<u32> {
    let mut all = Vec::with_capacity(sites.len() * sites.len());
    for a in sites {
        for b in sites {
            let stated = [a.latencies.get(&b.id), b.latencies.get(&a.id)];
            let time = stated.into_iter().flatten().copied().max().unwrap_or(UNKNOWN);
            all.push(if a.id == b.id { 0 } else { time });
        }
    }
    all
}
