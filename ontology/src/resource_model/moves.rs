//! What a broker may move without being asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the broker moves of its own accord. What fails is repaired in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "Moves")]
pub enum MovePolicy {
    /// What costs less elsewhere, or has room in fewer machines, moves:
    /// replacement first, and never what has a volume or is a job.
    #[default]
    Automatic,
    /// Nothing moves unless somebody asks.
    Asked,
}

impl MovePolicy {
    /// It is the default.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        *self == Self::Automatic
    }
}
