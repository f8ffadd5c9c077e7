//! What was promised of machines, and whether it was kept.

use super::{costs::project_filter, offers::encoded};
use crate::portal::{
    Frame,
    offers::encoded_query,
    parts::{Choice, Empty, Field, FieldKind, Instant, StateMark},
    sheet::{Cell, Column, Filters, Meter, Row, Section, Sheet, Table},
};
use hansa_assurance::sla::Standing;
use hansa_ontology::sla::{Metric, Window};
use hansa_repository::breach::ToldBreach;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use std::collections::BTreeMap;

/// What there is to show.
#[derive(Debug)]
pub(crate) struct Promises {
    /// Every project that the visitor may see.
    pub(crate) projects: Vec<String>,
    /// The one that is shown.
    pub(crate) project: String,
    /// Only what was missed.
    pub(crate) missed: bool,
    /// What people call applications, by id.
    pub(crate) names: BTreeMap<String, String>,
    /// How objectives stand, the newest first.
    pub(crate) standings: Vec<Standing>,
    /// What was missed, the newest first.
    pub(crate) breaches: Vec<ToldBreach>,
}

/// The page.
pub(crate) fn page(frame: Frame, promises: &Promises) -> Sheet {
    let project = [("project", Some(promises.project.as_str()))];
    Sheet::new(frame.clone(), frame.t("nav-promises"))
        .intro(frame.t("promises-intro"))
        .section(Section::plain("choice").with(filters(&frame, promises)))
        .section(breaches(&frame, promises))
        .section(standings(&frame, promises))
        .also(|also| {
            also.cli(&["sla", "list"]).cli(&["sla", "breaches"]).get(&format!("/api/v1/sla{}", encoded_query(project)))
        })
}

fn filters(frame: &Frame, promises: &Promises) -> Filters {
    let which = [("", "promises-all"), ("missed", "promises-missed")]
        .map(|(value, label)| Choice { value: value.to_owned(), label: frame.t(label) });
    let chosen = if promises.missed { "missed" } else { "" };
    project_filter(frame, "/promises", &promises.projects, &promises.project)
        .field(Field::new("show", frame.t("promises-show"), FieldKind::Choice(which.into())).value(chosen))
}

fn breaches(frame: &Frame, promises: &Promises) -> Section {
    let section = Section::new("breaches", frame.t("promises-breaches")).text(frame.t("promises-breaches-text"));
    if promises.breaches.is_empty() {
        return section.with(Empty::new(frame.t("promises-no-breach"), frame.t("promises-no-breach-text")));
    }
    let columns = [
        Column::new(frame.t("costs-application")),
        Column::new(frame.t("costs-provider")),
        Column::new(frame.t("promises-objective")),
        Column::number(frame.t("promises-measured")),
        Column::number(frame.t("promises-credit")),
        Column::new(frame.t("promises-told")),
    ];
    let row = |told: &ToldBreach| {
        let missed = &told.breach.missed;
        Row::new([
            application(frame, promises, told.application.map(|id| id.to_string())),
            Cell::text(told.breach.partner.clone().unwrap_or_else(|| told.breach.provider.short().to_owned())),
            Cell::text(objective(frame, missed.metric, missed.target, missed.window)),
            Cell::number(value(frame, missed.metric, missed.measured)),
            Cell::number(frame.language.percentage(&missed.credit_percent.normalize().to_string())),
            Cell::Time(Instant::minute(frame.language, told.at)),
        ])
    };
    section.with(Table::new(frame.t("promises-breaches"), columns).rows(promises.breaches.iter().map(row)))
}

fn standings(frame: &Frame, promises: &Promises) -> Section {
    let section = Section::new("standings", frame.t("promises-standings"));
    if promises.standings.is_empty() {
        return section.with(Empty::new(frame.t("promises-none"), frame.t("promises-none-text")));
    }
    let columns = [
        Column::new(frame.t("costs-application")),
        Column::new(frame.t("costs-provider")),
        Column::new(frame.t("promises-objective")),
        Column::number(frame.t("promises-measured")),
        Column::new(frame.t("promises-budget")),
        Column::new(frame.t("costs-state")),
        Column::new(frame.t("promises-since")),
    ];
    let rows = promises.standings.iter().map(|standing| standing_row(frame, promises, standing));
    section.with(Table::new(frame.t("promises-standings"), columns).rows(rows))
}

fn standing_row(frame: &Frame, promises: &Promises, standing: &Standing) -> Row {
    let language = frame.language;
    let none = || Cell::Nothing(frame.t("promises-unmeasured"));
    let measured = standing.measured.map(|measured| Cell::number(value(frame, standing.metric, measured)));
    let budget = standing.spent_percent.map(|spent| {
        let text = frame
            .msg("promises-spent")
            .with("percent", language.percentage(&spent.round_dp(1).normalize().to_string()));
        Cell::Meter(Meter::new(spent.max(Decimal::ZERO).to_u64().unwrap_or(u64::MAX), 100, text.to_string()))
    });
    Row::new([
        application(frame, promises, standing.application.map(|id| id.to_string())),
        Cell::text(standing.partner.clone().unwrap_or_else(|| standing.provider.short().to_owned())),
        Cell::text(objective(frame, standing.metric, standing.target, standing.window)),
        measured.unwrap_or_else(none),
        budget.unwrap_or_else(none),
        Cell::State(StateMark::of(language, standing.state.name())),
        Cell::Time(Instant::minute(language, standing.from)),
    ])
}

fn application(frame: &Frame, promises: &Promises, id: Option<String>) -> Cell {
    match id {
        Some(id) => {
            let name = promises.names.get(&id).cloned().unwrap_or_else(|| id.clone());
            Cell::link(format!("/applications/{}", encoded(&id)), name)
        }
        None => Cell::Nothing(frame.t("costs-of-none")),
    }
}

/// What was promised, in a line.
pub(super) fn objective(frame: &Frame, metric: Metric, target: Decimal, window: Window) -> String {
    let window = frame.t(match window {
        Window::Hour => "promises-hour",
        Window::Day => "promises-day",
        Window::Week => "promises-week",
        Window::Month => "promises-month",
        Window::Year => "promises-year",
    });
    let metric_word = frame.t(match metric {
        Metric::Availability => "promises-availability",
        Metric::Latency => "promises-latency",
        Metric::Throughput => "promises-throughput",
        Metric::ErrorRate => "promises-error-rate",
        Metric::ProvisioningTime => "promises-provisioning",
        Metric::RepairTime => "promises-repair",
    });
    format!("{metric_word} {} {window}", value(frame, metric, target))
}

/// With the metric's unit.
fn value(frame: &Frame, metric: Metric, value: Decimal) -> String {
    let plain = value.normalize().to_string();
    let language = frame.language;
    match metric {
        Metric::Availability | Metric::ErrorRate => language.percentage(&plain),
        Metric::Latency => format!("{}\u{a0}ms", language.decimal(&plain)),
        Metric::Throughput => format!("{}\u{a0}Mbit/s", language.decimal(&plain)),
        Metric::ProvisioningTime => format!("{}\u{a0}s", language.decimal(&plain)),
        Metric::RepairTime => format!("{}\u{a0}min", language.decimal(&plain)),
    }
}
