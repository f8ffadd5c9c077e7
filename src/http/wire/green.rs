//! Green mode on the wire.

use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How green mode is to be for a node or a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"idleSeconds": 900, "reserve": 1, "wakeSeconds": 600}))]
pub(crate) struct GreenRequest {
    /// So many seconds there was nothing on a node that is turned off.
    #[serde(default = "idle")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub idle_seconds: u32,
    /// So many idle nodes of the site stay on; 0 for one node.
    #[serde(default)]
    #[schema(maximum = 10_000)]
    pub reserve: u32,
    /// A node that doesn't work so many seconds after it was woken is held for failed.
    #[serde(default = "wake")]
    #[schema(minimum = 60, maximum = 21_600)]
    pub wake_seconds: u32,
}

const fn idle() -> u32 {
    900
}

const fn wake() -> u32 {
    600
}

/// Where green mode is on, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GreenMode {
    /// `node/NAME` or `site/IRI`.
    pub target: String,
    /// So many seconds there was nothing on a node that is turned off.
    pub idle_seconds: i64,
    /// So many idle nodes of the site stay on.
    pub reserve: u32,
    /// A node that doesn't work so many seconds after it was woken is held for failed.
    pub wake_seconds: i64,
    /// When it was last set.
    pub set_at: DateTime<Utc>,
    /// By whom.
    #[schema(value_type = Object)]
    pub set_by: Actor,
    /// What `If-Match` compares.
    pub version: i64,
    /// Nothing was written.
    #[serde(default)]
    pub dry_run: bool,
}

impl GreenMode {
    /// How it is, or would be.
    pub(crate) fn new(mode: hansa_pim::GreenMode, dry_run: bool) -> Self {
        Self {
            target: mode.target.to_string(),
            idle_seconds: mode.idle.num_seconds(),
            reserve: mode.reserve,
            wake_seconds: mode.wake_within.num_seconds(),
            set_at: mode.set_at,
            set_by: mode.set_by,
            version: mode.version,
            dry_run,
        }
    }
}
