//! What a request is about: found within what the caller may see, so that
//! what is somebody else's and what doesn't exist are one and the same answer.

use super::table::Object;
use crate::http::{
    Broker,
    problem::{ApiError, ProblemKind},
    query::parameter,
};
use hansa_iam::{Action, Principal, Resource, Via};
use hansa_ontology::{ApplicationId, OperationId, OrganisationId, ProjectId, ProjectScope};
use hansa_repository::{RepositoryError, operation};

/// What the path and the query of a request name.
pub(super) struct Named<'a> {
    pub(super) pattern: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

/// What was found: the thing that is decided on. None: a list, cut down later.
pub(super) async fn find(
    broker: &Broker,
    principal: &Principal,
    action: Action,
    object: Object,
    named: &Named<'_>,
) -> Result<Option<Resource>, ApiError> {
    Ok(Some(match object {
        Object::Broker => Resource::Broker,
        Object::Seen => return Ok(None),
        Object::Chosen => Resource::Project(chosen(broker, principal, action, named.query).await?),
        Object::Application(name) => application(broker, principal, action, &named.part(name)).await?,
        Object::Operation(name) => operation(broker, principal, &named.part(name)).await?,
        Object::Organisation(name) => organisation(broker, principal, &named.part(name)).await?,
        Object::Project(organisation, name) => {
            let reference = format!("{}/{}", named.part(organisation), named.part(name));
            let missing = || missing("project", &reference);
            let id = ProjectId::new(&reference).ok().ok_or_else(missing)?;
            project(broker, principal, id).await?.ok_or_else(missing)?
        }
        Object::Partner(name) => partner(broker, principal, &named.part(name)).await?,
        Object::Own => match principal.account {
            Some(account) => Resource::Account(account),
            None => Resource::Broker,
        },
    }))
}

impl Named<'_> {
    /// The part of the path that the pattern gives this name, decoded.
    fn part(&self, name: &str) -> String {
        let parts = self.pattern.split('/').zip(self.path.split('/'));
        let found = parts
            .into_iter()
            .find(|(part, _)| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name));
        found.map(|(_, given)| decoded(given)).unwrap_or_default()
    }
}

/// Percent-decoded, as handlers get it.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn missing(what: &str, reference: &str) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("there is no {what} `{reference}`"))
}

/// The project of `?project=`, or the only one in which the caller may do it.
async fn chosen(broker: &Broker, principal: &Principal, action: Action, query: &str) -> Result<ProjectId, ApiError> {
    if let Some(text) = parameter(query, "project") {
        let id = ProjectId::new(&text).map_err(|error| ApiError::field("project", error.to_string()))?;
        return match project(broker, principal, id).await? {
            Some(Resource::Project(id)) => Ok(id),
            _ => Err(missing("project", &text)),
        };
    }
    if principal.via == Via::Loopback {
        return Ok(ProjectId::local());
    }
    match broker.iam.scope(principal, action).await? {
        ProjectScope::Only(projects) => {
            let mut several = projects.into_iter();
            match (several.next(), several.next()) {
                (Some(only), None) => Ok(only),
                // Decided on next, and refused with what is missing.
                (None, _) => Ok(ProjectId::any()),
                (Some(one), Some(other)) => Err(ApiError::field(
                    "project",
                    format!("there are several of yours; name one, such as ?project={one} or ?project={other}"),
                )),
            }
        }
        ProjectScope::All => Err(ApiError::field("project", "say whose it is to be: ?project=organisation/project")),
    }
}

/// The project, where the caller may see it and it is there.
async fn project(broker: &Broker, principal: &Principal, id: ProjectId) -> Result<Option<Resource>, ApiError> {
    let resource = Resource::Project(id.clone());
    // Asked in either case, so that time doesn't tell what the answer doesn't.
    let known = broker.iam.project_get(&id).await;
    if !broker.iam.decide(principal, Action::ProjectRead, &resource).visible {
        return Ok(None);
    }
    match known {
        Ok(_) => Ok(Some(resource)),
        Err(error) if error.kind() == hansa_iam::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn organisation(broker: &Broker, principal: &Principal, reference: &str) -> Result<Resource, ApiError> {
    let missing = || missing("organisation", reference);
    let id = OrganisationId::new(reference).ok().ok_or_else(missing)?;
    let resource = Resource::Organisation(id.clone());
    let known = broker.iam.organisation_get(&id).await;
    if !broker.iam.decide(principal, Action::ProjectRead, &resource).visible {
        return Err(missing());
    }
    match known {
        Ok(_) => Ok(resource),
        Err(error) if error.kind() == hansa_iam::ErrorKind::NotFound => Err(missing()),
        Err(error) => Err(error.into()),
    }
}

/// The application, among those that the caller may see or do this to.
async fn application(
    broker: &Broker,
    principal: &Principal,
    action: Action,
    reference: &str,
) -> Result<Resource, ApiError> {
    if let Some(own) = principal.application {
        return own_application(broker, own, reference).await;
    }
    let seen = broker.iam.scope(principal, Action::ApplicationRead).await?;
    let scope = match (seen, action) {
        (ProjectScope::All, _) => ProjectScope::All,
        (seen, Action::ApplicationRead) => seen,
        (ProjectScope::Only(mut seen), action) => match broker.iam.scope(principal, action).await? {
            ProjectScope::All => ProjectScope::All,
            ProjectScope::Only(more) => {
                seen.extend(more);
                ProjectScope::Only(seen)
            }
        },
    };
    let found = broker.orchestrator.find(&scope, reference).await?;
    Ok(Resource::Application { id: found.id, project: found.project })
}

/// To a workload there is no application but its own.
async fn own_application(broker: &Broker, own: ApplicationId, reference: &str) -> Result<Resource, ApiError> {
    let application = broker.orchestrator.application(own).await?;
    if reference != own.to_string() && reference != application.name {
        return Err(missing("application", reference));
    }
    Ok(Resource::Application { id: own, project: application.project })
}

async fn operation(broker: &Broker, principal: &Principal, reference: &str) -> Result<Resource, ApiError> {
    let missing = || missing("operation", reference);
    let id: OperationId = reference.parse().ok().ok_or_else(missing)?;
    let scope = broker.iam.scope(principal, Action::ApplicationRead).await?;
    let found = broker.database.read(move |connection| operation::get(connection, id)).await;
    let project = match found {
        Ok(operation) => operation.project,
        Err(RepositoryError::NotFound(_)) => return Err(missing()),
        Err(error) => return Err(error.into()),
    };
    match (scope, project) {
        (scope, Some(project)) if scope.covers(&project) => Ok(Resource::Project(project)),
        // What belongs to no project is seen by those who see all.
        (ProjectScope::All, None) => Ok(Resource::Project(ProjectId::any())),
        _ => Err(missing()),
    }
}

async fn partner(broker: &Broker, principal: &Principal, reference: &str) -> Result<Resource, ApiError> {
    let missing = || missing("partner", reference);
    let scope = broker.iam.partners(principal, Action::PartnerRead);
    let Some(manager) = &broker.federation else {
        // The handler tells why there is none to those who may know.
        return if scope == hansa_iam::PartnerScope::All { Ok(Resource::Broker) } else { Err(missing()) };
    };
    let mut partners = manager.partner_list().await?;
    partners.retain(|partner| scope.covers(&partner.did) && (partner.did == reference || partner.name == reference));
    // Of several with one name the handler says so; all of them are the caller's to see.
    let found = partners.iter().find(|partner| partner.did == reference).or(partners.first());
    found.map(|partner| Resource::Partner(partner.did.clone())).ok_or_else(missing)
}

/// How a thing is called in the audit trail, and whose it is.
pub(super) fn subject(resource: Option<&Resource>) -> (String, Option<ProjectId>) {
    match resource {
        None | Some(Resource::Broker) => ("broker".to_owned(), None),
        Some(Resource::Organisation(id)) => (format!("organisation/{id}"), None),
        Some(Resource::Project(id)) => (format!("project/{id}"), Some(id.clone())),
        Some(Resource::Application { id, project }) => (format!("application/{id}"), Some(project.clone())),
        Some(Resource::Account(id)) => (format!("account/{id}"), None),
        Some(Resource::Partner(did)) => (format!("partner/{did}"), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_path_is_what_the_handler_gets() {
        let named = Named { pattern: "/a/{b}/c/{d}", path: "/a/x%2Fy/c/%zz%41", query: "" };
        assert_eq!((named.part("b").as_str(), named.part("d").as_str(), named.part("e").as_str()), ("x/y", "%zzA", ""));
    }
}
