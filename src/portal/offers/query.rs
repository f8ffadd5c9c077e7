//! What the address of the list of offers says: filters, order, page, and the
//! offers that are picked for comparison. What can't be read is told at its
//! field, and the rest still counts.

use hansa_ontology::{Currency, OfferKind, place::Area};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// Offers that can be compared side by side.
pub(crate) const MOST_COMPARED: usize = 4;
/// Offers in a page, to choose from.
pub(crate) const SIZES: [usize; 3] = [25, 50, 100];
/// The longest text that is looked for, in bytes.
const LONGEST: usize = 200;

/// What a list of offers is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SortBy {
    /// Price of an hour.
    #[default]
    Price,
    /// Promised availability.
    Availability,
    /// What an hour emits.
    Carbon,
    /// Processors.
    Cpu,
    /// Memory.
    Memory,
    /// Title.
    Title,
}

impl SortBy {
    /// Every column that can be sorted by.
    pub(crate) const ALL: [Self; 6] =
        [Self::Price, Self::Availability, Self::Carbon, Self::Cpu, Self::Memory, Self::Title];

    /// Its name in the address.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Availability => "availability",
            Self::Carbon => "carbon",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Title => "title",
        }
    }

    /// Which way is useful first: cheap, clean, dependable, large.
    pub(crate) const fn first(self) -> Direction {
        match self {
            Self::Price | Self::Carbon | Self::Title => Direction::Up,
            Self::Availability | Self::Cpu | Self::Memory => Direction::Down,
        }
    }
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Direction {
    /// Growing.
    #[default]
    Up,
    /// Falling.
    Down,
}

impl Direction {
    /// The other way.
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// Whose offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceFilter {
    /// This broker's own.
    Own,
    /// Any partner's.
    Partners,
    /// This partner's, by DID.
    Partner(String),
}

impl SourceFilter {
    /// Whether offers of a partner, or with None this broker's own, pass.
    pub(crate) fn admits(&self, partner: Option<&str>) -> bool {
        match self {
            Self::Own => partner.is_none(),
            Self::Partners => partner.is_some(),
            Self::Partner(did) => partner == Some(did.as_str()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Own => "own",
            Self::Partners => "partners",
            Self::Partner(did) => did,
        }
    }
}

/// What is wanted of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferQuery {
    /// The text as it was typed.
    pub(crate) text: String,
    /// Its words, in lower case.
    pub(crate) words: Vec<String>,
    /// Only this kind.
    pub(crate) kind: Option<OfferKind>,
    /// Only this provider, by IRI.
    pub(crate) provider: Option<String>,
    /// Only at this site, by IRI.
    pub(crate) site: Option<String>,
    /// Only where a law of this area binds.
    pub(crate) jurisdiction: Option<Area>,
    /// Only with this capability.
    pub(crate) capability: Option<String>,
    /// Whose.
    pub(crate) source: Option<SourceFilter>,
    /// An hour's price at most, in `currency`.
    pub(crate) price: Option<Decimal>,
    /// The currency of `price`.
    pub(crate) currency: Currency,
    /// Promised availability at least, percent.
    pub(crate) availability: Option<Decimal>,
    /// Carbon intensity at most, g/kWh.
    pub(crate) carbon: Option<Decimal>,
    /// Processors at least.
    pub(crate) cpu: Option<Decimal>,
    /// Memory at least, GiB.
    pub(crate) memory: Option<Decimal>,
    /// Sorted by what.
    pub(crate) sort: SortBy,
    /// Which way.
    pub(crate) direction: Direction,
    /// Offers in a page.
    pub(crate) size: usize,
    /// Where the page begins: a sealed position.
    pub(crate) page: Option<String>,
    /// Picked for comparison, by IRI: four at most.
    pub(crate) picked: Vec<String>,
    /// Fields that could not be read, each with what was typed.
    pub(crate) faults: BTreeMap<&'static str, String>,
}

impl OfferQuery {
    /// Nothing asked for: all offers, the cheapest first.
    pub(crate) fn new(currency: Currency) -> Self {
        Self {
            text: String::new(),
            words: Vec::new(),
            kind: None,
            provider: None,
            site: None,
            jurisdiction: None,
            capability: None,
            source: None,
            price: None,
            currency,
            availability: None,
            carbon: None,
            cpu: None,
            memory: None,
            sort: SortBy::default(),
            direction: Direction::default(),
            size: SIZES[0],
            page: None,
            picked: Vec::new(),
            faults: BTreeMap::new(),
        }
    }

    /// Reads the address's query. What it does not know it passes over.
    pub(crate) fn parse(query: &str, currency: Currency) -> Self {
        let mut wanted = Self::new(currency);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            if !value.is_empty() && value.len() <= 2_048 {
                wanted.take(&name, value);
            }
        }
        wanted
    }

    fn take(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned());
        match name {
            "q" => {
                self.text = value.chars().take(LONGEST).collect();
                self.words = self.text.to_lowercase().split_whitespace().map(str::to_owned).collect();
            }
            "kind" => self.kind = self.choice("kind", value, kind(value)),
            "provider" => self.provider = text(),
            "site" => self.site = text(),
            "capability" => self.capability = text(),
            "jurisdiction" => self.jurisdiction = self.choice("jurisdiction", value, Area::new(value).ok()),
            "source" => {
                self.source = Some(match value {
                    "own" => SourceFilter::Own,
                    "partners" => SourceFilter::Partners,
                    did => SourceFilter::Partner(did.to_owned()),
                });
            }
            "price" => self.price = self.number("price", value),
            "availability" => self.availability = self.number("availability", value),
            "carbon" => self.carbon = self.number("carbon", value),
            "cpu" => self.cpu = self.number("cpu", value),
            "memory" => self.memory = self.number("memory", value),
            "sort" => self.sorted(value),
            "size" => {
                if let Some(size) = SIZES.into_iter().find(|size| value.parse() == Ok(*size)) {
                    self.size = size;
                }
            }
            "page" => self.page = text(),
            "pick" if self.picked.len() < MOST_COMPARED && !self.picked.iter().any(|iri| iri == value) => {
                self.picked.push(value.to_owned());
            }
            _ => {}
        }
    }

    fn sorted(&mut self, value: &str) {
        let (name, direction) = value.strip_prefix('-').map_or((value, Direction::Up), |name| (name, Direction::Down));
        if let Some(sort) = SortBy::ALL.into_iter().find(|sort| sort.name() == name) {
            (self.sort, self.direction) = (sort, direction);
        }
    }

    fn choice<T>(&mut self, field: &'static str, value: &str, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.faults.insert(field, value.to_owned());
        }
        read
    }

    /// A decimal number that is not negative, with a point or a comma.
    fn number(&mut self, field: &'static str, value: &str) -> Option<Decimal> {
        let read = value.replace(',', ".").parse::<Decimal>().ok();
        let read = read.filter(|number| !number.is_sign_negative() && *number < Decimal::from(1_000_000_000));
        self.choice(field, value, read)
    }

    /// The fields as they stand in the address, without page and picks.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let mut put = |name: &'static str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                fields.push((name, value));
            }
        };
        put("q", Some(self.text.clone()));
        put("kind", self.kind.map(|kind| kind.to_string()));
        put("provider", self.provider.clone());
        put("site", self.site.clone());
        put("jurisdiction", self.jurisdiction.as_ref().map(ToString::to_string));
        put("capability", self.capability.clone());
        put("source", self.source.as_ref().map(|source| source.text().to_owned()));
        for (name, number) in [
            ("price", self.price),
            ("availability", self.availability),
            ("carbon", self.carbon),
            ("cpu", self.cpu),
            ("memory", self.memory),
        ] {
            put(name, number.map(|number| number.to_string()));
        }
        if (self.sort, self.direction) != (SortBy::Price, Direction::Up) {
            put("sort", Some(sort_text(self.sort, self.direction)));
        }
        put("size", (self.size != SIZES[0]).then(|| self.size.to_string()));
        fields
    }

    /// What stands in a field of the form: what was read, or what was typed and can't be read.
    pub(crate) fn field(&self, name: &str) -> String {
        let typed = self.faults.get(name).cloned();
        typed.unwrap_or_else(|| {
            self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value).unwrap_or_default()
        })
    }

    /// The address of the list sorted by a column: the useful way first, then the other.
    pub(crate) fn sort_address(&self, sort: SortBy) -> String {
        let direction = if self.sort == sort { self.direction.turned() } else { sort.first() };
        let turned = Self { sort, direction, ..self.clone() };
        turned.address(None)
    }

    /// The address of a page of this list.
    pub(crate) fn address(&self, page: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields());
        query.extend_pairs(page.map(|page| ("page", page)));
        query.extend_pairs(self.picked.iter().map(|iri| ("pick", iri)));
        let query = query.finish();
        if query.is_empty() { "/offers".to_owned() } else { format!("/offers?{query}") }
    }

    /// Whether anything is filtered.
    pub(crate) fn is_filtered(&self) -> bool {
        !self.faults.is_empty() || self.fields().iter().any(|(name, _)| !matches!(*name, "sort" | "size"))
    }
}

/// A sort order as it stands in the address.
pub(crate) fn sort_text(sort: SortBy, direction: Direction) -> String {
    match direction {
        Direction::Up => sort.name().to_owned(),
        Direction::Down => format!("-{}", sort.name()),
    }
}

fn kind(name: &str) -> Option<OfferKind> {
    super::index::KINDS.into_iter().find(|kind| kind.to_string() == name)
}

/// Fields as the query of an address, with the question mark; those without a value are left out.
pub(crate) fn encoded_query<'a>(fields: impl IntoIterator<Item = (&'static str, Option<&'a str>)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let query = query.finish();
    if query.is_empty() { query } else { format!("?{query}") }
}
