//! Whether what a resource refers to is there: in the document or in the catalogue.

use hansa_ontology::{
    Offer, Provider, ProviderId, Site, SiteId,
    catalogue::Catalogue,
    reading::{RefusedResource, Violation},
};
use std::collections::BTreeMap;

const PROVIDER: &str = "schema:provider";
const AT_SITE: &str = "hansa:atSite";

/// What a document may refer to and must not contradict.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Each provider's partner; None: it is our own.
    pub(super) providers: BTreeMap<ProviderId, Option<String>>,
    /// Each site's provider.
    pub(super) sites: BTreeMap<SiteId, ProviderId>,
    /// What each IRI of the document is in the catalogue already, withdrawn or not.
    pub(super) classes: BTreeMap<String, String>,
    /// The partner that has put what an IRI of the document names.
    pub(super) partners: BTreeMap<String, String>,
}

/// Takes out of the document what refers to something unknown, with the
/// reasons. Whatever hangs on a refused resource is refused with it.
pub(super) fn check(document: &mut Catalogue, mut known: Known) -> Vec<RefusedResource> {
    let mut refused = Vec::new();
    document.providers.retain(|provider| {
        keep(&mut refused, provider.id.as_str(), "hansa:Provider", provider_violations(provider, &known))
    });
    known.providers.extend(document.providers.iter().map(|provider| (provider.id.clone(), None)));
    document.sites.retain(|site| keep(&mut refused, site.id.as_str(), "hansa:Site", site_violations(site, &known)));
    known.sites.extend(document.sites.iter().map(|site| (site.id.clone(), site.provider.clone())));
    document
        .offers
        .retain(|offer| keep(&mut refused, offer.id.as_str(), "hansa:Offer", offer_violations(offer, &known)));
    refused
}

fn keep(refused: &mut Vec<RefusedResource>, subject: &str, class: &str, violations: Vec<Violation>) -> bool {
    let good = violations.is_empty();
    if !good {
        refused.push(RefusedResource { subject: subject.to_owned(), class: class.to_owned(), violations });
    }
    good
}

fn provider_violations(provider: &Provider, known: &Known) -> Vec<Violation> {
    known.own(provider.id.as_str(), "provider")
}

fn site_violations(site: &Site, known: &Known) -> Vec<Violation> {
    let mut violations: Vec<Violation> = known.own(site.id.as_str(), "site");
    violations.extend(known.provider(&site.provider));
    if let Some(owner) = known.sites.get(&site.id).filter(|owner| **owner != site.provider) {
        let message = format!(
            "the catalogue has this site as one of {owner}, and a site keeps its provider: give it another IRI"
        );
        violations.push(violation(PROVIDER, site.provider.as_str(), message));
    }
    violations
}

fn offer_violations(offer: &Offer, known: &Known) -> Vec<Violation> {
    let mut violations: Vec<Violation> = known.own(offer.id.as_str(), "offer");
    violations.extend(known.provider(&offer.provider));
    match known.sites.get(&offer.site) {
        None => {
            let message = "neither the document nor the catalogue has this site: import it before the offer or with it"
                .to_owned();
            violations.push(violation(AT_SITE, offer.site.as_str(), message));
        }
        Some(owner) if *owner != offer.provider => {
            let message = format!(
                "this site belongs to {owner} and not to the offer's provider {}: correct one of the two",
                offer.provider
            );
            violations.push(violation(AT_SITE, offer.site.as_str(), message));
        }
        Some(_) => {}
    }
    violations
}

impl Known {
    fn provider(&self, provider: &ProviderId) -> Option<Violation> {
        let message = match self.providers.get(provider) {
            Some(None) => return None,
            Some(Some(partner)) => {
                format!("this provider's resources come from the partner {partner}: nobody else may add to them")
            }
            None => {
                "neither the document nor the catalogue has this provider: import it before or with this".to_owned()
            }
        };
        Some(violation(PROVIDER, provider.as_str(), message))
    }

    /// Why the IRI can't be that of a resource of ours.
    fn own(&self, iri: &str, class: &str) -> Vec<Violation> {
        let partner = self.partners.get(iri).map(|partner| {
            let message =
                format!("this {class} comes from the partner {partner}, which alone may change it: use another IRI");
            Violation { field: String::new(), value: Some(iri.to_owned()), message, shape: String::new() }
        });
        self.other_class(iri, class).into_iter().chain(partner).collect()
    }

    fn other_class(&self, iri: &str, class: &str) -> Option<Violation> {
        let stored = self.classes.get(iri).filter(|stored| *stored != class)?;
        Some(Violation {
            field: String::new(),
            value: Some(iri.to_owned()),
            message: format!(
                "the catalogue knows this IRI as that of a different thing, of class {stored}: use another IRI"
            ),
            shape: String::new(),
        })
    }
}

fn violation(field: &str, value: &str, message: String) -> Violation {
    Violation { field: field.to_owned(), value: Some(value.to_owned()), message, shape: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::OfferId;

    #[test]
    fn an_offer_id_is_no_site_id() {
        let id = OfferId::new("urn:x:1").unwrap();
        let mut known = Known::default();
        known.classes.insert(id.to_string(), "site".to_owned());
        assert!(known.other_class(id.as_str(), "offer").is_some());
        assert!(known.other_class(id.as_str(), "site").is_none());
    }
}
