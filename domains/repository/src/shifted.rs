//! Jobs that were begun in hours that somebody chose, as events tell of them.
//!
//! Whoever begins such a job puts a [`BegunJob`] into the data of the event;
//! whoever counts what that saved reads it there. Both use this type, so that
//! they can't drift apart.

use crate::{RepositoryError, event::Event, json};
use chrono::{DateTime, Utc};
use hansa_ontology::{Currency, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of the event that tells that such a job was begun.
pub const BEGUN: &str = "job.begun";
/// The kind of the event that tells that it has ended well: `component` in its data names it.
pub const DONE: &str = "job.done";
/// Where it stands in the data of an event.
const FIELD: &str = "job";

/// A job that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BegunJob {
    /// Its component.
    pub component: String,
    /// When it would have begun if nobody had chosen.
    pub ready: DateTime<Utc>,
    /// Where it would have run.
    pub home: SiteId,
    /// When it was begun.
    pub begun: DateTime<Utc>,
    /// What that is expected to save in carbon, in micrograms of CO2 equivalent. None:
    /// it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saves_micrograms: Option<i64>,
    /// What that is expected to save in the price of its energy, in micro-units. None:
    /// it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saves_micros: Option<i64>,
    /// The currency of that.
    pub currency: Currency,
    /// Why then and there, for people.
    pub why: String,
}

impl BegunJob {
    /// Puts it into the data of an event, beside what is there. Data that is no object
    /// is left as it is.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn tell(&self, data: Value) -> Result<Value, RepositoryError> {
        json::to_event(FIELD, &format!("job {}", self.component), self, data)
    }

    /// What an event tells of such a job; none where it tells of none.
    ///
    /// # Errors
    /// When this program can't read what it tells: a newer one has written it.
    pub fn read(event: &Event) -> Result<Option<Self>, RepositoryError> {
        json::from_event(FIELD, event)
    }
}
