//! What a project has used and what that costs: over time and by anything, with
//! its budgets and invoices.

use super::offers::encoded;
use crate::portal::{
    Frame,
    drawing::bars::Bars,
    offers::encoded_query,
    parts::{Choice, Empty, Field, FieldKind, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, Filters, Meter, Row, Section, Sheet, Table},
};
use hansa_accounting::{
    budget::BudgetAction,
    forecast::Forecast,
    invoice::{DocumentKind, Invoice},
    service::{BudgetStanding, CostRow, Dimension, Document, MonthCosts},
};
use hansa_ontology::{Currency, Money};
use std::collections::BTreeMap;

/// By what costs can be put together here.
pub(crate) const BY: [Dimension; 7] = [
    Dimension::Application,
    Dimension::Provider,
    Dimension::Offer,
    Dimension::Plan,
    Dimension::Meter,
    Dimension::Resource,
    Dimension::Kind,
];

/// What there is to show of a project's month.
#[derive(Debug)]
pub(crate) struct Costs {
    /// Every project whose costs the visitor may see.
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
    /// What it costs; or why that can't be said.
    pub(crate) told: Result<MonthCosts, String>,
    /// Its budgets.
    pub(crate) budgets: Vec<BudgetStanding>,
    /// Its invoices, the newest last.
    pub(crate) invoices: Vec<Document>,
}

impl Costs {
    fn address(&self, path: &str, more: &[(&'static str, &str)]) -> String {
        let own = [("project", Some(self.project.as_str())), ("month", Some(self.month.as_str()))];
        let more = more.iter().map(|(name, value)| (*name, Some(*value)));
        format!("{path}{}", encoded_query(own.into_iter().chain(more)))
    }
}

/// The page.
pub(crate) fn page(frame: Frame, costs: &Costs) -> Sheet {
    let sheet = Sheet::new(frame.clone(), frame.t("nav-costs"))
        .intro(frame.t("costs-intro"))
        .action(costs.address("/costs/export", &[("format", "csv")]), frame.t("costs-csv"))
        .action(costs.address("/costs/export", &[("format", "parquet")]), frame.t("costs-parquet"))
        .section(Section::plain("choice").with(filters(&frame, costs)));
    let sheet = match &costs.told {
        Ok(told) => figures(sheet, &frame, costs, told),
        Err(why) => sheet.notice(Some(Notice::new(Tone::Bad, frame.t("costs-not-told")).detail(why.clone()))),
    };
    sheet.section(budgets(&frame, costs)).section(invoices(&frame, costs)).also(|also| {
        also.cli(&["usage", "cost", "--by", costs.by.name()])
            .cli(&["budget", "list"])
            .cli(&["invoice", "list"])
            .get(&costs.address("/api/v1/costs/forecast", &[]))
    })
}

/// Which project is shown at an address.
pub(super) fn project_filter(frame: &Frame, action: &str, projects: &[String], shown: &str) -> Filters {
    let same = |name: &String| Choice { value: name.clone(), label: name.clone() };
    let projects = FieldKind::Choice(projects.iter().map(same).collect());
    Filters::new(action, frame.t("sheet-filter"))
        .field(Field::new("project", frame.t("costs-project"), projects).value(shown))
}

fn filters(frame: &Frame, costs: &Costs) -> Filters {
    let by = BY.map(|by| Choice { value: by.name().to_owned(), label: word(frame, by) });
    project_filter(frame, "/costs", &costs.projects, &costs.project)
        .field(Field::new("month", frame.t("costs-month"), FieldKind::Line("month")).value(costs.month.clone()))
        .field(Field::new("by", frame.t("costs-by"), FieldKind::Choice(by.into())).value(costs.by.name()))
}

fn figures(sheet: Sheet, frame: &Frame, costs: &Costs, told: &MonthCosts) -> Sheet {
    let money = |micros: i64| amount(frame, micros, told.rows.currency);
    let Forecast { known_micros, expected_micros, low_micros, high_micros, .. } = told.forecast;
    let between =
        frame.msg("costs-between").with("low", money(low_micros)).with("high", money(high_micros)).to_string();
    let facts = Facts::new()
        .with(frame.t("costs-charged"), Cell::number(money(known_micros)))
        .with(frame.t("costs-expected"), Cell::number(money(expected_micros)))
        .with(frame.t("costs-range"), Cell::text(between))
        .with(frame.t("costs-zone"), Cell::text(told.days.zone.0.name()));
    let sheet = sheet.section(Section::plain("sum").with(facts));
    if told.rows.rows.items.is_empty() {
        let none = Empty::new(frame.t("costs-none"), frame.t("costs-none-text"));
        return sheet.section(Section::plain("none").with(none));
    }
    sheet.section(by_day(frame, costs, told)).section(by(frame, costs, told))
}

fn by_day(frame: &Frame, costs: &Costs, told: &MonthCosts) -> Section {
    let (language, currency) = (frame.language, told.days.currency);
    let exact = |micros: i64| language.money(Money::new(micros, currency));
    let day = |row: &CostRow| row.of.get(&Dimension::Day).cloned().unwrap_or_default();
    let rows = &told.days.rows.items;
    let known: BTreeMap<String, i64> = rows.iter().map(|row| (day(row), row.net_micros)).collect();
    let of = |day: &str| {
        let micros = known.get(day).copied().unwrap_or_default();
        (micros, exact(micros))
    };
    let most = rows.iter().map(|row| row.net_micros).max().unwrap_or_default();
    let columns = [Column::new(frame.t("costs-day")), Column::number(frame.t("costs-net"))];
    let row = |row: &CostRow| Row::new([Cell::text(day(row)), Cell::number(exact(row.net_micros))]);
    let table = Table::new(frame.t("costs-by-day"), columns).rows(rows.iter().map(row));
    let section = Section::new("days", frame.t("costs-by-day"));
    match Bars::of_month(frame.t("costs-by-day"), exact(most), (&costs.month, costs.last_day), of) {
        Some(bars) => section.with(bars).with(table),
        None => section.with(table),
    }
}

fn by(frame: &Frame, costs: &Costs, told: &MonthCosts) -> Section {
    let (language, currency) = (frame.language, told.rows.currency);
    let title = frame.msg("costs-by-what").with("what", word(frame, costs.by)).to_string();
    let columns = [
        Column::new(word(frame, costs.by)),
        Column::number(frame.t("costs-list")),
        Column::number(frame.t("costs-net")),
        Column::new(frame.t("costs-share")),
    ];
    let whole = told.rows.total_micros.max(0).unsigned_abs();
    let exact = |micros: i64| language.money(Money::new(micros, currency));
    let row = |row: &CostRow| {
        let name = row.of.get(&costs.by).cloned().unwrap_or_default();
        let used = row.net_micros.max(0).unsigned_abs();
        let percent = if whole == 0 { 0 } else { u128::from(used) * 100 / u128::from(whole) };
        Row::new([
            named(frame, costs, name),
            Cell::number(exact(row.list_micros)),
            Cell::number(exact(row.net_micros)),
            Cell::Meter(Meter::new(used, whole, language.percentage(&percent.to_string()))),
        ])
    };
    let rows = told.rows.rows.items.iter().map(row);
    Section::new("by", title.clone()).with(Table::new(title, columns).rows(rows))
}

/// What a row is about, for people.
fn named(frame: &Frame, costs: &Costs, name: String) -> Cell {
    if name.is_empty() {
        return Cell::Nothing(frame.t("costs-of-none"));
    }
    match (costs.by, costs.names.get(&name)) {
        (Dimension::Application, Some(known)) => Cell::link(format!("/applications/{}", encoded(&name)), known),
        _ => Cell::text(name),
    }
}

fn budgets(frame: &Frame, costs: &Costs) -> Section {
    let section = Section::new("budgets", frame.t("costs-budgets"));
    if costs.budgets.is_empty() {
        return section.with(Empty::new(frame.t("costs-no-budget"), frame.t("costs-no-budget-text")));
    }
    let columns = [
        Column::new(frame.t("costs-name")),
        Column::new(frame.t("costs-of")),
        Column::new(frame.t("costs-charged")),
        Column::number(frame.t("costs-expected")),
        Column::new(frame.t("costs-stops")),
    ];
    let rows = costs.budgets.iter().map(|standing| budget(frame, costs, standing));
    section.with(Table::new(frame.t("costs-budgets"), columns).rows(rows))
}

fn budget(frame: &Frame, costs: &Costs, standing: &BudgetStanding) -> Row {
    let language = frame.language;
    let named = &standing.budget;
    let limit = named.budget.limit;
    let of = match named.budget.application.map(|id| id.to_string()) {
        Some(id) => Cell::text(costs.names.get(&id).cloned().unwrap_or(id)),
        None => Cell::text(frame.t("costs-whole")),
    };
    let money = |micros: i64| amount(frame, micros, limit.currency);
    let (charged, expected) = match &standing.forecast {
        Ok(forecast) => {
            let text = frame
                .msg("costs-used-of")
                .with("used", money(forecast.known_micros))
                .with("limit", money(limit.micros));
            let known = forecast.known_micros.max(0).unsigned_abs();
            let meter = Meter::new(known, limit.micros.unsigned_abs(), text.to_string());
            (Cell::Meter(meter), Cell::number(money(forecast.expected_micros)))
        }
        Err(why) => (Cell::English(why.clone()), Cell::Nothing(frame.t("costs-of-none"))),
    };
    let stop =
        named.budget.thresholds.iter().filter(|one| one.action == BudgetAction::Stop).map(|one| one.percent).min();
    let stops = match stop {
        Some(percent) => Cell::text(language.percentage(&percent.to_string())),
        None => Cell::text(frame.t("costs-never")),
    };
    Row::new([Cell::text(named.name.clone()), of, charged, expected, stops])
}

fn invoices(frame: &Frame, costs: &Costs) -> Section {
    let section = Section::new("invoices", frame.t("costs-invoices"));
    if costs.invoices.is_empty() {
        return section.with(Empty::new(frame.t("costs-no-invoice"), frame.t("costs-no-invoice-text")));
    }
    let columns = [
        Column::new(frame.t("costs-number")),
        Column::new(frame.t("costs-period")),
        Column::new(frame.t("costs-due")),
        Column::number(frame.t("costs-payable")),
        Column::new(frame.t("costs-state")),
    ];
    let rows = costs.invoices.iter().rev().map(|document| invoice(frame, costs, document));
    section.with(Table::new(frame.t("costs-invoices"), columns).rows(rows))
}

fn invoice(frame: &Frame, costs: &Costs, document: &Document) -> Row {
    let Invoice { heading, from, through, payable_micros, currency, .. } = &document.invoice;
    let path = format!("/costs/invoices/{}", encoded(&heading.number));
    let language = frame.language.tag();
    let form = |format: &str| {
        format!(
            "{path}{}",
            encoded_query([
                ("project", Some(costs.project.as_str())),
                ("format", Some(format)),
                ("language", Some(language)),
            ])
        )
    };
    let state = match (document.invoice.kind, document.taken_back) {
        (DocumentKind::CreditNote, _) => Cell::text(frame.t("costs-credit-note")),
        (DocumentKind::Invoice, true) => Cell::State(StateMark::new(Tone::Warn, frame.t("costs-taken-back"))),
        (DocumentKind::Invoice, false) => Cell::State(StateMark::new(Tone::Good, frame.t("costs-issued"))),
    };
    Row::new([
        Cell::Lines(vec![Cell::link(form("html"), heading.number.clone()), Cell::link(form("ubl"), "UBL")]),
        Cell::text(format!("{from} \u{2013} {through}")),
        Cell::text(heading.due.to_string()),
        Cell::number(amount(frame, *payable_micros, *currency)),
        state,
    ])
}

/// In coins; what is less than one, exactly.
fn amount(frame: &Frame, micros: i64, currency: Currency) -> String {
    let money = Money::new(micros, currency);
    match micros.unsigned_abs() {
        1..10_000 => frame.language.money(money),
        _ => frame.language.money_rounded(money),
    }
}

fn word(frame: &Frame, by: Dimension) -> String {
    frame.t(match by {
        Dimension::Month => "costs-month",
        Dimension::Day => "costs-day",
        Dimension::Application => "costs-application",
        Dimension::Provider => "costs-provider",
        Dimension::Offer => "costs-offer",
        Dimension::Plan => "costs-plan",
        Dimension::Meter => "costs-meter",
        Dimension::Resource => "costs-resource",
        Dimension::Thing => "costs-thing",
        Dimension::Kind => "costs-kind",
    })
}
