//! Organisations of tenants.

use chrono::{DateTime, Utc};
use hansa_ontology::OrganisationId;

/// An organisation of tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its name, which is given once.
    pub id: OrganisationId,
    /// How people call it.
    pub title: String,
    /// Whether it was closed.
    pub closed: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change, from 1.
    pub version: i64,
}
