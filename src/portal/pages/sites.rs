//! Sites on a map, and the tables behind it; one site.

use super::offers::{decimal, encoded};
use crate::portal::{
    Frame, Place,
    map::{Bounds, Chart, HEIGHT, Link, MapSite, Mark, WIDTH},
    parts::{AlsoBy, Choice, Empty, Field, FieldKind},
    sheet::{Cell, Column, Facts, Row, Section, Sheet, Table},
};
use askama::Template;
use hansa_ontology::{Provider, ProviderId, Site, SiteId, site::EnergyProfile};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use std::collections::BTreeMap;

/// Marks up to which each has its name beside it.
const MOST_NAMES: usize = 30;
/// Providers that have a shape and a colour of their own on the map.
const SHAPES: usize = 6;
/// The shape of each, and the one that the others share: disc, square, diamond, triangles, cross, hexagon.
const OUTLINES: [&str; SHAPES + 1] = [
    "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0z",
    "M-6.5-6.5h13v13h-13z",
    "M0-8.5 8.5 0 0 8.5-8.5 0z",
    "M0-8 8 6.5H-8z",
    "M0 8-8-6.5H8z",
    "M-2.7-8h5.4v5.3H8v5.4H2.7V8h-5.4V2.7H-8v-5.4h5.3z",
    "M0-8 7-4v8L0 8-7 4v-8z",
];
/// Connections that the table lists at most: the fastest.
const MOST_LATENCIES: usize = 500;
/// Sites that the table lists at most.
const MOST_SITES: usize = 1_000;

/// The map of sites.
#[derive(Debug, Template)]
#[template(path = "sites.html")]
pub(crate) struct SitesPage {
    frame: Frame,
    filter: Field,
    within: Option<String>,
    filtered: bool,
    shown: String,
    width: f64,
    height: f64,
    chart: Chart,
    marks: Vec<MarkView>,
    links: Vec<LinkView>,
    legend: Vec<(usize, &'static str, String)>,
    unplaced: Option<String>,
    sites: Option<Table>,
    latencies: Option<Table>,
    empty: Option<Empty>,
    also: AlsoBy,
}

/// A mark as it is drawn and read out.
#[derive(Debug)]
struct MarkView {
    x: String,
    y: String,
    href: String,
    name: String,
    /// The shape: 0 to 5; 6 for the other providers and for several.
    shape: usize,
    path: &'static str,
    count: Option<usize>,
    /// The name beside it, where there is room for names.
    label: Option<String>,
}

/// A link as it is drawn and told.
#[derive(Debug)]
struct LinkView {
    x1: String,
    y1: String,
    x2: String,
    y2: String,
    name: String,
    /// 1 the fastest, 3 the slowest.
    class: u8,
}

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct SiteList<'a> {
    /// Sites of the catalogue.
    pub(crate) sites: &'a [Site],
    /// Providers of the catalogue.
    pub(crate) providers: &'a [Provider],
    /// Offers at each site.
    pub(crate) offers: &'a BTreeMap<SiteId, usize>,
    /// Only this provider's.
    pub(crate) provider: Option<ProviderId>,
    /// Only in this part of the globe.
    pub(crate) within: Option<Bounds>,
}

impl SiteList<'_> {
    fn name_of<'a>(&'a self, provider: &'a ProviderId) -> &'a str {
        let found = self.providers.iter().find(|one| one.id == *provider);
        found.map_or_else(|| provider.short(), |provider| provider.name.as_str())
    }

    /// Sites that are to be shown.
    fn wanted(&self) -> Vec<&Site> {
        let wanted = |site: &&Site| {
            let of_provider = self.provider.as_ref().is_none_or(|provider| site.provider == *provider);
            let there = self
                .within
                .is_none_or(|within| position(site).is_some_and(|(east, north)| within.contains(east, north)));
            of_provider && there
        };
        self.sites.iter().filter(wanted).collect()
    }
}

/// Degrees east and north.
fn position(site: &Site) -> Option<(f64, f64)> {
    let point = site.coordinates?;
    Some((point.longitude.to_f64()?, point.latitude.to_f64()?))
}

impl SitesPage {
    /// The page of these sites.
    pub(crate) fn new(frame: Frame, list: &SiteList<'_>) -> Self {
        let wanted = list.wanted();
        let mut sellers: Vec<&ProviderId> = list.sites.iter().map(|site| &site.provider).collect();
        sellers.sort();
        sellers.dedup();
        let placed: Vec<MapSite> = wanted.iter().filter_map(|site| map_site(site, &sellers)).collect();
        let chart = Chart::new(&placed, list.within);
        let names: BTreeMap<&str, &str> =
            list.sites.iter().map(|site| (site.id.as_str(), site.name.as_str())).collect();
        let name = |id: &str| names.get(id).copied().unwrap_or_default().to_owned();
        let without = wanted.len() - placed.len();
        let named = chart.marks.len() <= MOST_NAMES;
        let count = frame.language.decimal(&wanted.len().to_string());
        Self {
            filter: filter(&frame, list, &sellers),
            within: list.within.map(|bounds| bounds.to_string()),
            filtered: list.within.is_some() || list.provider.is_some(),
            shown: frame.msg("sites-shown").with("count", wanted.len()).with("number", count).to_string(),
            width: WIDTH,
            height: HEIGHT,
            marks: chart
                .marks
                .iter()
                .map(|mark| mark_view(&frame, mark, &placed, &name, list.provider.as_ref(), named))
                .collect(),
            links: chart.links.iter().map(|link| link_view(&frame, link, &chart.marks, &placed, &name)).collect(),
            legend: legend(&frame, list, &sellers),
            unplaced: (without > 0).then(|| frame.msg("sites-unplaced").with("count", without).to_string()),
            sites: (!wanted.is_empty()).then(|| table(&frame, list, &wanted)),
            latencies: latencies(&frame, &wanted, &names),
            empty: wanted.is_empty().then(|| Empty::new(frame.t("sites-empty"), frame.t("sites-empty-text"))),
            also: AlsoBy::new(&frame).cli(&["site", "list"]).get("/api/v1/sites").get("/api/v1/providers"),
            chart,
            frame,
        }
    }
}

fn map_site(site: &Site, sellers: &[&ProviderId]) -> Option<MapSite> {
    let (east, north) = position(site)?;
    let provider = sellers.binary_search(&&site.provider).unwrap_or_default();
    let latencies = site.latencies.iter().map(|(other, micros)| (other.to_string(), *micros)).collect();
    Some(MapSite { id: site.id.to_string(), east, north, provider, latencies })
}

fn filter(frame: &Frame, list: &SiteList<'_>, sellers: &[&ProviderId]) -> Field {
    let any = Choice { value: String::new(), label: frame.t("sheet-any") };
    let each = sellers.iter().map(|id| Choice { value: id.to_string(), label: list.name_of(id).to_owned() });
    let value = list.provider.as_ref().map(ToString::to_string).unwrap_or_default();
    Field::new("provider", frame.t("offers-provider"), FieldKind::Choice(std::iter::once(any).chain(each).collect()))
        .value(value)
}

fn legend(frame: &Frame, list: &SiteList<'_>, sellers: &[&ProviderId]) -> Vec<(usize, &'static str, String)> {
    let named = sellers.iter().take(SHAPES).map(|id| list.name_of(id).to_owned());
    let others = (sellers.len() > SHAPES).then(|| frame.t("sites-other-providers"));
    named.chain(others).enumerate().map(|(at, name)| (at, outline(at), name)).collect()
}

fn outline(shape: usize) -> &'static str {
    OUTLINES.get(shape).or(OUTLINES.last()).copied().unwrap_or_default()
}

/// A number in a drawing: tenths of a unit are finer than any screen.
fn unit(number: f64) -> String {
    format!("{number:.1}")
}

/// What a mark is called.
fn called(frame: &Frame, mark: &Mark, placed: &[MapSite], name: &impl Fn(&str) -> String) -> String {
    let names: Vec<String> = mark.sites.iter().filter_map(|at| placed.get(*at)).map(|site| name(&site.id)).collect();
    match names.as_slice() {
        [one] => one.clone(),
        several => {
            let some: Vec<&str> = several.iter().take(3).map(String::as_str).collect();
            frame.msg("sites-cluster").with("count", several.len()).with("names", some.join(", ")).to_string()
        }
    }
}

fn mark_view(
    frame: &Frame,
    mark: &Mark,
    placed: &[MapSite],
    name: &impl Fn(&str) -> String,
    provider: Option<&ProviderId>,
    named: bool,
) -> MarkView {
    let only = mark.sites.first().filter(|_| mark.sites.len() == 1).and_then(|at| placed.get(*at));
    let href = match (only, mark.zoom) {
        (Some(site), _) => format!("/sites/{}", encoded(&site.id)),
        (None, Some(zoom)) => {
            let of = provider.map(|provider| format!("&provider={}", encoded(provider.as_str()))).unwrap_or_default();
            format!("/sites?box={zoom}{of}")
        }
        (None, None) => "#sites-table".to_owned(),
    };
    let shape = mark.provider.filter(|provider| *provider < SHAPES).unwrap_or(SHAPES);
    let name = called(frame, mark, placed, name);
    MarkView {
        label: (only.is_some() && named).then(|| name.clone()),
        x: unit(mark.x),
        y: unit(mark.y),
        href,
        name,
        shape,
        path: outline(shape),
        count: (mark.sites.len() > 1).then_some(mark.sites.len()),
    }
}

fn link_view(
    frame: &Frame,
    link: &Link,
    marks: &[Mark],
    placed: &[MapSite],
    name: &impl Fn(&str) -> String,
) -> LinkView {
    let end = |at: usize| marks.get(at).map(|mark| called(frame, mark, placed, name)).unwrap_or_default();
    LinkView {
        x1: unit(link.x1),
        y1: unit(link.y1),
        x2: unit(link.x2),
        y2: unit(link.y2),
        name: format!("{} \u{2013} {}: {}", end(link.from), end(link.to), millis(frame, link.micros)),
        class: match link.micros {
            0..10_000 => 1,
            10_000..50_000 => 2,
            _ => 3,
        },
    }
}

/// A round trip in milliseconds.
fn millis(frame: &Frame, micros: u32) -> String {
    format!("{}\u{a0}ms", decimal(frame.language, Decimal::new(i64::from(micros), 3), 1))
}

fn intensity(frame: &Frame, energy: Option<&EnergyProfile>) -> Cell {
    energy.map_or_else(
        || Cell::Nothing(frame.t("unknown")),
        |energy| Cell::number(decimal(frame.language, energy.carbon_intensity, 1)),
    )
}

fn place(frame: &Frame, site: &Site) -> Option<String> {
    let point = site.coordinates?;
    let side = |value: Decimal, positive, negative| {
        let letter = if value.is_sign_negative() { negative } else { positive };
        format!("{}\u{b0}\u{a0}{letter}", decimal(frame.language, value.abs(), 2))
    };
    Some(format!("{}, {}", side(point.latitude, "N", "S"), side(point.longitude, "E", "W")))
}

fn areas(site: &Site) -> String {
    let codes: Vec<&str> = site.jurisdictions.iter().map(hansa_ontology::place::Area::as_str).collect();
    codes.join(", ")
}

fn table(frame: &Frame, list: &SiteList<'_>, wanted: &[&Site]) -> Table {
    let columns = [
        Column::new(frame.t("offers-site")),
        Column::new(frame.t("offers-provider")),
        Column::new(frame.t("sites-country")),
        Column::new(frame.t("offers-law-column")),
        Column::new(frame.t("sites-place")),
        Column::number(frame.t("sites-intensity")),
        Column::number(frame.t("sites-offers")),
    ];
    let rows = wanted.iter().take(MOST_SITES).map(|site| {
        let offers = list.offers.get(&site.id).copied().unwrap_or_default();
        let count = frame.language.decimal(&offers.to_string());
        Row::new([
            Cell::link(format!("/sites/{}", encoded(site.id.as_str())), &site.name),
            Cell::text(list.name_of(&site.provider)),
            Cell::text(site.country.as_str()),
            Cell::Text(areas(site)),
            place(frame, site).map_or_else(|| Cell::Nothing(frame.t("unknown")), Cell::Text),
            intensity(frame, site.energy.as_ref()),
            Cell::link(format!("/offers?site={}", encoded(site.id.as_str())), count),
        ])
    });
    Table::new(frame.t("sites-caption"), columns).rows(rows)
}

/// The fastest connections, each once.
fn latencies(frame: &Frame, wanted: &[&Site], names: &BTreeMap<&str, &str>) -> Option<Table> {
    let mut fastest: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for site in wanted {
        for (other, micros) in site.latencies.iter().filter(|(other, _)| names.contains_key(other.as_str())) {
            let (one, two) = (site.id.as_str(), other.as_str());
            let known = fastest.entry((one.min(two), one.max(two))).or_insert(*micros);
            *known = (*known).min(*micros);
        }
    }
    let mut list: Vec<((&str, &str), u32)> = fastest.into_iter().collect();
    list.sort_by_key(|(ends, micros)| (*micros, *ends));
    let name = |id: &str| Cell::text(names.get(id).copied().unwrap_or(id));
    let rows: Vec<Row> = list
        .iter()
        .take(MOST_LATENCIES)
        .map(|((one, two), micros)| Row::new([name(one), name(two), Cell::Number(millis(frame, *micros))]))
        .collect();
    let columns = [
        Column::new(frame.t("sites-from")),
        Column::new(frame.t("sites-to")),
        Column::number(frame.t("sites-round-trip")),
    ];
    (!rows.is_empty()).then(|| Table::new(frame.t("sites-latencies"), columns).rows(rows))
}

/// One site.
pub(crate) fn site(frame: Frame, list: &SiteList<'_>, site: &Site) -> Sheet {
    let (iri, language) = (site.id.as_str(), frame.language);
    let offers = list.offers.get(&site.id).copied().unwrap_or_default();
    let energy = site.energy.as_ref();
    let facts = Facts::new()
        .with(frame.t("offers-provider"), Cell::text(list.name_of(&site.provider)))
        .with(frame.t("sites-country"), Cell::text(site.country.as_str()))
        .with(frame.t("offers-law-column"), Cell::Text(areas(site)))
        .maybe(frame.t("sites-place"), place(&frame, site).map(Cell::Text))
        .with(
            frame.t("sites-offers"),
            Cell::link(format!("/offers?site={}", encoded(iri)), language.decimal(&offers.to_string())),
        )
        .with(frame.t("sites-intensity"), intensity(&frame, energy))
        .maybe(frame.t("offer-pue"), energy.map(|energy| Cell::Text(decimal(language, energy.pue, 3))))
        .maybe(
            frame.t("offer-renewable"),
            energy
                .and_then(|energy| energy.renewable_share)
                .map(|share| Cell::Text(language.percentage(&(share * Decimal::ONE_HUNDRED).normalize().to_string()))),
        )
        .with(frame.t("offer-iri"), Cell::Code(iri.to_owned()));
    let names: BTreeMap<&str, &str> = list.sites.iter().map(|site| (site.id.as_str(), site.name.as_str())).collect();
    let section = Section::new("latencies", frame.t("sites-latencies"));
    let section = match latencies(&frame, &[site], &names) {
        Some(table) => section.with(table),
        None => section.with(Empty::new(frame.t("sites-no-latencies"), frame.t("sites-no-latencies-text"))),
    };
    Sheet::new(frame.clone(), &site.name)
        .crumb("/sites", frame.t("sites-title"))
        .section(Section::plain("site").with(facts))
        .section(section)
        .also(|also| also.cli(&["site", "show", iri]).get(&format!("/api/v1/sites/{}", encoded(iri))))
}
