//! Offers: list and show. What their owner does with them is in `http::admin`.

use crate::http::{
    Broker, page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    wire::{Offer, OfferSource, Page, Problem},
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use chrono::{DateTime, Utc};
use hansa_federation_manager::partners::Partner;
use hansa_ontology::{self as ontology, order::PartnerProvider, rdf};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "offers";

/// Which offers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct OfferQuery {
    /// Only at this site: IRI or last segment.
    site: Option<String>,
    /// Only of this provider: IRI or last segment.
    provider: Option<String>,
    /// Only with these capabilities, separated by commas.
    capability: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

impl OfferQuery {
    fn wants(&self, offer: &ontology::Offer, capabilities: &BTreeSet<String>) -> bool {
        let named = |wanted: &Option<String>, iri: &str, short: &str| {
            wanted.as_ref().is_none_or(|name| name == iri || name == short)
        };
        named(&self.site, offer.site.as_str(), offer.site.short())
            && named(&self.provider, offer.provider.as_str(), offer.provider.short())
            && capabilities.is_subset(&offer.capabilities)
    }
}

/// List offers, in the order of their IRIs.
#[utoipa::path(tag = "catalogue", params(OfferQuery), responses((status = 200, body = Page<Offer>)))]
#[get("/offers")]
pub(crate) async fn offer_list(broker: web::Data<Broker>, query: Query<OfferQuery>) -> Reply {
    let query = query.0;
    let size = page_size(query.limit)?;
    let after = query.page_token.as_ref().map(|token| page_token::open(LIST, token)).transpose()?;
    let capabilities: BTreeSet<String> = query
        .capability
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::to_owned)
        .filter(|tag| !tag.is_empty())
        .collect();
    let snapshot = broker.catalogue.snapshot().await?;
    let mut found: Vec<&ontology::Offer> = snapshot
        .catalogue
        .offers
        .iter()
        .filter(|offer| {
            query.wants(offer, &capabilities) && after.as_ref().is_none_or(|after| offer.id.as_str() > after.as_str())
        })
        .collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    let (found, next) = page_token::cut(LIST, size, found, |last| last.id.to_string());
    let sources = Sources::now(&broker).await?;
    let items = found.into_iter().map(|offer| sources.offer(offer)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// Show an offer, as JSON or, where the caller accepts it, as Turtle.
#[utoipa::path(
    tag = "catalogue",
    params(("reference" = String, Path, description = "IRI (percent-encoded) or its last segment")),
    responses((status = 200, body = Offer), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/offers/{reference}")]
pub(crate) async fn offer_show(broker: web::Data<Broker>, request: HttpRequest, reference: web::Path<String>) -> Reply {
    let offer = find(&broker, &reference).await?;
    if accepts_turtle(&request) {
        let turtle = rdf::write_offer_turtle(&offer);
        return Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/turtle; charset=utf-8")).body(turtle));
    }
    Ok(HttpResponse::Ok().json(Sources::now(&broker).await?.offer(&offer)))
}

/// Which partner each provider's offers come from, and how fresh they are.
struct Sources {
    partners: BTreeMap<String, (Partner, PartnerProvider)>,
    now: DateTime<Utc>,
}

impl Sources {
    async fn now(broker: &Broker) -> Result<Self, ApiError> {
        let mut partners = BTreeMap::new();
        if let Some(manager) = &broker.federation {
            let standing = manager.provider_list().await?;
            for partner in manager.partner_list().await? {
                let provider = partner.provider.clone();
                let found = standing.iter().find(|one| Some(&one.provider) == provider.as_ref());
                if let Some(found) = found {
                    partners.insert(found.provider.to_string(), (partner, found.clone()));
                }
            }
        }
        Ok(Self { partners, now: broker.clock.now() })
    }

    fn offer(&self, offer: &ontology::Offer) -> Offer {
        let source = self.partners.get(offer.provider.as_str()).map(|(partner, standing)| {
            let unusable = standing.unusable.clone().or_else(|| standing.unusable_offers.get(&offer.id).cloned());
            let freshness = match (&unusable, offer.valid_through) {
                (_, Some(end)) if end <= self.now => "expired",
                (Some(_), _) => "stale",
                (None, _) => "fresh",
            };
            OfferSource {
                partner: partner.did.clone(),
                partner_name: partner.name.clone(),
                last_heard: partner.last_heard,
                freshness: freshness.to_owned(),
                unusable,
            }
        });
        Offer { source, ..Offer::from(offer.clone()) }
    }
}

/// The offer of an IRI, or the only one with that last segment.
pub(crate) async fn find(broker: &Broker, reference: &str) -> Result<ontology::Offer, ApiError> {
    let snapshot = broker.catalogue.snapshot().await?;
    let offers = &snapshot.catalogue.offers;
    if let Some(offer) = offers.iter().find(|offer| offer.id.as_str() == reference) {
        return Ok(offer.clone());
    }
    let named: Vec<_> = offers.iter().filter(|offer| offer.id.short() == reference).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(ApiError::new(ProblemKind::NotFound, format!("there is no offer `{reference}`"))),
        several => {
            let iris: Vec<&str> = several.iter().take(5).map(|offer| offer.id.as_str()).collect();
            Err(ApiError::new(
                ProblemKind::Conflict,
                format!("{} offers are called `{reference}`; give one's IRI: {}", several.len(), iris.join(", ")),
            ))
        }
    }
}

fn accepts_turtle(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/turtle"))
}
