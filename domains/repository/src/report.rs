//! What providers have measured themselves of what they deliver to us, as events
//! tell of it.
//!
//! Whoever receives and verifies the signed document puts a [`ProviderReport`]
//! into the data of the event that tells of it; whoever holds promises against
//! the log reads it there.

use crate::{RepositoryError, event::Event, json};
use chrono::{DateTime, Utc};
use hansa_ontology::MachineId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where it stands in the data of an event.
const FIELD: &str = "providerReport";
/// The kind of the event that tells of it.
pub const REPORTED: &str = "sla.provider-reported";

/// What the partner who delivers a machine has signed about one stretch of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderReport {
    /// The machine: the order too.
    pub machine: MachineId,
    /// The partner: its DID.
    pub partner: String,
    /// SHA-256 of what was signed, base64url.
    pub digest: String,
    /// From when, by the partner's clock.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// When the machine could not be used, in order.
    pub down: Vec<ReportedPart>,
    /// Maintenance that the partner had announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<ReportedPart>,
    /// Whether it is the last of the order.
    pub last: bool,
}

/// A part of the stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedPart {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl ProviderReport {
    /// Puts it into the data of an event, beside what is there.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn tell(&self, data: Value) -> Result<Value, RepositoryError> {
        json::to_event(FIELD, &format!("the report on machine/{}", self.machine), self, data)
    }

    /// What an event tells of a report; none where it tells of none.
    ///
    /// # Errors
    /// When this program can't read what it tells: a newer one has written it.
    pub fn read(event: &Event) -> Result<Option<Self>, RepositoryError> {
        json::from_event(FIELD, event)
    }
}
