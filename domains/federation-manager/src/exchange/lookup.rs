//! Documents that partners send, verified with the keys that are pinned.

use crate::{FederationError, FederationManager};
use hansa_federation::{SignedDocument, document::Verified};

impl FederationManager {
    /// Verifies a document that a partner has just sent, with the keys that are
    /// pinned; where its key isn't known, after looking for new ones.
    ///
    /// # Errors
    /// When the signature isn't good, or isn't the partner's.
    pub async fn document_verify(&self, partner: &str, document: &SignedDocument) -> Result<Verified, FederationError> {
        let found = self.partner_get(partner).await?;
        let now = self.now();
        match hansa_federation::document::verify(document, &found.keys, now) {
            Err(error) if error.kind() == hansa_federation::ErrorKind::UnknownKey => {
                let Some(keys) = self.keys_newer(&found).await? else {
                    return Err(error.into());
                };
                Ok(hansa_federation::document::verify(document, &keys, now)?)
            }
            verified => Ok(verified?),
        }
    }
}
