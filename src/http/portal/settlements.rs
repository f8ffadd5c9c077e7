//! Statements with partners, claims and payments.

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::{
        admin::federation::{manager, names},
        problem::Reply,
    },
    portal::{
        Place,
        pages::{
            contracts,
            offers::encoded,
            settlements::{self, Asked, Settlements},
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};
use chrono::NaiveDate;
use hansa_federation_manager::{FederationError, FederationManager};
use hansa_ontology::Currency;

/// Lists all.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, None).await
}

async fn listed(visit: Visit, status: StatusCode, refused: Option<Asked>) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Settlements, |frame| contracts::alone(frame, "nav-settlements"));
    };
    let all = Settlements {
        names: names(manager).await?,
        deadline: manager.dispute_deadline(),
        statements: manager.settlement_list().await?,
        claims: manager.claim_list().await?,
        payments: manager.settlement_payments((NaiveDate::MIN, NaiveDate::MAX), |_| true).await?,
        refused,
    };
    visit.show_as(status, Place::Settlements, |frame| settlements::page(frame, &all))
}

/// Shows a statement.
pub(crate) async fn show(visit: Visit, id: Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let manager = manager(&broker)?;
    let (found, names) = (manager.settlement_show(&id).await?, names(manager).await?);
    let bundle = manager.settlement_bundle(&found).await?;
    let bundle = bundle.and_then(|bundle| serde_json::to_string_pretty(&bundle).ok());
    visit.show(Place::Settlements, |frame| settlements::statement(frame, &found, &names, bundle))
}

/// Asks for a statement of some days.
pub(crate) async fn make(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let manager = manager(&broker)?;
    let [partner, from, through, currency] =
        ["partner", "from", "through", "currency"].map(|name| form.get(name).to_owned());
    match made(manager, [&partner, &from, &through, &currency]).await {
        Ok(id) => {
            let address = format!("/settlements/{}", encoded(&id));
            Ok(see_other(&form.visit.asked, &address, Some(Flash::done("done-settlement-asked", ""))))
        }
        Err(FederationError::Invalid { field, message, .. }) => {
            let error = (field.to_string(), message);
            let refused = Asked { partner, from, through, currency, error };
            listed(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn made(
    manager: &FederationManager,
    [partner, from, through, currency]: [&str; 4],
) -> Result<String, FederationError> {
    let day = |field: &'static str, text: &str| {
        let wrong = || FederationError::invalid(field, format!("`{text}` is no day; write one such as 2026-11-01"));
        text.parse::<NaiveDate>().ok().ok_or_else(wrong)
    };
    let period = (day("from", from)?, day("through", through)?);
    let currency = currency
        .to_uppercase()
        .parse::<Currency>()
        .map_err(|error| FederationError::invalid("currency", error.to_string()))?;
    let partner = manager.partner_get(partner).await?.did;
    Ok(manager.settlement_make(&partner, period, currency).await?.id)
}

/// Accepts a partner's claim that was disputed.
pub(crate) async fn claim_accept(form: Form, id: Path<String>) -> Reply {
    manager(&form.visit.broker)?.claim_accept(&id, form.caller().actor()).await?;
    Ok(see_other(&form.visit.asked, "/settlements", Some(Flash::done("done-claim-accepted", ""))))
}

/// Takes a claim of ours back.
pub(crate) async fn claim_withdraw(form: Form, id: Path<String>) -> Reply {
    manager(&form.visit.broker)?.claim_withdraw(&id, String::new(), form.caller().actor()).await?;
    Ok(see_other(&form.visit.asked, "/settlements", Some(Flash::done("done-claim-withdrawn", ""))))
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/settlements").route(super::page().to(list)).route(web::post().to(make)))
        .service(web::resource("/settlements/{settlement}").route(super::page().to(show)))
        .service(web::resource("/settlements/claims/{claim}/accept").route(web::post().to(claim_accept)))
        .service(web::resource("/settlements/claims/{claim}/withdraw").route(web::post().to(claim_withdraw)));
}
