//! What somebody without a project can do about it, as far as they may.

use super::Visit;
use crate::{
    http::problem::{ApiError, Reply},
    portal::{
        Place as At,
        pages::no_project::{self, NextSteps},
    },
};
use hansa_iam::{Action, Place, Resource, Role};
use hansa_ontology::ProjectId;

/// Organisations, projects and people that are named at most.
const MOST: usize = 20;

/// Shows it.
pub(super) async fn show(visit: Visit) -> Reply {
    let steps = steps(&visit).await?;
    visit.show(At::Applications, |frame| no_project::page(frame, &steps))
}

async fn steps(visit: &Visit) -> Result<NextSteps, ApiError> {
    let (broker, principal) = (&visit.broker, &visit.caller.principal);
    let make = broker.iam.organisations(principal, Action::ProjectWrite);
    let mut organisations = broker.iam.organisation_list(make, None, MOST).await?;
    // What partners ordered is nobody's to make projects for.
    organisations.retain(|one| one.id != ProjectId::orders().organisation());
    let handle = match principal.account {
        Some(account) => Some(broker.iam.account_get(account).await?.handle),
        None => None,
    };
    Ok(NextSteps {
        organisations,
        make_organisation: visit.caller.may(broker, Action::OrganisationWrite, &Resource::Broker),
        handle,
        administrators: administrators(visit).await?,
    })
}

/// Who administers the projects that the visitor sees, where they may see members.
async fn administrators(visit: &Visit) -> Result<Vec<(String, String)>, ApiError> {
    let broker = &visit.broker;
    let scope = visit.caller.scope(broker, Action::MemberRead).await?;
    let mut found = Vec::new();
    for project in broker.iam.project_list(scope, None, None, MOST).await? {
        let place = project.id.to_string();
        for member in broker.iam.member_list(Place::Project(project.id), None, MOST).await? {
            if member.roles.contains(&Role::UseCaseAdministrator) {
                found.push((member.name, place.clone()));
            }
        }
    }
    found.truncate(MOST);
    Ok(found)
}
