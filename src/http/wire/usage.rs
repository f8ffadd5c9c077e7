//! What was used and what it costs, on the wire.

use super::Price;
use hansa_accounting::service::{self, Dimension};
use hansa_ontology::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageRow {
    /// What it has in common, by dimension; always the `meter`.
    pub of: BTreeMap<String, String>,
    /// What people call its application, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// How much, in the meter's unit, which its name ends with.
    pub quantity: u64,
}

/// What some use costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CostRow {
    /// What it has in common, by dimension; an empty text where that is none.
    pub of: BTreeMap<String, String>,
    /// What people call its application, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// How many charges these are: one for each day, thing, meter and price.
    pub charges: u64,
    /// What they cost before discounts and tax.
    pub list: Price,
    /// What they cost before tax.
    pub net: Price,
}

/// What a project's use costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CostReport {
    /// The time zone of its days (IANA).
    pub time_zone: String,
    /// What all rows of all pages come to, before tax.
    pub total: Price,
    /// The rows of this page.
    pub items: Vec<CostRow>,
    /// Give this as `pageToken` to get the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What people call applications, by id.
pub(crate) type Names = BTreeMap<String, String>;

impl UsageRow {
    pub(crate) fn new(row: service::UsageRow, names: &Names) -> Self {
        Self { application_name: name_of(&row.of, names), of: named(row.of), quantity: row.quantity }
    }
}

impl CostRow {
    pub(crate) fn new(row: service::CostRow, names: &Names, currency: Currency) -> Self {
        Self {
            application_name: name_of(&row.of, names),
            of: named(row.of),
            charges: row.charges,
            list: Price::new(row.list_micros, currency),
            net: Price::new(row.net_micros, currency),
        }
    }
}

fn name_of(of: &BTreeMap<Dimension, String>, names: &Names) -> Option<String> {
    name(of.get(&Dimension::Application)?, names)
}

/// What people call an application.
pub(super) fn name(id: &str, names: &Names) -> Option<String> {
    names.get(id).cloned()
}

fn named(of: BTreeMap<Dimension, String>) -> BTreeMap<String, String> {
    of.into_iter().map(|(dimension, value)| (dimension.name().to_owned(), value)).collect()
}
