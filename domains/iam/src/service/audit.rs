//! The audit trail's side of the facade.

use super::Iam;
use crate::{IamError, NewAuditRecord, Trail};

impl Iam {
    /// Records a decision. When this returns it is written for good.
    ///
    /// # Errors
    /// When the database refuses. What was decided must then not be done.
    pub async fn audit_append(&self, record: NewAuditRecord) -> Result<(), IamError> {
        Ok(self.inner.trail.append(record).await?)
    }

    /// The audit trail: to seal, list, export and prove.
    #[must_use]
    pub fn trail(&self) -> &Trail {
        &self.inner.trail
    }
}
