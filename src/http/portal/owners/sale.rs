//! One of the owner's offers: changing its draft, publishing, price, units,
//! withdrawing, throwing a draft away.

use super::{
    Done, Form, Visit, change, entered, instant, number, once, price,
    sales::{choices, wanted},
};
use crate::{
    http::{
        admin::offers as admin,
        portal::page as looked_at,
        problem::{ApiError, Reply},
        wire::PriceRequest,
    },
    portal::{
        Place,
        pages::{
            names::Names,
            owners::{
                Entered,
                draft::{self, FIELDS},
                sale as page,
                sales::{LIST, address},
            },
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};
use hansa_repository::catalogue::sale::Sale;

/// Shows one.
pub(crate) async fn show(visit: Visit, reference: Path<String>) -> Reply {
    shown(visit, StatusCode::OK, &reference, Entered::default()).await
}

async fn shown(visit: Visit, status: StatusCode, reference: &str, said: Entered) -> Reply {
    let broker = visit.broker.clone();
    let sale = admin::find(&broker, reference).await?;
    let history = broker.catalogue.sale_history(&sale.offer.id).await?;
    let names = Names::of(&*broker.catalogue.snapshot().await?);
    visit.show_as(status, Place::Infrastructure, |frame| page::page(frame, &sale, &history, &names, &said))
}

/// Does something with an offer, once; what is refused is told on its page.
async fn act(
    form: Form,
    reference: &str,
    fields: &[&str],
    told: &'static str,
    work: impl AsyncFnOnce(&Form, Sale) -> Result<Sale, ApiError>,
) -> Reply {
    let broker = form.visit.broker.clone();
    let done = once(&form, async {
        let known = admin::find(&broker, reference).await?;
        let sale = work(&form, known).await?;
        Ok(Done(address(&sale), told, sale.offer.title))
    });
    match done.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, fields, error)?;
            shown(form.visit, status, reference, said).await
        }
    }
}

/// Publishes it.
pub(crate) async fn publish(form: Form, reference: Path<String>) -> Reply {
    act(form, &reference, &[], "done-offer-published", async |form, known| {
        let catalogue = &form.visit.broker.catalogue;
        admin::done(catalogue.sale_publish(&known.offer.id, change(form)).await?)
    })
    .await
}

/// Withdraws it: it is not rented any more; what runs on it goes on.
pub(crate) async fn withdraw(form: Form, reference: Path<String>) -> Reply {
    act(form, &reference, &[], "done-offer-withdrawn", async |form, known| {
        Ok(form.visit.broker.catalogue.sale_withdraw(&known.offer.id, change(form)).await?)
    })
    .await
}

/// Gives it another price, now or from a time on.
pub(crate) async fn reprice(form: Form, reference: Path<String>) -> Reply {
    act(form, &reference, &["pricePerHour", "validFrom"], "done-offer-priced", async |form, known| {
        let broker = &form.visit.broker;
        let valid_from = instant(form.get("validFrom"), "validFrom")?;
        let wanted = PriceRequest { price_per_hour: price(form, broker), valid_from };
        let price = admin::priced(broker, &wanted)?;
        admin::done(broker.catalogue.sale_price(&known.offer.id, price, valid_from, change(form)).await?)
    })
    .await
}

/// Says how many units there are: a number, or what the site's nodes give.
pub(crate) async fn capacity(form: Form, reference: Path<String>) -> Reply {
    act(form, &reference, &["units"], "done-offer-units", async |form, known| {
        let (broker, asked) = (&form.visit.broker, number(form, "units")?);
        let units = admin::units(broker, &known.offer, asked).await?;
        let change = change(form);
        admin::done(broker.catalogue.sale_units(&known.offer.id, units, asked.is_none(), change).await?)
    })
    .await
}

/// Throws away a draft that was never published.
pub(crate) async fn discard(form: Form, reference: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    once(&form, async {
        let known = admin::find(&broker, &reference).await?;
        broker.catalogue.sale_discard(&known.offer.id, change(&form)).await?;
        Ok(Done(LIST.to_owned(), "done-offer-discarded", known.offer.title))
    })
    .await
}

/// Shows a draft to be changed.
pub(crate) async fn edit_show(visit: Visit, reference: Path<String>) -> Reply {
    let sale = admin::find(&visit.broker, &reference).await?;
    let said = draft::of(&sale);
    editing(visit, StatusCode::OK, &sale, said).await
}

async fn editing(visit: Visit, status: StatusCode, sale: &Sale, said: Entered) -> Reply {
    let choices = choices(&visit.broker).await?;
    visit.show_as(status, Place::Infrastructure, |frame| draft::edit(frame, sale, &choices, &said))
}

/// Changes a draft. What the form doesn't ask for stays as it is.
pub(crate) async fn edit(form: Form, reference: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let known = admin::find(&broker, &reference).await?;
    let changed = once(&form, async {
        let mut wanted = wanted(&form)?;
        if !draft::is_plain(known.offer.sla.as_ref()) {
            wanted.sla = serde_json::to_value(&known.offer.sla).ok();
        }
        let from_nodes = wanted.units.is_none();
        let mut offer = admin::of_flavour(&broker, wanted).await?;
        offer.id = known.offer.id.clone();
        offer.claims.clone_from(&known.offer.claims);
        offer.energy.clone_from(&known.offer.energy);
        let sale = admin::done(broker.catalogue.sale_save(offer, from_nodes, false, change(&form)).await?)?;
        Ok(Done(address(&sale), "done-offer-changed", sale.offer.title))
    });
    match changed.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            editing(form.visit, status, &known, said).await
        }
    }
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let at = |rest: &str| web::resource(format!("{LIST}/{{offer}}{rest}"));
    config
        .service(at("").route(looked_at().to(show)))
        .service(at("/edit").route(looked_at().to(edit_show)).route(web::post().to(edit)))
        .service(at("/publish").route(web::post().to(publish)))
        .service(at("/withdraw").route(web::post().to(withdraw)))
        .service(at("/price").route(web::post().to(reprice)))
        .service(at("/units").route(web::post().to(capacity)))
        .service(at("/discard").route(web::post().to(discard)));
}
