//! Members: who has which roles in an organisation or a project.

use crate::{Grant, GrantScope, IamError, Role};
use chrono::{DateTime, Utc};
use hansa_ontology::{AccountId, OrganisationId, ProjectId};
use std::{collections::BTreeSet, fmt};

/// Where somebody is a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In an organisation, and so in all its projects.
    Organisation(OrganisationId),
    /// In a project.
    Project(ProjectId),
}

impl Place {
    /// The organisation that it is or lies in.
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        match self {
            Self::Organisation(id) => id.clone(),
            Self::Project(id) => id.organisation(),
        }
    }

    /// As the scope of a grant.
    #[must_use]
    pub fn scope(&self) -> GrantScope {
        match self {
            Self::Organisation(id) => GrantScope::Organisation(id.clone()),
            Self::Project(id) => GrantScope::Project(id.clone()),
        }
    }
}

/// As the subject of an event, and as it is stored.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(id) => write!(f, "organisation/{id}"),
            Self::Project(id) => write!(f, "project/{id}"),
        }
    }
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = |error: hansa_ontology::id::InvalidId| error.to_string();
        match text.split_once('/') {
            Some(("organisation", name)) => OrganisationId::new(name).map(Self::Organisation).map_err(id),
            Some(("project", name)) => ProjectId::new(name).map(Self::Project).map_err(id),
            _ => Err(format!("`{text}` is neither an organisation nor a project")),
        }
    }
}

/// Somebody who has roles somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where.
    pub place: Place,
    /// Whose account.
    pub account: AccountId,
    /// Its handle.
    pub handle: String,
    /// How people call it.
    pub name: String,
    /// The roles there, at least one.
    pub roles: BTreeSet<Role>,
    /// When it became a member.
    pub created_at: DateTime<Utc>,
    /// When its roles last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change, from 1.
    pub version: i64,
}

/// What becomes of a member's removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Who it was, without roles.
    pub member: Member,
    /// The service accounts there that they made or have seen tokens of.
    pub services: Vec<LeftService>,
}

/// A service account that somebody leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftService {
    /// Its handle.
    pub handle: String,
    /// Whether they made it; otherwise only tokens of it.
    pub made: bool,
    /// How many tokens that they made are revoked with this.
    pub revoked: usize,
}

impl Member {
    /// What this gives.
    #[must_use]
    pub fn grants(place: &Place, roles: &BTreeSet<Role>) -> Vec<Grant> {
        roles.iter().map(|role| Grant { role: *role, over: place.scope() }).collect()
    }
}

/// The roles that members of organisations and projects can have.
pub const ROLES: [Role; 4] = [Role::UseCaseAdministrator, Role::UseCaseUser, Role::Auditor, Role::Billing];

/// That these are roles for a member.
pub(crate) fn expect_roles(roles: &BTreeSet<Role>) -> Result<(), IamError> {
    let known = ROLES.map(Role::name).join(", ");
    if roles.is_empty() {
        return Err(IamError::invalid(
            "/roles",
            format!("is empty; give at least one of {known}, or remove the member"),
        ));
    }
    match roles.iter().find(|role| !ROLES.contains(role)) {
        None => Ok(()),
        Some(role) => Err(IamError::invalid(
            "/roles",
            format!("{} is a role over the broker, which issuers' claims give; members can have {known}", role.name()),
        )),
    }
}
