//! Several policies over one series, in one table: what each let go wrong, and
//! what it took.

use super::{ReplayOptions, Replayed, Series, replay};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::Scaling};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one scaling did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Compared scaling")]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// For how long instances had too much to do.
    pub violation: TimeSpan,
    /// Instances × hours.
    pub instance_hours: f64,
    /// How often the number changed.
    pub changes: usize,
    /// The greatest number.
    pub most: u32,
}

/// Replays each over the series.
#[must_use]
pub fn compare(scalings: &[(&str, &Scaling)], series: &Series, options: &ReplayOptions) -> Vec<Compared> {
    scalings
        .iter()
        .map(|(name, scaling)| {
            let Replayed { violation, instance_hours, changes, most, .. } = replay(scaling, series, options);
            Compared { name: (*name).to_owned(), violation, instance_hours, changes, most }
        })
        .collect()
}

/// The comparison as a table of text.
#[must_use]
pub fn table(compared: &[Compared]) -> String {
    let width = compared.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).max(7);
    let mut text = format!(
        "{:width$}  {:>12}  {:>14}  {:>7}  {:>4}\n",
        "scaling", "violation", "instance-hours", "changes", "most"
    );
    for one in compared {
        text.push_str(&format!(
            "{:width$}  {:>12}  {:>14.2}  {:>7}  {:>4}\n",
            one.name,
            one.violation.to_string(),
            one.instance_hours,
            one.changes,
            one.most
        ));
    }
    text
}
