//! Offers as their owner works on them: drafted of a flavour at a site or as
//! RDF, published, priced, given units, withdrawn.

use super::{catalogue, flavours::word, limits, sale_change, sites::decimal};
use crate::http::{
    Broker,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    replay::{self, serialise},
    routes::sites::find as find_site,
    wire::{CapacityRequest, DraftRequest, Page, Price, PriceRequest, Removal, Sale, SaleVersion},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};
use hansa_ontology::{
    Money, Offer, OfferId,
    money::Micros,
    offer::{Capacity, PricePlan, PricingModel},
    place::Area,
    sla::{Metric, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::{
    ErrorKind,
    catalogue::sale::{self, SaleOutcome, SaleState},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "sales";

/// Which offers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct SaleQuery {
    /// Only `draft`, `published` or `withdrawn`.
    #[param(pattern = "^(draft|published|withdrawn)$")]
    state: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// List the offers that were drafted here, in the order of their IRIs.
#[utoipa::path(tag = "offers", params(SaleQuery), responses((status = 200, body = Page<Sale>)))]
#[get("/offers")]
pub(crate) async fn sale_list(broker: web::Data<Broker>, query: Query<SaleQuery>) -> Reply {
    let query = query.0;
    let size = page_size(query.limit)?;
    let after = query.page_token.as_ref().map(|token| page_token::open(LIST, token)).transpose()?;
    let state = query.state.as_deref().map(state).transpose()?;
    let found = broker.catalogue.sale_list(state, after, size + 1).await?;
    let (found, next) = page_token::cut(LIST, size, found, |last| last.offer.id.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Sale::from).collect(), next }))
}

pub(crate) fn state(text: &str) -> Result<SaleState, ApiError> {
    let refuse = || ApiError::new(ProblemKind::Malformed, "state: give draft, published or withdrawn");
    let known = [SaleState::Draft, SaleState::Published, SaleState::Withdrawn];
    known.into_iter().find(|state| state.name() == text).ok_or_else(refuse)
}

/// Show an offer with its state.
#[utoipa::path(
    tag = "offers",
    params(("reference" = String, Path, description = "IRI (percent-encoded) or its last segment")),
    responses((status = 200, body = Sale))
)]
#[get("/offers/{reference}")]
pub(crate) async fn sale_show(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    let found = Sale::from(find(&broker, &reference).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// Show what an offer was, is and will be, the newest version first.
#[utoipa::path(
    tag = "offers",
    params(("reference" = String, Path, description = "IRI (percent-encoded) or its last segment")),
    responses((status = 200, body = Page<SaleVersion>))
)]
#[get("/offers/{reference}/history")]
pub(crate) async fn sale_history(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    let id = find(&broker, &reference).await?.offer.id;
    let history = broker.catalogue.sale_history(&id).await?;
    Ok(HttpResponse::Ok().json(Page::whole(history.into_iter().map(SaleVersion::from).collect())))
}

/// Draft an offer: of a flavour at a site (JSON), or as one resource of RDF.
///
/// It is checked against the shapes; nobody else sees it before it is published.
#[utoipa::path(
    tag = "offers",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body(content((DraftRequest = "application/json"), (String = "text/turtle"))),
    responses((status = 200, body = Sale))
)]
#[post("/offers")]
pub(crate) async fn sale_draft(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let (offer, from_nodes) = drafted(&broker, &call).await?;
        answer(broker.catalogue.sale_save(offer, from_nodes, true, sale_change(&broker, &call)).await?)
    })
    .await
}

/// Change a draft.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body(content((DraftRequest = "application/json"), (String = "text/turtle"))),
    responses((status = 200, body = Sale))
)]
#[put("/offers/{reference}")]
pub(crate) async fn sale_change_draft(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let known = find(&broker, &reference).await?;
        let (mut offer, from_nodes) = drafted(&broker, &call).await?;
        offer.id = known.offer.id;
        answer(broker.catalogue.sale_save(offer, from_nodes, false, sale_change(&broker, &call)).await?)
    })
    .await
}

/// Publish an offer: planner, portal and partners see it from now on.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Sale))
)]
#[post("/offers/{reference}/publish")]
pub(crate) async fn sale_publish(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let id = find(&broker, &reference).await?.offer.id;
        answer(broker.catalogue.sale_publish(&id, sale_change(&broker, &call)).await?)
    })
    .await
}

/// Give an offer another price, now or from a time on. What is rented keeps its price.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = PriceRequest,
    responses((status = 200, body = Sale))
)]
#[post("/offers/{reference}/prices")]
pub(crate) async fn sale_price(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let id = find(&broker, &reference).await?.offer.id;
        let wanted: PriceRequest = call.json()?;
        let price = priced(&broker, &wanted)?;
        answer(broker.catalogue.sale_price(&id, price, wanted.valid_from, sale_change(&broker, &call)).await?)
    })
    .await
}

/// Say how many units of an offer there are: a number, or what the site's nodes give.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = CapacityRequest,
    responses((status = 200, body = Sale))
)]
#[put("/offers/{reference}/capacity")]
pub(crate) async fn sale_capacity(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let known = find(&broker, &reference).await?;
        let wanted: CapacityRequest = call.json()?;
        let units = units(&broker, &known.offer, wanted.units).await?;
        let change = sale_change(&broker, &call);
        answer(broker.catalogue.sale_units(&known.offer.id, units, wanted.units.is_none(), change).await?)
    })
    .await
}

/// Remove a draft that was never published.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/offers/{reference}")]
pub(crate) async fn sale_remove(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let id = find(&broker, &reference).await?.offer.id;
        broker.catalogue.sale_discard(&id, sale_change(&broker, &call)).await?;
        serialise(&Removal { removed: format!("offer/{id}"), dry_run: call.dry_run })
    })
    .await
}

/// The price of a request, whose time must not have passed.
pub(crate) fn priced(broker: &Broker, wanted: &PriceRequest) -> Result<Money, ApiError> {
    if wanted.valid_from.is_some_and(|from| from < broker.clock.now()) {
        return Err(ApiError::field("/validFrom", "this time has passed; leave it out for now"));
    }
    money("/pricePerHour", &wanted.price_per_hour)
}

fn answer(outcome: SaleOutcome) -> Result<String, ApiError> {
    serialise(&Sale::from(done(outcome)?))
}

/// The offer as it is now; what its shape refuses is told with the fields.
pub(crate) fn done(outcome: SaleOutcome) -> Result<sale::Sale, ApiError> {
    match outcome {
        SaleOutcome::Done(sale) => Ok(*sale),
        SaleOutcome::Refused(refused) => Err(catalogue::faults(refused.into_iter().map(Into::into).collect())),
    }
}

/// The offer of an IRI, or the only one with that last segment.
pub(crate) async fn find(broker: &Broker, reference: &str) -> Result<sale::Sale, ApiError> {
    let missing =
        || ApiError::new(ProblemKind::NotFound, format!("there is no offer `{reference}` that was drafted here"));
    if let Ok(id) = OfferId::new(reference)
        && let Ok(found) = broker.catalogue.sale(&id).await
    {
        return Ok(found);
    }
    let all = broker.catalogue.sale_list(None, None, usize::MAX).await?;
    let mut named = all.into_iter().filter(|sale| sale.offer.id.short() == reference);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(missing()),
        _ => Err(ApiError::new(ProblemKind::Conflict, format!("several offers are called `{reference}`; give an IRI"))),
    }
}

/// The offer that the body describes, and whether its units follow from the nodes.
async fn drafted(broker: &Broker, call: &Call) -> Result<(Offer, bool), ApiError> {
    if call.media_type().is_some_and(|given| given != "application/json") {
        let format = catalogue::format(call)?;
        return match sale::offer_of(call.bytes().to_vec(), format).await? {
            Ok(offer) => Ok((offer, false)),
            Err(refused) => Err(catalogue::faults(refused.into_iter().map(Into::into).collect())),
        };
    }
    let wanted: DraftRequest = call.json()?;
    let from_nodes = wanted.units.is_none();
    Ok((of_flavour(broker, wanted).await?, from_nodes))
}

/// The offer that a draft of a flavour at a site describes.
pub(crate) async fn of_flavour(broker: &Broker, wanted: DraftRequest) -> Result<Offer, ApiError> {
    limits::reference("/site", &wanted.site)?;
    limits::words("/capabilities", &wanted.capabilities)?;
    let named = broker.catalogue.flavour(&wanted.flavour).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            ApiError::field("/flavour", "there is no such flavour; `hansa flavour list` shows those there are")
        }
        _ => error.into(),
    })?;
    let site = find_site(broker, &wanted.site).await.map_err(|error| ApiError::field("/site", error.to_string()))?;
    let title = wanted.title.clone().unwrap_or_else(|| format!("{} at {}", named.flavour.name, site.name));
    limits::text("/title", &title, 1, 200)?;
    let iri = wanted.id.clone().unwrap_or_else(|| format!("{}:{}", site.id, named.flavour.name));
    let area = |text: &String| Area::new(text).map_err(|error| ApiError::field("/serviceArea", error.to_string()));
    let model = wanted.pricing_model.as_deref().map(|text| word("/pricingModel", text)).transpose()?;
    let mut offer = Offer {
        id: OfferId::new(iri).map_err(|error| ApiError::field("/id", error.to_string()))?,
        title,
        provider: site.provider.clone(),
        site: site.id.clone(),
        kind: named.kind,
        flavour: named.flavour,
        capacity: Capacity { available_units: 0, as_of: broker.clock.now() },
        price_plan: PricePlan {
            model: model.unwrap_or(PricingModel::OnDemand),
            price_per_hour: money("/pricePerHour", &wanted.price_per_hour)?,
        },
        sla: sla(&wanted)?,
        energy: None,
        claims: Vec::new(),
        service_area: wanted.service_area.iter().map(area).collect::<Result<_, _>>()?,
        capabilities: wanted.capabilities,
        valid_from: wanted.valid_from,
        valid_through: wanted.valid_through,
    };
    offer.capacity.available_units = units(broker, &offer, wanted.units).await?;
    Ok(offer)
}

/// The number that is asked for, or what the site's nodes give.
pub(crate) async fn units(broker: &Broker, offer: &Offer, asked: Option<u32>) -> Result<u32, ApiError> {
    match asked {
        Some(units @ 0..=1_000_000) => Ok(units),
        Some(units) => Err(ApiError::field("/units", format!("at most 1000000; it is {units}"))),
        None => Ok(broker.orchestrator.mco().units_in_all(offer).await?),
    }
}

fn sla(wanted: &DraftRequest) -> Result<Option<Sla>, ApiError> {
    if let Some(value) = &wanted.sla {
        let read = serde_json::from_value(value.clone());
        return read.map(Some).map_err(|error| ApiError::field("/sla", error.to_string()));
    }
    availability(wanted.availability_percent.as_deref())
}

/// An agreement that promises this availability, in percent, and nothing else.
pub(super) fn availability(percent: Option<&str>) -> Result<Option<Sla>, ApiError> {
    let Some(percent) = percent else { return Ok(None) };
    let target = decimal("/availabilityPercent", percent)?;
    if target <= 0.into() || target > 100.into() {
        return Err(ApiError::field("/availabilityPercent", "give a percentage above 0 and up to 100, such as 99.9"));
    }
    let objective = ServiceLevelObjective {
        metric: Metric::Availability,
        target,
        window: Window::Month,
        percentile: None,
        remedies: Vec::new(),
    };
    Ok(Some(Sla { objectives: vec![objective], credit_cap_percent: None }))
}

fn money(field: &str, price: &Price) -> Result<Money, ApiError> {
    let refuse = |text: String| ApiError::field(field, text);
    let micros: Micros = price.amount.parse().map_err(|error| refuse(format!("amount: {error}")))?;
    let currency = price.currency.parse().map_err(|error| refuse(format!("currency: {error}")))?;
    if micros.0 < 0 {
        return Err(refuse("amount: a price is not negative".to_owned()));
    }
    Ok(Money::new(micros.0, currency))
}
