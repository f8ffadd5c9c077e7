//! Quotas, as they were set.

use chrono::{DateTime, Utc};
use hansa_ontology::quota::{Quota, QuotaHolder};

/// The quota of an organisation or a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldQuota {
    /// Whose.
    pub holder: QuotaHolder,
    /// How much there may be.
    pub limits: Quota,
    /// When it was last set; none where it never was.
    pub updated_at: Option<DateTime<Utc>>,
    /// Grows with each change; 0 where it was never set.
    pub version: i64,
}
