//! Applications, sites, offers or kinds of machines beside each other: what
//! they emitted for each hour of a virtual processor that was reserved.

use super::{BY, grams, kwh, shown, word};
use crate::portal::{
    Frame,
    drawing::bars::Bars,
    offers::encoded_query,
    pages::{costs::project_filter, offers::encoded},
    parts::{Choice, Empty, Field, FieldKind},
    sheet::{Cell, Column, Row, Section, Sheet, Table},
};
use hansa_sustainability::{
    advice,
    quantity::Carbon,
    service::{Dimension, PROCESSOR_HOUR},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Where it is.
pub(crate) const COMPARE: &str = "/carbon/compare";

/// What there is to compare of a project's month.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Every project that the visitor may see.
    pub(crate) projects: Vec<String>,
    /// The one that is shown.
    pub(crate) project: String,
    /// `2026-11`.
    pub(crate) month: String,
    /// What is compared.
    pub(crate) by: Dimension,
    /// What people call applications, by id.
    pub(crate) names: BTreeMap<String, String>,
    /// The least carbon for each hour first.
    pub(crate) rows: Vec<advice::Compared<String>>,
}

impl Compared {
    fn address(&self, path: &str, format: Option<&str>) -> String {
        let query = [
            ("project", Some(self.project.as_str())),
            ("month", Some(self.month.as_str())),
            ("by", Some(self.by.name())),
            ("format", format),
        ];
        format!("{path}{}", encoded_query(query))
    }

    fn called<'a>(&'a self, key: &'a str) -> &'a str {
        self.names.get(key).map_or(key, String::as_str)
    }
}

/// The page.
pub(crate) fn compare(frame: Frame, compared: &Compared) -> Sheet {
    let by = BY.map(|by| Choice { value: by.name().to_owned(), label: word(&frame, by) });
    let filters = project_filter(&frame, COMPARE, &compared.projects, &compared.project)
        .field(Field::new("month", frame.t("costs-month"), FieldKind::Line("month")).value(compared.month.clone()))
        .field(Field::new("by", frame.t("carbon-compared"), FieldKind::Choice(by.into())).value(compared.by.name()));
    let sheet = Sheet::new(frame.clone(), frame.t("carbon-compare"))
        .crumb("/carbon", frame.t("nav-carbon"))
        .intro(frame.t("carbon-compare-text"))
        .section(Section::plain("choice").with(filters));
    let sheet = if compared.rows.is_empty() {
        let none = Empty::new(frame.t("carbon-none"), frame.t("carbon-none-text"));
        sheet.section(Section::plain("none").with(none))
    } else {
        let export = |format| compared.address("/carbon/compare/export", Some(format));
        sheet
            .action(export("csv"), frame.t("carbon-csv"))
            .action(export("json"), frame.t("carbon-json"))
            .section(side_by_side(&frame, compared))
    };
    sheet.also(|also| {
        let query = [("project", Some(compared.project.as_str())), ("by", Some(compared.by.name()))];
        also.cli(&["carbon", "compare", "--by", compared.by.name()])
            .get(&format!("/api/v1/carbon/compare{}", encoded_query(query)))
    })
}

/// Bars of those of which it is known, numbered as in the table.
fn side_by_side(frame: &Frame, compared: &Compared) -> Section {
    let language = frame.language;
    let title = frame.t("carbon-each");
    let known = compared.rows.iter().zip(1_u32..).filter_map(|(row, number)| {
        let each = row.each?;
        let said = format!("{}: {}", compared.called(&row.key), grams(language, each));
        Some((number.to_string(), i64::try_from(each.get()).unwrap_or(i64::MAX), said))
    });
    let known: Vec<_> = known.collect();
    let most = compared.rows.iter().filter_map(|row| row.each).max().unwrap_or(Carbon::ZERO);
    let what = word(frame, compared.by);
    let columns = [
        Column::new(what),
        Column::number(frame.t("carbon-number")),
        Column::number(frame.t("carbon-each")),
        Column::number(frame.t("carbon-hours")),
        Column::number(frame.t("carbon-energy")),
        Column::number(frame.t("carbon-location")),
        Column::number(frame.t("carbon-embodied")),
    ];
    let rows = compared.rows.iter().zip(1_u32..).map(|(row, number)| line(frame, compared, row, number));
    let table = Table::new(frame.t("carbon-compare"), columns).rows(rows);
    let section = Section::new("compared", title.clone());
    match Bars::new(title, grams(language, most), &known) {
        Some(bars) => section.with(bars).with(table),
        None => section.with(table),
    }
}

fn line(frame: &Frame, compared: &Compared, row: &advice::Compared<String>, number: u32) -> Row {
    let language = frame.language;
    let name = match compared.names.get(&row.key) {
        _ if row.key.is_empty() => Cell::Nothing(frame.t("costs-of-none")),
        Some(known) if compared.by == Dimension::Application => {
            Cell::link(format!("/applications/{}", encoded(&row.key)), known)
        }
        _ => Cell::text(&row.key),
    };
    let each =
        row.each.map_or_else(|| Cell::Nothing(frame.t("carbon-not-known")), |each| Cell::number(grams(language, each)));
    let hours = Decimal::from(row.units) / Decimal::from(PROCESSOR_HOUR);
    Row::new([
        name,
        Cell::number(number),
        each,
        Cell::number(shown(language, hours)),
        Cell::number(kwh(language, row.footprint.facility)),
        super::carbon(frame, row.footprint.location, row.footprint.location_unknown),
        Cell::number(grams(language, row.footprint.embodied)),
    ])
}
