//! Maintenance that was announced before it began.

use super::Stretch;
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, OfferId, SiteId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A time in which machines of a site, or of one of its offers, may be away:
/// it counts neither as kept nor as missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// Its id.
    pub id: Uuid,
    /// Where.
    pub site: SiteId,
    /// Of this offer only; none: of all at the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// When it begins, in whole seconds.
    pub from: DateTime<Utc>,
    /// When it is over, in whole seconds.
    pub until: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
    /// Who announced it.
    pub by: Actor,
    /// When it was announced.
    pub announced: DateTime<Utc>,
}

impl Announcement {
    /// Its time.
    #[must_use]
    pub fn stretch(&self) -> Option<Stretch> {
        Stretch::new(self.from.timestamp(), self.until.timestamp())
    }

    /// Whether it is about machines of this offer at this site.
    #[must_use]
    pub fn concerns(&self, site: &SiteId, offer: &OfferId) -> bool {
        self.site == *site && self.offer.as_ref().is_none_or(|only| only == offer)
    }
}
