//! What a project has drawn and emitted: over time and by anything, and how it
//! would be less.

mod compare;
mod savings;

pub(crate) use compare::{COMPARE, Compared, compare};

use super::{costs::project_filter, offers::encoded};
use crate::portal::{
    Frame, Language,
    drawing::bars::Bars,
    offers::encoded_query,
    parts::{Choice, Empty, Field, FieldKind, Notice, Tone},
    sheet::{Cell, Column, Facts, Filters, Row as Line, Section, Sheet, Table},
};
use hansa_sustainability::{
    quantity::{Carbon, Energy},
    service::{Advice, Dimension, Figures, JobSaving, MoveSaving, Report, Row},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// By what energy and carbon can be put together here.
pub(crate) const BY: [Dimension; 6] = [
    Dimension::Application,
    Dimension::Component,
    Dimension::Provider,
    Dimension::Site,
    Dimension::Offer,
    Dimension::Kind,
];

/// What there is to show of a project's month.
#[derive(Debug)]
pub(crate) struct Emitted {
    /// Every project that the visitor may see.
    pub(crate) projects: Vec<String>,
    /// The one that is shown.
    pub(crate) project: String,
    /// `2026-11`.
    pub(crate) month: String,
    /// How many days it has.
    pub(crate) last_day: u32,
    /// By what.
    pub(crate) by: Dimension,
    /// What people call applications, by id.
    pub(crate) names: BTreeMap<String, String>,
    /// By day.
    pub(crate) days: Report,
    /// By what was chosen.
    pub(crate) rows: Report,
    /// What would save.
    pub(crate) advice: Vec<Advice>,
    /// What hours of jobs saved that were begun in it.
    pub(crate) savings: Vec<JobSaving>,
    /// What moves saved that were over in it.
    pub(crate) moves: Vec<MoveSaving>,
}

/// The page.
pub(crate) fn page(frame: Frame, emitted: &Emitted) -> Sheet {
    let total = &emitted.rows.total;
    let known = total.footprint.facility != Energy::ZERO || total.energy_unknown > 0;
    let sheet = Sheet::new(frame.clone(), frame.t("nav-carbon"))
        .intro(frame.t("carbon-intro"))
        .notice(unknown(&frame, total))
        .action(
            format!("{COMPARE}{}", encoded_query([("project", Some(emitted.project.as_str()))])),
            frame.t("carbon-compare"),
        )
        .section(Section::plain("choice").with(filters(&frame, emitted)));
    let sheet = if known {
        sheet
            .section(Section::plain("sum").with(facts(&frame, emitted)))
            .section(by_day(&frame, emitted))
            .section(by(&frame, emitted))
    } else {
        sheet.section(Section::plain("none").with(Empty::new(frame.t("carbon-none"), frame.t("carbon-none-text"))))
    };
    let project = [("project", Some(emitted.project.as_str()))];
    sheet
        .section(advice(&frame, emitted))
        .section(savings::savings(&frame, emitted))
        .section(savings::moves(&frame, emitted))
        .also(|also| {
            also.cli(&["carbon", "list", "--by", emitted.by.name()])
                .cli(&["carbon", "advice"])
                .cli(&["carbon", "savings"])
                .cli(&["carbon", "savings", "--moves"])
                .get(&format!("/api/v1/carbon{}", encoded_query(project)))
        })
}

fn filters(frame: &Frame, emitted: &Emitted) -> Filters {
    let by = BY.map(|by| Choice { value: by.name().to_owned(), label: word(frame, by) });
    project_filter(frame, "/carbon", &emitted.projects, &emitted.project)
        .field(Field::new("month", frame.t("costs-month"), FieldKind::Line("month")).value(emitted.month.clone()))
        .field(Field::new("by", frame.t("costs-by"), FieldKind::Choice(by.into())).value(emitted.by.name()))
}

/// What no figure has in it, so that nobody takes it for nothing.
fn unknown(frame: &Frame, total: &Figures) -> Option<Notice> {
    let energy = total.footprint.location_unknown;
    (energy != Energy::ZERO).then(|| {
        let said = frame.msg("carbon-unknown").with("energy", kwh(frame.language, energy)).to_string();
        Notice::new(Tone::Warn, said).detail(frame.t("carbon-unknown-text"))
    })
}

fn facts(frame: &Frame, emitted: &Emitted) -> Facts {
    let language = frame.language;
    let total = &emitted.rows.total;
    let Figures { footprint, utilised, stated, assumed, .. } = total;
    let sources: Vec<&str> = emitted.rows.location_sources.keys().map(String::as_str).collect();
    let facts = Facts::new()
        .with(frame.t("carbon-energy"), energy(frame, total))
        .with(frame.t("carbon-location"), carbon(frame, footprint.location, footprint.location_unknown))
        .with(frame.t("carbon-market"), carbon(frame, footprint.market, footprint.market_unknown))
        .with(frame.t("carbon-embodied"), embodied(frame, total))
        .with(frame.t("carbon-metered"), Cell::number(kwh(language, footprint.measured)))
        .with(frame.t("carbon-utilised"), Cell::number(kwh(language, *utilised)))
        .with(frame.t("carbon-stated"), Cell::number(kwh(language, *stated)))
        .with(frame.t("carbon-assumed"), Cell::number(kwh(language, *assumed)));
    facts.maybe(frame.t("carbon-sources"), (!sources.is_empty()).then(|| Cell::English(sources.join(", "))))
}

fn by_day(frame: &Frame, emitted: &Emitted) -> Section {
    let language = frame.language;
    let day = |row: &Row| row.of.get(&Dimension::Day).cloned().unwrap_or_default();
    let of = |row: &Row| row.figures.footprint.location + row.figures.footprint.embodied;
    let known: BTreeMap<String, Carbon> = emitted.days.rows.iter().map(|row| (day(row), of(row))).collect();
    let said = |day: &str| {
        let carbon = known.get(day).copied().unwrap_or(Carbon::ZERO);
        (i64::try_from(carbon.get()).unwrap_or(i64::MAX), grams(language, carbon))
    };
    let most = known.values().copied().max().unwrap_or(Carbon::ZERO);
    let title = frame.t("carbon-by-day");
    let table = Table::new(title.clone(), columns(frame, frame.t("costs-day")))
        .rows(emitted.days.rows.iter().map(|row| line(frame, Cell::text(day(row)), &row.figures)));
    let section = Section::new("days", title.clone());
    match Bars::of_month(title, grams(language, most), (&emitted.month, emitted.last_day), said) {
        Some(bars) => section.with(bars).with(table),
        None => section.with(table),
    }
}

fn by(frame: &Frame, emitted: &Emitted) -> Section {
    let what = word(frame, emitted.by);
    let title = frame.msg("costs-by-what").with("what", what.clone()).to_string();
    let row = |row: &Row| {
        let name = row.of.get(&emitted.by).cloned().unwrap_or_default();
        let cell = match emitted.names.get(&name) {
            _ if name.is_empty() => Cell::Nothing(frame.t("costs-of-none")),
            Some(known) if emitted.by == Dimension::Application => {
                Cell::link(format!("/applications/{}", encoded(&name)), known)
            }
            _ => Cell::text(name),
        };
        line(frame, cell, &row.figures)
    };
    let table = Table::new(title.clone(), columns(frame, what)).rows(emitted.rows.rows.iter().map(row));
    Section::new("by", title).with(table)
}

fn columns(frame: &Frame, first: String) -> [Column; 5] {
    [
        Column::new(first),
        Column::number(frame.t("carbon-energy")),
        Column::number(frame.t("carbon-location")),
        Column::number(frame.t("carbon-market")),
        Column::number(frame.t("carbon-embodied")),
    ]
}

fn line(frame: &Frame, first: Cell, figures: &Figures) -> Line {
    let footprint = &figures.footprint;
    Line::new([
        first,
        energy(frame, figures),
        carbon(frame, footprint.location, footprint.location_unknown),
        carbon(frame, footprint.market, footprint.market_unknown),
        embodied(frame, figures),
    ])
}

/// What isn't known is no 0.
fn energy(frame: &Frame, figures: &Figures) -> Cell {
    let facility = figures.footprint.facility;
    if facility == Energy::ZERO && figures.energy_unknown > 0 {
        return Cell::Nothing(frame.t("carbon-not-known"));
    }
    Cell::number(kwh(frame.language, facility))
}

fn carbon(frame: &Frame, carbon: Carbon, unknown: Energy) -> Cell {
    if carbon == Carbon::ZERO && unknown != Energy::ZERO {
        return Cell::Nothing(frame.t("carbon-not-known"));
    }
    Cell::number(grams(frame.language, carbon))
}

fn embodied(frame: &Frame, figures: &Figures) -> Cell {
    let embodied = figures.footprint.embodied;
    if embodied == Carbon::ZERO && figures.embodied_unknown > 0 {
        return Cell::Nothing(frame.t("carbon-not-known"));
    }
    Cell::number(grams(frame.language, embodied))
}

fn advice(frame: &Frame, emitted: &Emitted) -> Section {
    let section = Section::new("advice", frame.t("carbon-advice")).text(frame.t("carbon-advice-text"));
    if emitted.advice.is_empty() {
        return section.with(Empty::new(frame.t("carbon-no-advice"), frame.t("carbon-no-advice-text")));
    }
    let columns = [
        Column::new(frame.t("costs-application")),
        Column::new(frame.t("carbon-from")),
        Column::new(frame.t("carbon-to")),
        Column::number(frame.t("carbon-stays")),
        Column::number(frame.t("carbon-saves")),
        Column::number(frame.t("costs-range")),
    ];
    let language = frame.language;
    let row = |one: &Advice| {
        let id = one.application.to_string();
        let name = emitted.names.get(&id).cloned().unwrap_or_else(|| id.clone());
        let (least, most) = (grams(language, one.recommendation.least), grams(language, one.recommendation.most));
        let between = frame.msg("costs-between").with("low", least).with("high", most).to_string();
        Line::new([
            Cell::link(format!("/applications/{}", encoded(&id)), name),
            Cell::text(one.from.short()),
            Cell::text(one.to.short()),
            Cell::number(grams(language, one.stays)),
            Cell::number(grams(language, one.recommendation.expected)),
            Cell::number(between),
        ])
    };
    section.with(Table::new(frame.t("carbon-advice"), columns).rows(emitted.advice.iter().map(row)))
}

/// Three digits that say something.
fn shown(language: Language, value: Decimal) -> String {
    let value = value.round_sf(3).unwrap_or(value).normalize();
    language.decimal(&value.to_string())
}

fn kwh(language: Language, energy: Energy) -> String {
    let kwh = energy.kwh();
    match kwh.abs() < Decimal::ONE {
        true => format!("{}\u{a0}Wh", shown(language, kwh * Decimal::ONE_THOUSAND)),
        false => format!("{}\u{a0}kWh", shown(language, kwh)),
    }
}

pub(super) fn grams(language: Language, carbon: Carbon) -> String {
    let grams = carbon.grams();
    match grams.abs() < Decimal::ONE_THOUSAND {
        true => format!("{}\u{a0}g", shown(language, grams)),
        false => format!("{}\u{a0}kg", shown(language, grams / Decimal::ONE_THOUSAND)),
    }
}

fn word(frame: &Frame, by: Dimension) -> String {
    frame.t(match by {
        Dimension::Month => "costs-month",
        Dimension::Day => "costs-day",
        Dimension::Application => "costs-application",
        Dimension::Component => "carbon-component",
        Dimension::Provider => "costs-provider",
        Dimension::Site => "carbon-site",
        Dimension::Offer => "costs-offer",
        Dimension::Kind => "carbon-kind",
        Dimension::Machine => "carbon-machine",
    })
}
