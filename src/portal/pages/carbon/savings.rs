//! What choosing the hours of jobs was expected to save, and what it did save.

use super::{Emitted, encoded, grams};
use crate::portal::{
    Frame,
    parts::Empty,
    sheet::{Cell, Column, Row as Line, Section, Table},
};
use hansa_sustainability::{quantity::Carbon, service::JobSaving};

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
    let carbon = |carbon: Option<Carbon>| match carbon {
        Some(carbon) => Cell::number(grams(frame.language, carbon)),
        None => Cell::Nothing(frame.t("carbon-not-known")),
    };
    let row = |one: &JobSaving| {
        let id = one.application.to_string();
        let name = emitted.names.get(&id).cloned().unwrap_or_else(|| id.clone());
        let at = |time: chrono::DateTime<chrono::Utc>| Cell::text(time.format("%Y-%m-%d %H:%M").to_string());
        Line::new([
            Cell::link(format!("/applications/{}", encoded(&id)), name),
            Cell::text(one.job.component.clone()),
            at(one.job.ready),
            at(one.job.begun),
            carbon(one.emitted),
            carbon(one.at_once),
            carbon(one.job.saves_micrograms.map(|micrograms| Carbon::of(micrograms.into()))),
            carbon(one.saved()),
        ])
    };
    section.with(Table::new(frame.t("carbon-savings"), columns).rows(emitted.savings.iter().map(row)))
}
