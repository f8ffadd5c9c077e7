//! The list of applications, and one of them.

use super::{
    Visit,
    live::{self, Sight, looked_at},
    tenant,
};
use crate::{
    http::{problem::Reply, query::Query},
    portal::{
        Place,
        pages::{
            application::{ApplicationPage, RevisionSeen},
            applications::{ApplicationsPage, Wanted},
        },
    },
};
use hansa_iam::Action;
use serde::Deserialize;

/// Revisions that are listed.
const REVISIONS: usize = 50;

/// What the address may ask for. Unknown words are left alone: an address is shared by people.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    project: String,
    #[serde(default)]
    order: String,
    #[serde(default)]
    page: String,
}

/// Shows the list.
pub(crate) async fn list(visit: Visit, query: Query<ListQuery>) -> Reply {
    let query = query.0;
    let wanted = Wanted {
        name: query.name,
        phase: query.phase,
        project: query.project,
        order: query.order,
        page: query.page.parse().unwrap_or(1).clamp(1, 1_000_000),
    };
    let all = tenant::outlines(&visit).await?;
    visit.show(Place::Applications, |frame| ApplicationsPage::new(frame, &wanted, all))
}

/// Shows an application.
pub(crate) async fn show(visit: Visit) -> Reply {
    let application = tenant::find(&visit).await?;
    let seen = looked_at(&visit.broker, application.id, sight(&visit)).await?;
    let revisions: Vec<RevisionSeen> = visit
        .broker
        .orchestrator
        .revisions(application.id, REVISIONS, None)
        .await?
        .into_iter()
        .map(|one| RevisionSeen {
            number: one.number,
            actor: one.actor.to_string(),
            at: one.created_at,
            ran: one.ran_at.is_some(),
            restores: one.restores,
            changed: one.changes.into_iter().map(|change| change.pointer).collect(),
        })
        .collect();
    let project = tenant::project(&application);
    visit.show(Place::Applications, |frame| ApplicationPage::new(frame, &seen, project, &revisions))
}

/// Follows an application.
pub(crate) async fn live(visit: Visit) -> Reply {
    let application = tenant::find(&visit).await?;
    Ok({
        let sight = sight(&visit);
        live::follow(visit, application.id, sight)
    })
}

/// What of the application the visitor may.
fn sight(visit: &Visit) -> Sight {
    let resource = visit.caller.resource.as_ref();
    let may = |action| resource.is_some_and(|application| visit.caller.may(&visit.broker, action, application));
    Sight { logs: may(Action::ApplicationLogs), change: may(Action::ApplicationUpdate) }
}
