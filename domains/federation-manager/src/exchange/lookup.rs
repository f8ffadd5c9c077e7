//! Offers with the documents that were signed, for contracts.

use super::{publish::blocking, serve::shown};
use crate::{FederationError, FederationManager, store};
use hansa_federation::{SignedDocument, document::Verified};
use hansa_ontology::{
    Offer, OfferId,
    rdf::RdfFormat,
    reading::{ReadLimits, Reader},
};
use hansa_repository::ErrorKind;

/// An offer with its signed document.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedOffer {
    /// The offer; a partner's with the units of its last report.
    pub offer: Offer,
    /// The document as it was signed.
    pub document: SignedDocument,
    /// SHA-256 of the document's content, base64url: what agreements refer to.
    pub digest: String,
}

impl FederationManager {
    /// A partner's offer as it is here; None: the partner has no such offer here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn partner_offer(&self, partner: &str, id: &OfferId) -> Result<Option<SignedOffer>, FederationError> {
        let stored = match self.catalogue().offer(id).await {
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(origin) = stored.origin.filter(|origin| origin.partner == partner) else {
            return Ok(None);
        };
        let document = SignedDocument {
            content_type: stored.source.media_type,
            content: stored.source.text,
            signature: origin.signature,
        };
        Ok(Some(SignedOffer { offer: stored.resource, digest: document.digest(), document }))
    }

    /// An offer of ours as it is published; None: there is none that this partner may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_offer(&self, partner: &str, id: &OfferId) -> Result<Option<SignedOffer>, FederationError> {
        let (partner, subject) = (partner.to_owned(), id.to_string());
        let item = self
            .database()
            .read(move |connection| -> Result<_, FederationError> {
                let policy = store::partners::get(connection, &partner)?.policy.offered;
                let item = store::feed::find(connection, &subject)?;
                Ok(item.filter(|item| item.class == "offer" && shown(&policy, item)))
            })
            .await?;
        let Some(item) = item else { return Ok(None) };
        let document = item.document;
        blocking(move || {
            let mut reader = Reader::new(ReadLimits::default());
            let read = reader.read(document.content.as_bytes(), RdfFormat::Turtle);
            let read =
                read.map_err(|error| FederationError::Internal(format!("our own offer can't be read: {error}")))?;
            let offer = read.accepted.offers.into_iter().next();
            Ok(offer.map(|offer| SignedOffer { offer, digest: document.digest(), document }))
        })
        .await?
    }

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
                if !self.inner.partners.keys_due(partner, now) {
                    return Err(error.into());
                }
                let keys = self.keys_follow(partner).await?;
                Ok(hansa_federation::document::verify(document, &keys, now)?)
            }
            verified => Ok(verified?),
        }
    }
}
