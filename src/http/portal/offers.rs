//! Offers: the list, one, a few side by side; withdrawing one of our own.

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::{
        Broker, page_token,
        problem::{ApiError, ProblemKind, Reply},
    },
    portal::{
        Language, Place,
        offers::{OfferIndex, OfferQuery, Position},
        pages::{
            offer::{self, Shown},
            offers::{Cut, OffersPage, Origin, Origins},
        },
        parts::{StateMark, Tone},
    },
};
use actix_web::{HttpRequest, web};
use hansa_federation_manager::exchange::{Freshness, PartnerStanding};
use hansa_ontology::{Offer, ProviderId};
use std::{collections::BTreeMap, sync::Arc};

/// The list's name in page tokens; its order is part of it, so that a token of another order is refused.
const LIST: &str = "portal-offers";

/// How partners stand, by the provider whose offers they sell.
type Standings = BTreeMap<ProviderId, PartnerStanding>;

/// Lists offers.
pub(crate) async fn list(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let query = OfferQuery::parse(request.query_string(), broker.settings.currency);
    let (index, standings) = (index(&broker).await?, standings(&broker).await?);
    let name = format!("{LIST}-{:?}-{:?}", query.sort, query.direction);
    let after = query.page.as_ref().map(|token| page_token::open_as::<Position>(&name, Some(token))).transpose()?;
    let partner = |provider: &ProviderId| standings.get(provider).map(|standing| standing.did.clone());
    let found = index.page(&query, after.flatten().as_ref(), query.size, partner);
    let seal = |position: &Position| page_token::seal(&name, &position.to_string());
    let previous = if found.before == 0 { None } else { Some(found.previous.as_ref().map(&seal).unwrap_or_default()) };
    let cut = Cut { previous, next: found.next.as_ref().map(seal), found };
    let mut partners: Vec<(String, String)> =
        standings.values().map(|standing| (standing.did.clone(), standing.name.clone())).collect();
    partners.sort_by(|one, other| one.1.cmp(&other.1));
    visit.show(Place::Offers, |frame| {
        let (language, now) = (frame.language, frame.now);
        let of = |offer: &Offer| origin(language, &standings, offer, now);
        OffersPage::new(frame, &index, &query, cut, &Origins { of: &of, partners: &partners })
    })
}

/// Shows a few offers side by side.
pub(crate) async fn compare(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let query = OfferQuery::parse(request.query_string(), broker.settings.currency);
    let (index, standings) = (index(&broker).await?, standings(&broker).await?);
    visit.show(Place::Offers, |frame| {
        let shown: Vec<Shown<'_>> = query
            .picked
            .iter()
            .filter_map(|iri| index.by_iri(iri))
            .map(|(offer, row)| Shown { offer, row, origin: origin(frame.language, &standings, offer, frame.now) })
            .collect();
        offer::compare(frame, &query, &shown, query.picked.len() - shown.len())
    })
}

/// Shows an offer.
pub(crate) async fn show(visit: Visit, reference: web::Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let (index, standings) = (index(&broker).await?, standings(&broker).await?);
    let (found, row) = index.find(&reference).ok_or_else(|| missing(&reference))?;
    let stored = broker.catalogue.offer(&found.id).await?;
    visit.show(Place::Offers, |frame| {
        let origin = origin(frame.language, &standings, found, frame.now);
        offer::page(frame, &Shown { offer: found, row, origin }, &stored)
    })
}

/// Withdraws an offer.
pub(crate) async fn withdraw(form: Form, reference: web::Path<String>) -> Reply {
    let broker = &form.visit.broker;
    let index = index(broker).await?;
    let (found, _) = index.find(&reference).ok_or_else(|| missing(&reference))?;
    broker.catalogue.offer_withdraw(&found.id, form.caller().actor(), broker.clock.now()).await?;
    Ok(see_other(&form.visit.asked, "/offers", Some(Flash::done("done-offer-withdrawn", &found.title))))
}

fn missing(reference: &str) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("there is no offer `{reference}`"))
}

/// The offers as they are now.
pub(super) async fn index(broker: &Broker) -> Result<Arc<OfferIndex>, ApiError> {
    Ok(broker.offers.index(broker.catalogue.snapshot().await?).await)
}

async fn standings(broker: &Broker) -> Result<Standings, ApiError> {
    match &broker.federation {
        Some(manager) => Ok(manager.provider_standings().await?),
        None => Ok(Standings::new()),
    }
}

/// Where an offer comes from, and whether it can be relied on.
fn origin(language: Language, standings: &Standings, offer: &Offer, now: chrono::DateTime<chrono::Utc>) -> Origin {
    let Some(standing) = standings.get(&offer.provider) else { return Origin::own(language) };
    let (tone, key) = match (standing.freshness(offer, now), &standing.unusable) {
        (Freshness::Expired, _) => (Tone::Bad, "offers-expired"),
        (Freshness::Stale, _) => (Tone::Warn, "offers-stale"),
        (Freshness::Fresh, Some(_)) => (Tone::Warn, "offers-unusable"),
        (Freshness::Fresh, None) => (Tone::Good, "offers-fresh"),
    };
    Origin {
        partner: Some(standing.name.clone()),
        heard: standing.last_heard,
        state: StateMark::new(tone, language.t(key)),
        unusable: standing.unusable.clone(),
    }
}
