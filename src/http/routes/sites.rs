//! Sites and providers.

use crate::http::{
    Broker,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    wire::{Page, Problem, Provider, Site},
};
use actix_web::{HttpResponse, get, web};
use hansa_ontology as ontology;
use serde::Deserialize;
use utoipa::IntoParams;

/// Lists that fit one page take the parameters of a page all the same.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct WholeQuery {
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<crate::http::query::Limit>,
}

/// List sites.
#[utoipa::path(tag = "catalogue", params(WholeQuery), responses((status = 200, body = Page<Site>)))]
#[get("/sites")]
pub(crate) async fn site_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let snapshot = broker.catalogue.snapshot().await?;
    Ok(HttpResponse::Ok().json(Page::whole(snapshot.catalogue.sites.iter().cloned().map(Site::from).collect())))
}

/// Show a site.
#[utoipa::path(
    tag = "catalogue",
    params(("reference" = String, Path, description = "IRI (percent-encoded) or its last segment")),
    responses((status = 200, body = Site), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/sites/{reference}")]
pub(crate) async fn site_show(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    Ok(HttpResponse::Ok().json(Site::from(find(&broker, &reference).await?)))
}

/// List providers.
#[utoipa::path(tag = "catalogue", params(WholeQuery), responses((status = 200, body = Page<Provider>)))]
#[get("/providers")]
pub(crate) async fn provider_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let snapshot = broker.catalogue.snapshot().await?;
    Ok(HttpResponse::Ok().json(Page::whole(snapshot.catalogue.providers.iter().cloned().map(Provider::from).collect())))
}

/// The site of an IRI, or the first with that last segment.
pub(crate) async fn find(broker: &Broker, reference: &str) -> Result<ontology::Site, ApiError> {
    let snapshot = broker.catalogue.snapshot().await?;
    let sites = &snapshot.catalogue.sites;
    let exact = sites.iter().find(|site| site.id.as_str() == reference);
    exact
        .or_else(|| sites.iter().find(|site| site.id.short() == reference))
        .cloned()
        .ok_or_else(|| ApiError::new(ProblemKind::NotFound, format!("there is no site `{reference}`")))
}
