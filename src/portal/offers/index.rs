//! Offers as people look through them: columns that are filtered and sorted
//! in memory, made once for each generation of the catalogue, so that a page
//! of ten thousand offers costs no more than a walk over an array.

use super::query::{Direction, OfferQuery, SortBy};
use hansa_mco::planner::footprint;
use hansa_ontology::{Offer, OfferKind, Provider, ProviderId, Site, SiteId, place::Area};
use hansa_repository::catalogue::Snapshot;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

/// The orders that a list can have: each column, either way.
const ORDERS: usize = SortBy::ALL.len() * 2;

/// The offers of one generation of the catalogue.
#[derive(Debug)]
pub(crate) struct OfferIndex {
    snapshot: Arc<Snapshot>,
    /// One for each offer of the snapshot, in its order: by IRI.
    rows: Vec<Row>,
    /// Rows by what they are sorted by; made when first asked for.
    orders: [OnceLock<Vec<u32>>; ORDERS],
    /// What there is to choose from.
    pub(crate) choices: Choices,
}

/// What is compared of an offer.
#[derive(Debug)]
pub(crate) struct Row {
    /// The promised availability in percent.
    pub(crate) availability: Option<Decimal>,
    /// Grams of CO2 equivalent for each kilowatt-hour, where offer or site state it.
    pub(crate) intensity: Option<Decimal>,
    /// Grams of CO2 equivalent that a unit emits in an hour; the power is an
    /// estimate where the offer does not state it. None: the intensity is not stated.
    pub(crate) grams: Option<Decimal>,
    /// Whether the power is estimated from processors and memory.
    pub(crate) estimated: bool,
    /// The laws that bind at the site.
    pub(crate) jurisdictions: BTreeSet<Area>,
    /// The site's name, or the last segment of its IRI.
    pub(crate) site: String,
    /// The provider's name, or the last segment of its IRI.
    pub(crate) provider: String,
    /// What words are looked for in, in lower case.
    text: String,
}

/// What there is to choose from in the filters.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// Providers that sell something: IRI and name, by name.
    pub(crate) providers: Vec<(String, String)>,
    /// Sites where something is sold: IRI and name, by name.
    pub(crate) sites: Vec<(String, String)>,
    /// Laws that bind at some site.
    pub(crate) jurisdictions: BTreeSet<Area>,
    /// Capabilities of some offer.
    pub(crate) capabilities: BTreeSet<String>,
}

/// A place in a sorted list: the last offer of a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    group: String,
    number: i64,
    text: String,
    iri: String,
}

/// One page of the offers that pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Positions in the index, in order.
    pub(crate) rows: Vec<usize>,
    /// How many offers pass before this page.
    pub(crate) before: usize,
    /// How many pass in all.
    pub(crate) total: usize,
    /// Where the next page begins; None: this is the last.
    pub(crate) next: Option<Position>,
    /// Where the page before begins; None: that is the first page.
    pub(crate) previous: Option<Position>,
}

impl OfferIndex {
    /// Puts the offers of a snapshot into columns.
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        let catalogue = &snapshot.catalogue;
        let sites: BTreeMap<&SiteId, &Site> = catalogue.sites.iter().map(|site| (&site.id, site)).collect();
        let providers: BTreeMap<&ProviderId, &Provider> =
            catalogue.providers.iter().map(|provider| (&provider.id, provider)).collect();
        let rows: Vec<Row> = catalogue
            .offers
            .iter()
            .map(|offer| Row::new(offer, sites.get(&offer.site).copied(), providers.get(&offer.provider).copied()))
            .collect();
        let choices = Choices::of(&catalogue.offers, &rows);
        Self { rows, choices, orders: [const { OnceLock::new() }; ORDERS], snapshot }
    }

    /// The generation of the catalogue that it shows.
    pub(crate) fn generation(&self) -> i64 {
        self.snapshot.generation
    }

    /// The offer at a position, with what is compared of it.
    pub(crate) fn get(&self, at: usize) -> Option<(&Offer, &Row)> {
        self.snapshot.catalogue.offers.get(at).zip(self.rows.get(at))
    }

    /// The offer of an IRI.
    pub(crate) fn by_iri(&self, iri: &str) -> Option<(&Offer, &Row)> {
        let at = self.snapshot.catalogue.offers.binary_search_by(|offer| offer.id.as_str().cmp(iri)).ok()?;
        self.get(at)
    }

    /// The offer of an IRI, or the only one with that last segment.
    pub(crate) fn find(&self, reference: &str) -> Option<(&Offer, &Row)> {
        self.by_iri(reference).or_else(|| {
            let offers = self.snapshot.catalogue.offers.iter().enumerate();
            let mut named = offers.filter(|(_, offer)| offer.id.short() == reference).map(|(at, _)| at);
            named.next().filter(|_| named.next().is_none()).and_then(|at| self.get(at))
        })
    }

    /// The page after a position of the offers that pass. `from` tells the
    /// partner, by DID, that a provider's offers come from.
    pub(crate) fn page(
        &self,
        query: &OfferQuery,
        after: Option<&Position>,
        size: usize,
        from: impl Fn(&ProviderId) -> Option<String>,
    ) -> Found {
        let order = self.order(query.sort, query.direction);
        let passing: Vec<usize> = order
            .iter()
            .map(|at| *at as usize)
            .filter(|at| self.get(*at).is_some_and(|(offer, row)| passes(query, offer, row, &from)))
            .collect();
        let start = after.map_or(0, |after| {
            let last = after.key(query);
            passing.partition_point(|at| {
                self.get(*at).is_some_and(|(offer, row)| {
                    (key(query.sort, query.direction, offer, row), offer.id.as_str()) <= (last.clone(), &after.iri)
                })
            })
        });
        let rows: Vec<usize> = passing.iter().skip(start).take(size).copied().collect();
        let end = start + rows.len();
        let position = |at: usize| passing.get(at).and_then(|row| self.position(*row, query));
        Found {
            next: if end < passing.len() { end.checked_sub(1).and_then(position) } else { None },
            previous: start.checked_sub(size + 1).and_then(position),
            before: start,
            total: passing.len(),
            rows,
        }
    }

    fn position(&self, at: usize, query: &OfferQuery) -> Option<Position> {
        let (offer, row) = self.get(at)?;
        let Key { group, number, text: Text::Up(text) | Text::Down(Reverse(text)) } =
            key(query.sort, query.direction, offer, row);
        Some(Position { group: group.to_owned(), number, text: text.to_owned(), iri: offer.id.to_string() })
    }

    fn order(&self, sort: SortBy, direction: Direction) -> &[u32] {
        let column = SortBy::ALL.iter().position(|one| *one == sort).unwrap_or_default();
        let at = column * 2 + usize::from(direction == Direction::Down);
        let Some(order) = self.orders.get(at) else { return &[] };
        order.get_or_init(|| {
            let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)).collect();
            // Rows are by IRI already, and the sort is stable: equals stay by IRI.
            order.sort_by(|one, other| {
                let key = |at: u32| self.get(at as usize).map(|(offer, row)| key(sort, direction, offer, row));
                key(*one).cmp(&key(*other))
            });
            order
        })
    }
}

/// What an offer is sorted by, growing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    /// Prices of different currencies can't be compared: each currency stands together.
    group: &'a str,
    number: i64,
    text: Text<'a>,
}

/// A text that is sorted either way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Text<'a> {
    Up(&'a str),
    Down(Reverse<&'a str>),
}

impl<'a> Text<'a> {
    fn new(text: &'a str, direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Up(text),
            Direction::Down => Self::Down(Reverse(text)),
        }
    }
}

impl Position {
    fn key(&self, query: &OfferQuery) -> Key<'_> {
        Key { group: &self.group, number: self.number, text: Text::new(&self.text, query.direction) }
    }
}

/// What isn't known comes last either way.
fn key<'a>(sort: SortBy, direction: Direction, offer: &'a Offer, row: &'a Row) -> Key<'a> {
    let micros = |value: Decimal| value.checked_mul(Decimal::from(1_000_000)).and_then(|value| value.to_i64());
    let price = &offer.price_plan.price_per_hour;
    let number = match sort {
        SortBy::Price => Some(price.micros),
        SortBy::Availability => row.availability.and_then(micros),
        SortBy::Carbon => row.grams.and_then(micros),
        SortBy::Cpu => Some(i64::from(offer.flavour.cpu_milli)),
        SortBy::Memory => i64::try_from(offer.flavour.memory_mib).ok(),
        SortBy::Title => Some(0),
    };
    let number = match direction {
        Direction::Up => number.unwrap_or(i64::MAX),
        Direction::Down => number.map_or(i64::MAX, i64::saturating_neg),
    };
    let text = if sort == SortBy::Title { offer.title.as_str() } else { "" };
    let text = Text::new(text, direction);
    Key { group: if sort == SortBy::Price { price.currency.as_str() } else { "" }, number, text }
}

fn passes(query: &OfferQuery, offer: &Offer, row: &Row, from: &impl Fn(&ProviderId) -> Option<String>) -> bool {
    let flavour = &offer.flavour;
    let price = offer.price_plan.price_per_hour;
    query.kind.is_none_or(|kind| offer.kind == kind)
        && query.provider.as_ref().is_none_or(|iri| offer.provider.as_str() == iri)
        && query.site.as_ref().is_none_or(|iri| offer.site.as_str() == iri)
        && query.capability.as_ref().is_none_or(|tag| offer.capabilities.contains(tag))
        && query.cpu.is_none_or(|least| Decimal::new(i64::from(flavour.cpu_milli), 3) >= least)
        && query.memory.is_none_or(|least| Decimal::new(1024, 0) * least <= Decimal::from(flavour.memory_mib))
        && query.price.is_none_or(|most| price.currency == query.currency && Decimal::new(price.micros, 6) <= most)
        && query.availability.is_none_or(|least| row.availability.is_some_and(|promised| promised >= least))
        && query.carbon.is_none_or(|most| row.intensity.is_some_and(|intensity| intensity <= most))
        && query.jurisdiction.as_ref().is_none_or(|law| row.is_under(law))
        && query.source.as_ref().is_none_or(|source| source.admits(from(&offer.provider).as_deref()))
        && query.words.iter().all(|word| row.text.contains(word))
}

impl Row {
    fn new(offer: &Offer, site: Option<&Site>, provider: Option<&Provider>) -> Self {
        let footprint = footprint(offer, site);
        let site_name = site.map_or_else(|| offer.site.short().to_owned(), |site| site.name.clone());
        let provider_name =
            provider.map_or_else(|| offer.provider.short().to_owned(), |provider| provider.name.clone());
        let mut text =
            format!("{} {} {} {site_name} {provider_name}", offer.id, offer.title, offer.flavour.name).to_lowercase();
        for tag in &offer.capabilities {
            text.push(' ');
            text.push_str(&tag.to_lowercase());
        }
        Self {
            availability: offer.sla.as_ref().and_then(hansa_ontology::sla::Sla::availability),
            intensity: footprint.intensity,
            grams: footprint.intensity.map(|_| footprint.grams),
            estimated: footprint.estimated,
            jurisdictions: site.map(|site| site.jurisdictions.clone()).unwrap_or_default(),
            site: site_name,
            provider: provider_name,
            text,
        }
    }

    /// Whether a law that binds there is one of this area's: as the planner takes `jurisdiction.allow`.
    fn is_under(&self, law: &Area) -> bool {
        self.jurisdictions.iter().any(|area| law.contains(area))
    }
}

impl Choices {
    fn of(offers: &[Offer], rows: &[Row]) -> Self {
        let mut providers = BTreeMap::new();
        let mut sites = BTreeMap::new();
        let mut choices = Self::default();
        for (offer, row) in offers.iter().zip(rows) {
            providers.entry(offer.provider.as_str()).or_insert(row.provider.as_str());
            sites.entry(offer.site.as_str()).or_insert(row.site.as_str());
            for area in &row.jurisdictions {
                if !choices.jurisdictions.contains(area) {
                    choices.jurisdictions.insert(area.clone());
                }
            }
            for tag in &offer.capabilities {
                if !choices.capabilities.contains(tag) {
                    choices.capabilities.insert(tag.clone());
                }
            }
        }
        // Groups that hold more than one country help more than the countries alone.
        let groups = ["EU", "EEA"].into_iter().filter_map(|code| Area::new(code).ok());
        let within: Vec<Area> =
            groups.filter(|group| choices.jurisdictions.iter().any(|area| group.contains(area))).collect();
        choices.jurisdictions.extend(within);
        choices.providers = by_name(providers);
        choices.sites = by_name(sites);
        choices
    }
}

fn by_name(found: BTreeMap<&str, &str>) -> Vec<(String, String)> {
    let mut list: Vec<(String, String)> =
        found.into_iter().map(|(iri, name)| (iri.to_owned(), name.to_owned())).collect();
    list.sort_by(|one, other| one.1.cmp(&other.1).then_with(|| one.0.cmp(&other.0)));
    list
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n{}", self.group, self.number, self.iri, self.text)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(4, '\n').map(str::to_owned);
        let mut next = || parts.next().ok_or(());
        let (group, number, iri, text) = (next()?, next()?, next()?, next()?);
        Ok(Self { group, number: number.parse().ok().ok_or(())?, text, iri })
    }
}

/// How many kinds of service there are, for the filter.
pub(crate) const KINDS: [OfferKind; 3] = [OfferKind::BareMetal, OfferKind::VirtualMachine, OfferKind::Container];
