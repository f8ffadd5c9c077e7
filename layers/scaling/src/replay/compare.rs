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
    /// For how long instances had too much to do. Absent: no objective says what that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<TimeSpan>,
    /// Instances × hours.
    pub instance_hours: f64,
    /// How often the number changed.
    pub changes: usize,
    /// The greatest number.
    pub most: u32,
}

impl Compared {
    /// How a replay went, under a name.
    #[must_use]
    pub fn of(name: impl Into<String>, replayed: &Replayed) -> Self {
        let Replayed { violation, instance_hours, changes, most, .. } = *replayed;
        Self { name: name.into(), violation, instance_hours, changes, most }
    }
}

/// Replays each over the series.
#[must_use]
pub fn compare(scalings: &[(&str, &Scaling)], series: &Series, options: &ReplayOptions) -> Vec<Compared> {
    let replayed = |(name, scaling): &(&str, &Scaling)| Compared::of(*name, &replay(name, scaling, series, options));
    scalings.iter().map(replayed).collect()
}

/// The comparison as a table of text; `-` where no objective says what a violation is.
#[must_use]
pub fn table(compared: &[Compared]) -> String {
    let width = compared.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).max(7);
    let mut text = format!(
        "{:width$}  {:>12}  {:>14}  {:>7}  {:>4}\n",
        "SCALING", "VIOLATION", "INSTANCE-HOURS", "CHANGES", "MOST"
    );
    for one in compared {
        text.push_str(&format!(
            "{:width$}  {:>12}  {:>14.2}  {:>7}  {:>4}\n",
            one.name,
            one.violation.map_or_else(|| "-".to_owned(), |violation| violation.to_string()),
            one.instance_hours,
            one.changes,
            one.most
        ));
    }
    text
}
