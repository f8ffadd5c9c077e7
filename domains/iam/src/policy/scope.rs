//! What a list is cut down to: the same policies, asked about each place where
//! somebody has a role.

use super::{any_project, ask};
use crate::{
    Iam, IamError,
    model::{Action, Decision, GrantScope, Principal, Resource},
    store,
};
use hansa_ontology::{OrganisationId, ProjectId, ProjectScope};
use std::collections::BTreeSet;

/// Whose partners are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerScope {
    /// Every partner.
    All,
    /// Of these only, by their DIDs.
    Only(BTreeSet<String>),
}

impl PartnerScope {
    /// Whether what belongs to this partner is within it.
    #[must_use]
    pub fn covers(&self, did: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(dids) => dids.contains(did),
        }
    }
}

impl Iam {
    /// The projects in which somebody may do something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn scope(&self, principal: &Principal, action: Action) -> Result<ProjectScope, IamError> {
        let may = |project: &ProjectId| ask(principal, action, &Resource::Project(project.clone())).0;
        if may(&any_project()) {
            return Ok(ProjectScope::All);
        }
        let limited = principal.limits.as_ref().and_then(|limits| limits.projects.as_ref());
        let mut candidates: BTreeSet<ProjectId> = limited.cloned().unwrap_or_default();
        let mut organisations: BTreeSet<OrganisationId> = BTreeSet::new();
        for grant in &principal.grants {
            match &grant.over {
                GrantScope::Project(project) => {
                    candidates.insert(project.clone());
                }
                GrantScope::Organisation(organisation) => {
                    organisations.insert(organisation.clone());
                }
                GrantScope::Broker | GrantScope::Partner(_) => {}
            }
        }
        if !organisations.is_empty() {
            candidates.extend(
                self.inner
                    .database
                    .read(move |connection| store::project::names_of(connection, &organisations))
                    .await?,
            );
        }
        Ok(ProjectScope::Only(candidates.into_iter().filter(may).collect()))
    }

    /// The organisations to which somebody may do something; none: all.
    #[must_use]
    pub fn organisations(&self, principal: &Principal, action: Action) -> Option<BTreeSet<OrganisationId>> {
        let may = |id: &OrganisationId| ask(principal, action, &Resource::Organisation(id.clone())).0;
        if may(&any_project().organisation()) {
            return None;
        }
        let named = principal.grants.iter().filter_map(|grant| match &grant.over {
            GrantScope::Organisation(id) => Some(id.clone()),
            _ => None,
        });
        Some(named.filter(may).collect())
    }

    /// The partners to which somebody may do something.
    #[must_use]
    pub fn partners(&self, principal: &Principal, action: Action) -> PartnerScope {
        if ask(principal, action, &Resource::Broker).0 {
            return PartnerScope::All;
        }
        let dids = principal.grants.iter().filter_map(|grant| match &grant.over {
            GrantScope::Partner(did) => Some(did.clone()),
            _ => None,
        });
        PartnerScope::Only(dids.filter(|did| ask(principal, action, &Resource::Partner(did.clone())).0).collect())
    }

    /// Whether somebody may do something anywhere: what decides over a list,
    /// which is then cut down to what they may see.
    #[must_use]
    pub fn anywhere(&self, principal: &Principal, action: Action) -> Decision {
        let mut places = vec![Resource::Broker, Resource::Project(any_project())];
        places.extend(
            principal.limits.iter().flat_map(|limits| limits.projects.iter().flatten().cloned()).map(Resource::Project),
        );
        places.extend(principal.grants.iter().flat_map(|grant| inside(&grant.over)));
        places.extend(principal.account.map(Resource::Account));
        let mut policies = BTreeSet::new();
        for place in places {
            let (allowed, deciding) = ask(principal, action, &place);
            if allowed {
                return Decision { action, allowed, visible: true, policies: deciding };
            }
            policies.extend(deciding);
        }
        Decision { action, allowed: false, visible: true, policies: policies.into_iter().collect() }
    }
}

/// Places that a grant reaches: the thing itself, and what may lie in it.
fn inside(over: &GrantScope) -> Vec<Resource> {
    match over {
        GrantScope::Broker => Vec::new(),
        GrantScope::Organisation(id) => {
            vec![Resource::Organisation(id.clone()), Resource::Project(ProjectId::any_of(id))]
        }
        GrantScope::Project(id) => vec![Resource::Project(id.clone())],
        GrantScope::Partner(did) => vec![Resource::Partner(did.clone())],
    }
}
