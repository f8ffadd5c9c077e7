//! The portal over HTTP: parse, call the same services as the API does, render.
//!
//! A handler takes a [`Visit`] (who looks, in which language) and answers with
//! `visit.show(&page)`. A handler of a form takes a [`Form`], whose token
//! against forgery has been checked, and answers with [`see_other`] (so that
//! reloading repeats nothing), or with the page again and what is wrong in it.
//! Errors are the API's; the layer around all handlers makes pages of them
//! ([`error_page`]).

mod account;
mod alerts;
#[cfg(test)]
mod alerts_tests;
mod applications;
mod assets;
mod audit;
mod carbon;
mod compare;
mod contracts;
mod cookie;
mod costs;
mod csrf;
mod faults;
mod flash;
mod form;
mod infrastructure;
mod live;
mod models;
mod moves;
#[cfg(test)]
mod moves_tests;
mod no_project;
mod offers;
mod overview;
mod owners;
#[cfg(test)]
mod owners_tests;
#[cfg(test)]
mod pages_tests;
mod partners;
mod preferences;
mod problem;
mod projects;
mod promises;
mod revisions;
mod settlements;
mod sign_in;
mod sites;
mod tenant;
#[cfg(test)]
mod tests;
mod visit;

pub(crate) use cookie::Cookies;
pub(crate) use flash::{Flash, see_other};
pub(crate) use form::Form;
pub(crate) use problem::{error_page, is_portal};
pub(crate) use visit::{Asked, Visit};

use actix_web::{HttpRequest, guard, web};
use url::form_urlencoded;

/// Every page, form and file of the portal.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/").name("portal").route(page().to(overview::show)))
        .service(
            web::resource("/applications").route(page().to(applications::list)).route(web::post().to(models::submit)),
        )
        .service(
            web::resource("/applications/new")
                .route(page().to(models::new_show))
                .route(web::post().to(models::new_plan)),
        )
        .service(web::resource("/applications/{reference}").route(page().to(applications::show)))
        .service(web::resource("/applications/{reference}/live").route(web::get().to(applications::live)))
        .service(
            web::resource("/applications/{reference}/update")
                .route(page().to(models::update_show))
                .route(web::post().to(models::update)),
        )
        .service(web::resource("/applications/{reference}/scale").route(web::post().to(models::scale)))
        .service(web::resource("/applications/{reference}/rollback").route(web::post().to(revisions::rollback)))
        .service(
            web::resource("/applications/{reference}/move")
                .route(page().to(moves::show))
                .route(web::post().to(moves::begin)),
        )
        .service(
            web::resource("/applications/{reference}/consolidate")
                .route(page().to(moves::consolidation))
                .route(web::post().to(moves::consolidate)),
        )
        .service(
            web::resource("/applications/{reference}/promote")
                .route(page().to(moves::promotion))
                .route(web::post().to(moves::promote)),
        )
        .service(
            web::resource("/applications/{reference}/remove")
                .route(page().to(models::remove_show))
                .route(web::post().to(models::remove)),
        )
        .service(web::resource("/login").route(page().to(sign_in::show)))
        .service(web::resource("/preferences").route(web::post().to(preferences::set)))
        .service(web::resource("/assets/{file}").route(page().to(assets::show)))
        .configure(market);
}

/// What is sold and where.
fn market(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/offers").route(page().to(offers::list)))
        .service(web::resource("/offers/compare").route(page().to(offers::compare)))
        .service(web::resource("/offers/{offer}").route(page().to(offers::show)))
        .service(web::resource("/offers/{offer}/withdraw").route(web::post().to(offers::withdraw)))
        .service(web::resource("/sites").route(page().to(sites::map)))
        .service(web::resource("/sites/{site}").route(page().to(sites::show)))
        .configure(infrastructure::routes)
        .configure(owners::routes)
        .configure(account::routes)
        .configure(projects::routes)
        .configure(audit::routes)
        .configure(costs::routes)
        .configure(faults::routes)
        .configure(alerts::routes)
        .configure(partners::routes)
        .configure(contracts::routes)
        .configure(settlements::routes);
}

/// A parameter of the address that is not empty.
fn parameter(request: &HttpRequest, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(name, value)| name == wanted && !value.trim().is_empty()).map(|(_, value)| value.trim().to_owned())
}

/// A route of what is only looked at: GET, and HEAD as RFC 9110 asks.
pub(crate) fn page() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
