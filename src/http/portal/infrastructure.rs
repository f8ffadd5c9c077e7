//! This provider's own infrastructure: what there is, and taking in offers.

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::{
        admin::catalogue::refusal,
        problem::{ApiError, ProblemKind, Reply},
        wire::ImportReport,
    },
    portal::{
        Place,
        pages::{
            infrastructure::{self, Infrastructure},
            partners::Refused,
        },
    },
};
use actix_web::{http::StatusCode, web};
use hansa_ontology::{ProviderId, SiteId, rdf::RdfFormat};
use hansa_repository::catalogue::ImportRequest;
use std::collections::{BTreeMap, BTreeSet};

/// Shows what there is.
pub(crate) async fn show(visit: Visit) -> Reply {
    shown(visit, StatusCode::OK, None, Vec::new()).await
}

async fn shown(visit: Visit, status: StatusCode, refused: Option<Refused>, faults: Vec<String>) -> Reply {
    let broker = visit.broker.clone();
    let partners: BTreeSet<ProviderId> = match &broker.federation {
        Some(manager) => manager.provider_standings().await?.into_keys().collect(),
        None => BTreeSet::new(),
    };
    let snapshot = broker.catalogue.snapshot().await?;
    let catalogue = &snapshot.catalogue;
    let mut offers: BTreeMap<SiteId, usize> = BTreeMap::new();
    for offer in catalogue.offers.iter().filter(|offer| !partners.contains(&offer.provider)) {
        *offers.entry(offer.site.clone()).or_default() += 1;
    }
    let own = Infrastructure {
        sites: catalogue.sites.iter().filter(|site| !partners.contains(&site.provider)).collect(),
        nodes: broker.pim.node_list(None).await?,
        offers,
    };
    visit.show_as(status, Place::Infrastructure, |frame| infrastructure::page(frame, &own, refused.as_ref(), &faults))
}

/// Takes in a document of offers, all of it or nothing.
pub(crate) async fn import(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let document = form.raw("document");
    let request =
        ImportRequest::new(document.as_bytes().to_vec(), RdfFormat::Turtle, form.caller().actor(), broker.clock.now());
    let error = match broker.catalogue.import(request).await {
        Ok(report) if report.refused.is_empty() => {
            let count = report.changes.len().to_string();
            return Ok(see_other(
                &form.visit.asked,
                "/infrastructure",
                Some(Flash::done("done-offers-imported", &count)),
            ));
        }
        Ok(report) => refusal(ImportReport::from(report)),
        Err(error) => ApiError::from(error),
    };
    if !matches!(error.kind(), ProblemKind::Invalid | ProblemKind::Malformed | ProblemKind::TooLarge) {
        return Err(error);
    }
    let faults = error.faults().iter().map(|fault| match (fault.line, fault.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: {}", fault.detail),
        _ => fault.detail.clone(),
    });
    let faults: Vec<String> = faults.collect();
    let refused = Refused { field: "document", value: document.to_owned(), error: error.to_string() };
    shown(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused), faults).await
}

/// The routes of this page.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/infrastructure").route(super::page().to(show)))
        .service(web::resource("/infrastructure/import").route(web::post().to(import)));
}
