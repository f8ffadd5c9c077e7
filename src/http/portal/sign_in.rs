//! The page on which one chooses with whom to sign in. What follows is in [`crate::http::login`].

use super::{
    Asked,
    visit::{encoded, local_path},
};
use crate::{
    http::{Broker, problem::Reply, query::Query},
    portal::{
        Place,
        pages::sign_in::{Issuer, SignInPage},
    },
};
use actix_web::{HttpRequest, http::StatusCode, web};
use serde::Deserialize;

/// Where to go on afterwards.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SignInQuery {
    #[serde(default, rename = "return")]
    return_to: String,
}

/// Shows with whom one can sign in.
pub(crate) async fn show(broker: web::Data<Broker>, request: HttpRequest, query: Query<SignInQuery>) -> Reply {
    let asked = Asked::of(&request);
    let back = encoded(local_path(&query.0.return_to).unwrap_or("/"));
    let issuers = broker.iam.issuer_list().into_iter().map(|issuer| Issuer {
        href: format!("/login/{}?return={back}", encoded(&issuer.id)),
        name: issuer.name,
        host: issuer.url,
    });
    let issuers = issuers.collect();
    asked.render(&broker, StatusCode::OK, None, Place::None, |frame| SignInPage::new(frame, issuers))
}
