//! Holds: capacity that is kept for a partner until an hour, or until its order comes.

use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, OfferId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /federation/v1/reservations`. Repeating it with the same content is
/// harmless; a later `until` prolongs; other content under the same id is 409.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldRequest {
    /// The id of the order that is to follow, chosen by the caller.
    pub id: MachineId,
    /// The `@id` of the agreement under which it is asked for.
    pub agreement: String,
    /// The offer.
    pub offer: OfferId,
    /// How many units: 1.
    pub units: u32,
    /// Until when. The provider may set an earlier time.
    pub until: DateTime<Utc>,
}

/// How a hold stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldAnswer {
    /// The order's id.
    pub id: MachineId,
    /// Where it stands.
    pub state: HoldState,
    /// When it ends, or ended, unless an order came.
    pub until: DateTime<Utc>,
}

/// Where a hold stands: held → committed | released | expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldState {
    /// The unit is kept.
    Held,
    /// The order came and has the unit.
    Committed,
    /// Given back by the caller.
    Released,
    /// Its time ran out.
    Expired,
}

impl HoldState {
    /// Its name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for HoldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
