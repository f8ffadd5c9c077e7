//! Projects: what applications, quotas and costs belong to.

use chrono::{DateTime, Utc};
use hansa_ontology::ProjectId;

/// A project of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name, `organisation/project`, which is given once.
    pub id: ProjectId,
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
