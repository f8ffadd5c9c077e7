//! The portal over HTTP: parse, call the same services as the API does, render.
//!
//! A handler takes a [`Visit`] (who looks, in which language) and answers with
//! `visit.show(&page)`. A handler of a form takes a [`Form`], whose token
//! against forgery has been checked, and answers with [`see_other`] (so that
//! reloading repeats nothing), or with the page again and what is wrong in it.
//! Errors are the API's; the layer around all handlers makes pages of them
//! ([`error_page`]).

mod assets;
mod cookie;
mod csrf;
mod flash;
mod form;
mod overview;
mod preferences;
mod problem;
mod visit;

pub(crate) use cookie::Cookies;
pub(crate) use flash::{Flash, see_other};
pub(crate) use form::Form;
pub(crate) use problem::{error_page, is_portal};
pub(crate) use visit::{Asked, Visit};

use actix_web::{guard, web};

/// Every page, form and file of the portal.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/").name("portal").route(page().to(overview::show)))
        .service(web::resource("/preferences").route(web::post().to(preferences::set)))
        .service(web::resource("/assets/{file}").route(page().to(assets::show)));
}

/// A route of what is only looked at: GET, and HEAD as RFC 9110 asks.
pub(crate) fn page() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
