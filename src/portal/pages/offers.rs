//! Offers, as many at once as there are, by price, SLA, law and carbon.

use crate::portal::{
    Frame, Language, Place,
    offers::{Choices, Direction, Found, KINDS, OfferIndex, OfferQuery, Row, SIZES, SortBy, sort_text},
    parts::{AlsoBy, Choice, Empty, Field, FieldKind, StateMark, Tone},
};
use askama::Template;
use chrono::{DateTime, Utc};
use hansa_ontology::{Offer, OfferKind};
use rust_decimal::Decimal;

/// Values of a choice that a list shows at most.
const MOST_CHOICES: usize = 400;

/// The list of offers.
#[derive(Debug, Template)]
#[template(path = "offers.html")]
pub(crate) struct OffersPage {
    frame: Frame,
    shown: String,
    fields: Vec<Field>,
    more: Vec<Field>,
    more_open: bool,
    filtered: bool,
    hidden: Vec<(&'static str, String)>,
    carried: Vec<String>,
    columns: Vec<SortColumn>,
    lines: Vec<Line>,
    first: bool,
    previous: Option<String>,
    next: Option<String>,
    empty: Option<Empty>,
    also: AlsoBy,
}

/// A column by which the list can be sorted.
#[derive(Debug)]
struct SortColumn {
    label: String,
    href: String,
    sorted: Option<&'static str>,
    number: bool,
}

/// One offer in the list.
#[derive(Debug)]
struct Line {
    iri: String,
    href: String,
    title: String,
    place: String,
    kind: String,
    size: String,
    price: String,
    availability: Option<String>,
    laws: String,
    carbon: Option<String>,
    intensity: Option<String>,
    units: String,
    origin: Origin,
    picked: bool,
}

/// Where an offer comes from, and how far it can be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The partner's name; None: it is our own.
    pub(crate) partner: Option<String>,
    /// When the partner was last heard.
    pub(crate) heard: Option<DateTime<Utc>>,
    /// Shape and word: own, fresh, stale, expired.
    pub(crate) state: StateMark,
    /// Why it can't be ordered now: the broker's own words.
    pub(crate) unusable: Option<String>,
}

/// A page's worth of offers and the addresses around it.
#[derive(Debug)]
pub(crate) struct Cut {
    /// What was found.
    pub(crate) found: Found,
    /// The token of the page before; empty: the first page.
    pub(crate) previous: Option<String>,
    /// The token of the next page.
    pub(crate) next: Option<String>,
}

impl OffersPage {
    /// The page of what was found.
    pub(crate) fn new(frame: Frame, index: &OfferIndex, query: &OfferQuery, cut: Cut, origins: &Origins<'_>) -> Self {
        let language = frame.language;
        let Cut { found, previous, next } = cut;
        let lines: Vec<Line> = found
            .rows
            .iter()
            .filter_map(|at| index.get(*at))
            .map(|(offer, row)| Line::new(language, query, offer, row, (origins.of)(offer)))
            .collect();
        let empty = lines.is_empty().then(|| Self::empty(&frame, query, index));
        let carried = query.picked.iter().filter(|iri| !lines.iter().any(|line| line.iri == **iri)).cloned().collect();
        let more = more_fields(&frame, query, &index.choices, origins.partners);
        Self {
            shown: shown(&frame, &found),
            fields: fields(&frame, query, &index.choices),
            more_open: more.iter().any(|field| !field.value.is_empty() && field.name != "size"),
            more,
            filtered: query.is_filtered(),
            hidden: query.fields(),
            carried,
            columns: columns(&frame, query),
            lines,
            first: found.before > 0,
            previous,
            next,
            empty,
            also: also(&frame, query),
            frame,
        }
    }

    fn empty(frame: &Frame, query: &OfferQuery, index: &OfferIndex) -> Empty {
        if index.get(0).is_some() && query.is_filtered() {
            Empty::new(frame.t("offers-none"), frame.t("offers-none-text")).action("/offers", frame.t("sheet-reset"))
        } else {
            Empty::new(frame.t("offers-empty"), frame.t("offers-empty-text"))
        }
    }
}

/// Whose offers are which.
pub(crate) struct Origins<'a> {
    /// Where an offer comes from.
    pub(crate) of: &'a dyn Fn(&Offer) -> Origin,
    /// Partners that sell something: DID and name.
    pub(crate) partners: &'a [(String, String)],
}

impl Origin {
    /// One of this broker's own.
    pub(crate) fn own(frame_language: Language) -> Self {
        let word = frame_language.t("offers-own");
        Self { partner: None, heard: None, state: StateMark::new(Tone::Good, word), unusable: None }
    }
}

impl Line {
    fn new(language: Language, query: &OfferQuery, offer: &Offer, row: &Row, origin: Origin) -> Self {
        let iri = offer.id.to_string();
        Self {
            href: address(&iri),
            title: offer.title.clone(),
            place: format!("{} \u{b7} {}", row.site, row.provider),
            kind: kind_word(language, offer.kind),
            size: size(language, offer),
            price: language.money(offer.price_plan.price_per_hour),
            availability: row.availability.map(|percent| language.percentage(&percent.normalize().to_string())),
            laws: laws(row),
            carbon: row.grams.map(|grams| decimal(language, grams, 2)),
            intensity: row.intensity.map(|intensity| decimal(language, intensity, 0)),
            units: language.decimal(&offer.capacity.available_units.to_string()),
            picked: query.picked.contains(&iri),
            iri,
            origin,
        }
    }
}

/// The page of an offer.
pub(crate) fn address(iri: &str) -> String {
    format!("/offers/{}", encoded(iri))
}

/// A text as one segment of a path.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A decimal number with at most so many decimals; small numbers keep two figures that count.
pub(crate) fn decimal(language: Language, number: Decimal, decimals: u32) -> String {
    let rounded = number.round_dp(decimals);
    let rounded = if rounded.is_zero() && !number.is_zero() { number.round_sf(2).unwrap_or(number) } else { rounded };
    language.decimal(&rounded.normalize().to_string())
}

/// The laws that bind: codes, which are the same in every language.
pub(crate) fn laws(row: &Row) -> String {
    let codes: Vec<&str> = row.jurisdictions.iter().map(hansa_ontology::place::Area::as_str).collect();
    if codes.is_empty() { "?".to_owned() } else { codes.join(", ") }
}

/// A kind of service in the page's language.
pub(crate) fn kind_word(language: Language, kind: OfferKind) -> String {
    language.t(match kind {
        OfferKind::BareMetal => "offers-kind-bare-metal",
        OfferKind::VirtualMachine => "offers-kind-virtual-machine",
        OfferKind::Container => "offers-kind-container",
    })
}

/// Processors and memory of a unit.
pub(crate) fn size(language: Language, offer: &Offer) -> String {
    let cpu = decimal(language, Decimal::new(i64::from(offer.flavour.cpu_milli), 3), 3);
    language.msg("offers-size").with("cpu", cpu).with("memory", memory(language, offer.flavour.memory_mib)).to_string()
}

/// An amount of memory or disk.
pub(crate) fn memory(language: Language, mebibytes: u64) -> String {
    let (unit, value) = match mebibytes {
        large if large >= 1 << 20 => ("TiB", Decimal::from(large) / Decimal::from(1_u64 << 20)),
        middle if middle >= 1 << 10 => ("GiB", Decimal::from(middle) / Decimal::from(1_u64 << 10)),
        small => ("MiB", Decimal::from(small)),
    };
    format!("{}\u{a0}{unit}", decimal(language, value, 1))
}

fn shown(frame: &Frame, found: &Found) -> String {
    let part = |number: usize| frame.language.decimal(&number.to_string());
    if found.rows.is_empty() {
        return frame.t("offers-shown-none");
    }
    frame
        .msg("offers-shown")
        .with("first", part(found.before + 1))
        .with("last", part(found.before + found.rows.len()))
        .with("total", part(found.total))
        .to_string()
}

fn columns(frame: &Frame, query: &OfferQuery) -> Vec<SortColumn> {
    let column = |sort: SortBy, label: String, number: bool| SortColumn {
        label,
        href: query.sort_address(sort),
        sorted: (query.sort == sort).then_some(match query.direction {
            Direction::Up => "ascending",
            Direction::Down => "descending",
        }),
        number,
    };
    vec![
        column(SortBy::Title, frame.t("offers-title-column"), false),
        column(SortBy::Cpu, frame.t("offers-size-column"), false),
        column(SortBy::Price, frame.t("offers-price"), true),
        column(SortBy::Availability, frame.t("offers-availability"), true),
        column(SortBy::Carbon, frame.t("offers-carbon"), true),
    ]
}

/// A choice with an empty first value: everything.
pub(crate) fn choices(any: String, values: impl IntoIterator<Item = (String, String)>) -> FieldKind {
    let every = std::iter::once(Choice { value: String::new(), label: any });
    FieldKind::Choice(every.chain(values.into_iter().map(|(value, label)| Choice { value, label })).collect())
}

fn fields(frame: &Frame, query: &OfferQuery, choices_of: &Choices) -> Vec<Field> {
    let language = frame.language;
    let kinds = KINDS.map(|kind| (kind.to_string(), kind_word(language, kind)));
    let laws = choices_of.jurisdictions.iter().map(|area| (area.to_string(), area.to_string()));
    let field = |name: &str, label: String, kind: FieldKind| {
        Field::new(name, label, kind).value(query.field(name)).error(fault(frame, query, name))
    };
    let number = || FieldKind::Line("text");
    vec![
        field("q", frame.t("offers-search"), FieldKind::Line("search")),
        field("kind", frame.t("offers-kind"), choices(frame.t("sheet-any"), kinds)),
        field("jurisdiction", frame.t("offers-law"), choices(frame.t("sheet-any"), laws)),
        field("price", frame.msg("offers-price-most").with("currency", query.currency.as_str()).to_string(), number()),
        field("availability", frame.t("offers-availability-least"), number()),
        field("carbon", frame.t("offers-carbon-most"), number()),
        Field::new("sort", frame.t("offers-sort"), FieldKind::Choice(orders(frame)))
            .value(sort_text(query.sort, query.direction)),
    ]
}

/// Every order that the list can have.
fn orders(frame: &Frame) -> Vec<Choice> {
    let label = |sort| match sort {
        SortBy::Price => frame.t("offers-price"),
        SortBy::Availability => frame.t("offers-availability"),
        SortBy::Carbon => frame.t("offers-carbon"),
        SortBy::Cpu => frame.t("infrastructure-processors"),
        SortBy::Memory => frame.t("infrastructure-memory"),
        SortBy::Title => frame.t("offers-title-column"),
    };
    let both = |sort: SortBy| {
        [sort.first(), sort.first().turned()].map(|direction| {
            let arrow = if direction == Direction::Up { '\u{2191}' } else { '\u{2193}' };
            Choice { value: sort_text(sort, direction), label: format!("{} {arrow}", label(sort)) }
        })
    };
    SortBy::ALL.into_iter().flat_map(both).collect()
}

fn more_fields(frame: &Frame, query: &OfferQuery, of: &Choices, partners: &[(String, String)]) -> Vec<Field> {
    let any = || frame.t("sheet-any");
    let own = [("own".to_owned(), frame.t("offers-own")), ("partners".to_owned(), frame.t("offers-partners"))];
    let sources = own.into_iter().chain(partners.iter().cloned());
    let named = |list: &[(String, String)]| list.iter().take(MOST_CHOICES).cloned().collect::<Vec<_>>();
    let tags = of.capabilities.iter().take(MOST_CHOICES).map(|tag| (tag.clone(), tag.clone()));
    let field = |name: &str, label: String, kind: FieldKind| {
        Field::new(name, label, kind).value(query.field(name)).error(fault(frame, query, name))
    };
    let number = || FieldKind::Line("text");
    let sizes = SIZES.map(|size| Choice { value: size.to_string(), label: size.to_string() }).to_vec();
    vec![
        field("source", frame.t("offers-source"), choices(any(), sources)),
        field("provider", frame.t("offers-provider"), choices(any(), named(&of.providers))),
        field("site", frame.t("offers-site"), choices(any(), named(&of.sites))),
        field("capability", frame.t("offers-capability"), choices(any(), tags)),
        field("cpu", frame.t("offers-cpu-least"), number()),
        field("memory", frame.t("offers-memory-least"), number()),
        Field::new("size", frame.t("offers-page-size"), FieldKind::Choice(sizes)).value(query.size.to_string()),
    ]
}

fn fault(frame: &Frame, query: &OfferQuery, name: &str) -> Option<String> {
    query.faults.get(name).map(|typed| frame.msg("offers-fault").with("typed", typed).to_string())
}

fn also(frame: &Frame, query: &OfferQuery) -> AlsoBy {
    let mut words = vec!["offer", "list"];
    let mut path = "/api/v1/offers".to_owned();
    let filters = [("site", &query.site), ("provider", &query.provider), ("capability", &query.capability)];
    for (index, (name, value)) in filters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).enumerate() {
        words.extend([
            ["--site", "--provider", "--capability"].into_iter().find(|flag| flag.ends_with(name)).unwrap_or_default(),
            value.as_str(),
        ]);
        path = format!("{path}{}{name}={}", if index == 0 { '?' } else { '&' }, encoded(value));
    }
    AlsoBy::new(frame).cli(&words).get(&path)
}
