//! Who calls, as a handler sees it.

use crate::http::{
    Broker,
    problem::{ApiError, ProblemKind},
};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use hansa_iam::{Action, PartnerScope, Principal, Resource};
use hansa_ontology::{AccountId, Actor, ApplicationId, OrganisationId, ProjectId, ProjectScope};
use std::future::{Ready, ready};

/// Who calls, and about what: put into the request by the layer around the
/// handlers, which has asked whether the route's action is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// What the path names, where the route's table says so.
    pub resource: Option<Resource>,
}

impl Caller {
    /// Who sent this request. None: it was let through without asking.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Who it is in events.
    pub(crate) fn actor(&self) -> Actor {
        self.principal.actor.clone()
    }

    /// The application that the path names.
    pub(crate) fn application(&self) -> Result<ApplicationId, ApiError> {
        match &self.resource {
            Some(Resource::Application { id, .. }) => Ok(*id),
            other => Err(unnamed("an application", other.as_ref())),
        }
    }

    /// The project that the path or the query names; of an application its project.
    pub(crate) fn project(&self) -> Result<&ProjectId, ApiError> {
        match &self.resource {
            Some(Resource::Project(project) | Resource::Application { project, .. }) => Ok(project),
            other => Err(unnamed("a project", other.as_ref())),
        }
    }

    /// The organisation that the path names.
    pub(crate) fn organisation(&self) -> Result<&OrganisationId, ApiError> {
        match &self.resource {
            Some(Resource::Organisation(organisation)) => Ok(organisation),
            other => Err(unnamed("an organisation", other.as_ref())),
        }
    }

    /// The DID of the partner that the path names.
    #[expect(dead_code, reason = "handlers of partners find theirs by the path as well")]
    pub(crate) fn partner(&self) -> Result<&str, ApiError> {
        match &self.resource {
            Some(Resource::Partner(did)) => Ok(did),
            other => Err(unnamed("a partner", other.as_ref())),
        }
    }

    /// The caller's own account.
    pub(crate) fn account(&self) -> Result<AccountId, ApiError> {
        self.principal.account.ok_or_else(|| {
            ApiError::new(ProblemKind::NotFound, "there is no account here; this broker has no login configured")
        })
    }

    /// The projects in which the caller may do this: what lists are cut down to.
    pub(crate) async fn scope(&self, broker: &Broker, action: Action) -> Result<ProjectScope, ApiError> {
        Ok(broker.iam.scope(&self.principal, action).await?)
    }

    /// The partners to which the caller may do this.
    pub(crate) fn partners(&self, broker: &Broker, action: Action) -> PartnerScope {
        broker.iam.partners(&self.principal, action)
    }

    /// Whether the caller may do something else besides: which buttons a page has.
    pub(crate) fn may(&self, broker: &Broker, action: Action, resource: &Resource) -> bool {
        broker.iam.decide(&self.principal, action, resource).allowed
    }
}

/// A handler asks for what its line in the table doesn't name.
fn unnamed(what: &str, given: Option<&Resource>) -> ApiError {
    ApiError::default().for_operator(format!("the table of routes names {given:?} where the handler wants {what}"))
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| ApiError::default().for_operator("the route lets in whoever comes")))
    }
}
