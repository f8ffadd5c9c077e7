//! The owner's offers: the list by state, and drafting one.

use super::{Done, Form, Visit, change, entered, given, instant, number, once, price, words};
use crate::{
    http::{
        Broker,
        admin::offers as admin,
        page_token,
        portal::{page as looked_at, parameter},
        problem::{ApiError, Reply},
        wire::DraftRequest,
    },
    portal::{
        Place,
        pages::{
            names::Names,
            owners::{
                Entered,
                draft::{self, Choices, FIELDS},
                sales::{self as page, Cut, LIST},
            },
        },
    },
};
use actix_web::{HttpRequest, http::StatusCode, web};

/// The list's name in page tokens.
const TOKENS: &str = "portal-sales";
/// Offers of a page.
const SIZE: usize = 50;

/// Lists offers by their IRIs, all or those of a state.
pub(crate) async fn list(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let state = parameter(&request, "state");
    let only = state.as_deref().map(admin::state).transpose()?;
    let after = parameter(&request, "page").map(|token| page_token::open(TOKENS, &token)).transpose()?;
    let first = after.is_none();
    let found = broker.catalogue.sale_list(only, after, SIZE + 1).await?;
    let (found, next) = page_token::cut(TOKENS, SIZE, found, |last| last.offer.id.to_string());
    let names = Names::of(&*broker.catalogue.snapshot().await?);
    let cut = Cut { found, state, first, next };
    visit.show(Place::Infrastructure, |frame| page::list(frame, &cut, &names))
}

/// Shows an empty draft.
pub(crate) async fn new(visit: Visit, request: HttpRequest) -> Reply {
    let flavour = parameter(&request, "flavour").unwrap_or_default();
    drafting(visit, StatusCode::OK, Entered::of([("flavour", flavour)])).await
}

async fn drafting(visit: Visit, status: StatusCode, said: Entered) -> Reply {
    let choices = choices(&visit.broker).await?;
    visit.show_as(status, Place::Infrastructure, |frame| draft::new(frame, &choices, &said))
}

/// What a draft can be made of: flavours, and this provider's own sites.
pub(super) async fn choices(broker: &Broker) -> Result<Choices, ApiError> {
    let snapshot = broker.catalogue.snapshot().await?;
    let partners = match &broker.federation {
        Some(manager) => manager.provider_standings().await?,
        None => std::collections::BTreeMap::new(),
    };
    let own = snapshot.catalogue.sites.iter().filter(|site| !partners.contains_key(&site.provider));
    Ok(Choices {
        flavours: broker.catalogue.flavour_list().await?,
        sites: own.map(|site| (site.id.to_string(), site.name.clone())).collect(),
        currency: broker.settings.currency,
    })
}

/// What was entered, as the API has it.
pub(super) fn wanted(form: &Form) -> Result<DraftRequest, ApiError> {
    Ok(DraftRequest {
        id: given(form, "id"),
        title: given(form, "title"),
        flavour: form.get("flavour").to_owned(),
        site: form.get("site").to_owned(),
        price_per_hour: price(form, &form.visit.broker),
        pricing_model: given(form, "pricingModel"),
        units: number(form, "units")?,
        availability_percent: given(form, "availabilityPercent"),
        sla: None,
        capabilities: words(form, "capabilities"),
        service_area: words(form, "serviceArea"),
        valid_from: instant(form.get("validFrom"), "validFrom")?,
        valid_through: instant(form.get("validThrough"), "validThrough")?,
    })
}

/// Drafts an offer.
pub(crate) async fn draft(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let drafted = once(&form, async {
        let wanted = wanted(&form)?;
        let from_nodes = wanted.units.is_none();
        let offer = admin::of_flavour(&broker, wanted).await?;
        let sale = admin::done(broker.catalogue.sale_save(offer, from_nodes, true, change(&form)).await?)?;
        Ok(Done(page::address(&sale), "done-offer-drafted", sale.offer.title))
    });
    match drafted.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            drafting(form.visit, status, said).await
        }
    }
}

/// The routes of these pages. Words before offers: `new` is none.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(LIST).route(looked_at().to(list)).route(web::post().to(draft)))
        .service(web::resource(format!("{LIST}/new")).route(looked_at().to(new)));
}
