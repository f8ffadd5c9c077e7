//! What was promised of rented machines, and how it is kept.

use super::{Visit, tenant};
use crate::{
    http::{problem::Reply, routes::usage::names},
    portal::{
        Place,
        pages::promises::{self, Promises},
    },
};
use actix_web::HttpRequest;
use hansa_assurance::service::{BreachQuery, PageRequest, StandingQuery};
use hansa_iam::Action;
use hansa_ontology::ProjectScope;

/// Rows that are shown at most.
const ROWS: usize = 100;

/// Shows a project's, the newest first.
pub(crate) async fn show(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let (projects, project) = tenant::project_seen(&visit, &request, Action::ApplicationRead).await?;
    let missed = super::parameter(&request, "show").as_deref() == Some("missed");
    let scope = ProjectScope::Only([project.clone()].into());
    let page = PageRequest { limit: ROWS, token: None };
    let query = StandingQuery { scope: scope.clone(), missed, ..StandingQuery::default() };
    let standings = broker.assurance.standing_list(&query, &page).await?.items;
    let breaches = broker.assurance.breach_list(&BreachQuery { scope, application: None }, &page).await?.items;
    let ids: Vec<String> = standings
        .iter()
        .filter_map(|one| one.application)
        .chain(breaches.iter().filter_map(|one| one.application))
        .map(|id| id.to_string())
        .collect();
    let names = names(&broker, ids.iter()).await?;
    let promises = Promises { projects, project: project.to_string(), missed, names, standings, breaches };
    visit.show(Place::Promises, |frame| promises::page(frame, &promises))
}
