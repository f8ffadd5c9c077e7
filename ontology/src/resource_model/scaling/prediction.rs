//! Looking ahead, as an option.

use crate::quantity::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looks ahead by the recent past. It only ever adds instances, and only while
/// its forecasts of the recent past were nearer to what came than the
/// measurement itself was; each decision says whether it was used and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Prediction")]
pub struct Prediction {
    /// How far ahead: about as long as an instance takes until it helps.
    #[serde(default = "two_minutes")]
    pub ahead: TimeSpan,
    /// The period after which the load repeats itself, such as 24h. Where it is
    /// absent, the trend of the last `ahead × 10` is continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<TimeSpan>,
}

const fn two_minutes() -> TimeSpan {
    TimeSpan::from_millis(120_000)
}
