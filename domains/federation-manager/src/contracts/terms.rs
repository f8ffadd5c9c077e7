//! Offers with the documents that were signed for them: our own as they are
//! published now, partners' as they came.

use super::model::{Clauses, Subject};
use crate::{FederationError, FederationManager, store};
use hansa_federation::{
    SignedDocument,
    dsp::{self, Policy},
};
use hansa_ontology::{Offer, OfferId, Site, rdf::RdfFormat, reading, site::EnergyProfile};
use hansa_repository::ErrorKind;

/// An offer and its signed document.
#[derive(Debug, Clone)]
pub(crate) struct KnownOffer {
    pub(crate) offer: Offer,
    pub(crate) site: Option<Site>,
    /// SHA-256 of the document's content, base64url.
    pub(crate) digest: String,
    pub(crate) document: Option<SignedDocument>,
}

impl KnownOffer {
    /// What the offer says, for those who read no RDF.
    pub(crate) fn clauses(&self) -> Clauses {
        let offer = &self.offer;
        let energy: Option<EnergyProfile> =
            offer.energy.clone().or_else(|| self.site.as_ref().and_then(|site| site.energy.clone()));
        Clauses {
            price_per_hour: offer.price_plan.price_per_hour,
            sla: offer.sla.clone(),
            energy,
            jurisdictions: self
                .site
                .iter()
                .flat_map(|site| site.jurisdictions.iter().map(ToString::to_string))
                .collect(),
            claims: offer.claims.clone(),
        }
    }

    /// What is negotiated about.
    pub(crate) fn subject(&self) -> Subject {
        Subject { document: self.document.clone(), clauses: self.clauses(), valid_through: self.offer.valid_through }
    }

    /// The ODRL terms of the offer as its document says, whatever was learned since.
    pub(crate) fn policy(&self) -> Policy {
        let signed = self.document.as_ref().and_then(as_signed);
        let offer = signed.as_ref().unwrap_or(&self.offer);
        dsp::policy(offer, self.site.as_ref(), &self.digest)
    }
}

/// The offer as the signed document alone has it.
fn as_signed(document: &SignedDocument) -> Option<Offer> {
    let format = RdfFormat::from_media_type(&document.content_type)?;
    let reading = reading::read(document.content.as_bytes(), format).ok()?;
    reading.accepted.offers.into_iter().next()
}

impl FederationManager {
    /// A partner's offer as it came, if it still sells it.
    pub(crate) async fn partner_offer(
        &self,
        partner: &str,
        id: &OfferId,
    ) -> Result<Option<KnownOffer>, FederationError> {
        let catalogue = &self.inner.rooms.catalogue;
        let stored = match catalogue.offer(id).await {
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(origin) = stored.origin.filter(|origin| origin.partner == partner) else {
            return Ok(None);
        };
        let site = catalogue.site(&stored.resource.site).await.ok().map(|site| site.resource);
        let document = SignedDocument {
            content_type: stored.source.media_type,
            content: stored.source.text,
            signature: origin.signature,
        };
        Ok(Some(KnownOffer { offer: stored.resource, site, digest: document.digest(), document: Some(document) }))
    }

    /// An offer of our own as it is published now.
    pub(crate) async fn own_offer(&self, id: &OfferId) -> Result<Option<KnownOffer>, FederationError> {
        let subject = id.to_string();
        let item = self.database().read(move |connection| store::feed::find(connection, &subject)).await?;
        let Some(document) = item.map(|item| item.document) else {
            return Ok(None);
        };
        let Some(offer) = as_signed(&document).filter(|offer| offer.id == *id) else {
            return Ok(None);
        };
        let site = self.inner.rooms.catalogue.site(&offer.site).await.ok().map(|site| site.resource);
        Ok(Some(KnownOffer { offer, site, digest: document.digest(), document: Some(document) }))
    }
}
