//! What choosing the hours of jobs, and moves to other sites, were expected to
//! save, and what they did save.

use super::{Emitted, encoded, grams};
use crate::portal::{
    Frame,
    parts::Empty,
    sheet::{Cell, Column, Row as Line, Section, Table},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, SiteId};
use hansa_sustainability::{
    quantity::Carbon,
    service::{JobSaving, MoveSaving},
};
use std::collections::BTreeSet;

/// Expected beside achieved; what is below nothing is shown as that.
pub(super) fn savings(frame: &Frame, emitted: &Emitted) -> Section {
    let section = Section::new("savings", frame.t("carbon-savings")).text(frame.t("carbon-savings-text"));
    if emitted.savings.is_empty() {
        return section.with(Empty::new(frame.t("carbon-no-savings"), frame.t("carbon-no-savings-text")));
    }
    let columns = [
        Column::new(frame.t("costs-application")),
        Column::new(frame.t("carbon-component")),
        Column::new(frame.t("carbon-ready")),
        Column::new(frame.t("carbon-begun")),
        Column::number(frame.t("carbon-emitted")),
        Column::number(frame.t("carbon-at-once")),
        Column::number(frame.t("carbon-expected")),
        Column::number(frame.t("carbon-achieved")),
    ];
    let row = |one: &JobSaving| {
        Line::new([
            named(emitted, one.application),
            Cell::text(one.job.component.clone()),
            at(one.job.ready),
            at(one.job.begun),
            known(frame, one.emitted),
            known(frame, one.at_once),
            known(frame, one.job.saves_micrograms.map(|micrograms| Carbon::of(micrograms.into()))),
            known(frame, one.saved()),
        ])
    };
    section.with(Table::new(frame.t("carbon-savings"), columns).rows(emitted.savings.iter().map(row)))
}

/// Expected beside achieved, of what went to other sites.
pub(super) fn moves(frame: &Frame, emitted: &Emitted) -> Section {
    let title = frame.t("carbon-moves");
    let section = Section::new("moves", title.clone()).text(frame.t("carbon-moves-text"));
    if emitted.moves.is_empty() {
        return section.with(Empty::new(frame.t("carbon-no-moves"), frame.t("carbon-no-moves-text")));
    }
    let columns = [
        Column::new(frame.t("costs-application")),
        Column::new(frame.t("carbon-arrived")),
        Column::new(frame.t("carbon-from")),
        Column::new(frame.t("carbon-to")),
        Column::number(frame.t("carbon-full-hours")),
        Column::number(frame.t("carbon-emitted")),
        Column::number(frame.t("carbon-stayed")),
        Column::number(frame.t("carbon-expected")),
        Column::number(frame.t("carbon-achieved")),
    ];
    let sites = |of: &BTreeSet<SiteId>| {
        let names: Vec<String> = of.iter().map(ToString::to_string).collect();
        Cell::text(names.join(", "))
    };
    let row = |one: &MoveSaving| {
        Line::new([
            named(emitted, one.application),
            at(one.arrived),
            sites(&one.from),
            sites(&one.to),
            Cell::number(one.hours.to_string()),
            known(frame, one.with),
            known(frame, one.without),
            known(frame, one.expected),
            known(frame, one.saved()),
        ])
    };
    section.with(Table::new(title, columns).rows(emitted.moves.iter().map(row)))
}

fn named(emitted: &Emitted, application: ApplicationId) -> Cell {
    let id = application.to_string();
    let name = emitted.names.get(&id).cloned().unwrap_or_else(|| id.clone());
    Cell::link(format!("/applications/{}", encoded(&id)), name)
}

fn at(time: DateTime<Utc>) -> Cell {
    Cell::text(time.format("%Y-%m-%d %H:%M").to_string())
}

fn known(frame: &Frame, carbon: Option<Carbon>) -> Cell {
    match carbon {
        Some(carbon) => Cell::number(grams(frame.language, carbon)),
        None => Cell::Nothing(frame.t("carbon-not-known")),
    }
}
