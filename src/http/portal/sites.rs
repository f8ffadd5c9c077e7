//! Sites: the map, and one site.

use super::Visit;
use crate::{
    http::problem::{ApiError, ProblemKind, Reply},
    portal::{
        Place,
        map::Bounds,
        pages::sites::{self, SiteList, SitesPage},
    },
};
use actix_web::{HttpRequest, web};
use hansa_ontology::{Offer, ProviderId, SiteId};
use std::collections::BTreeMap;

/// Shows the map.
pub(crate) async fn map(visit: Visit, request: HttpRequest) -> Reply {
    let snapshot = visit.broker.catalogue.snapshot().await?;
    let catalogue = &snapshot.catalogue;
    let offers = count(&catalogue.offers);
    let within: Option<Bounds> = super::parameter(&request, "box")
        .map(|text| {
            let wrong = || ApiError::field("box", "it is west, south, east and north in degrees, such as 5,45,15,55");
            text.parse().ok().ok_or_else(wrong)
        })
        .transpose()?;
    let provider = super::parameter(&request, "provider")
        .map(ProviderId::new)
        .transpose()
        .map_err(|error| ApiError::field("provider", error.to_string()))?;
    visit.show(Place::Sites, |frame| {
        let list =
            SiteList { sites: &catalogue.sites, providers: &catalogue.providers, offers: &offers, provider, within };
        SitesPage::new(frame, &list)
    })
}

/// Shows a site.
pub(crate) async fn show(visit: Visit, reference: web::Path<String>) -> Reply {
    let snapshot = visit.broker.catalogue.snapshot().await?;
    let catalogue = &snapshot.catalogue;
    let exact = catalogue.sites.iter().find(|site| site.id.as_str() == *reference);
    let site = exact
        .or_else(|| catalogue.sites.iter().find(|site| site.id.short() == *reference))
        .ok_or_else(|| ApiError::new(ProblemKind::NotFound, format!("there is no site `{reference}`")))?;
    let offers = count(&catalogue.offers);
    visit.show(Place::Sites, |frame| {
        let list = SiteList {
            sites: &catalogue.sites,
            providers: &catalogue.providers,
            offers: &offers,
            provider: None,
            within: None,
        };
        sites::site(frame, &list, site)
    })
}

/// Offers at each site.
fn count(offers: &[Offer]) -> BTreeMap<SiteId, usize> {
    let mut counts: BTreeMap<&SiteId, usize> = BTreeMap::new();
    for offer in offers {
        *counts.entry(&offer.site).or_default() += 1;
    }
    counts.into_iter().map(|(site, count)| (site.clone(), count)).collect()
}
