//! Who asks, with what rights, and what was decided.

use super::Action;
use hansa_ontology::{AccountId, Actor, ApplicationId, OrganisationId, ProjectId, WorkloadId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// ICRA's roles, and three more. What each may do is said by the policies alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Owns machines: sites, nodes, flavours, offers, prices, maintenance.
    InfrastructureAdministrator,
    /// Runs the broker: partners, organisations, quotas, accounts.
    CloudEdgeAdministrator,
    /// Runs an organisation or a project: its members, service accounts, applications.
    UseCaseAdministrator,
    /// Works in a project: its applications.
    UseCaseUser,
    /// Sees everything within the scope, the audit trail included; changes nothing.
    Auditor,
    /// Sees what was used and what it costs.
    Billing,
    /// A partner's operator: sees what concerns that partner.
    Partner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::InfrastructureAdministrator,
        Self::CloudEdgeAdministrator,
        Self::UseCaseAdministrator,
        Self::UseCaseUser,
        Self::Auditor,
        Self::Billing,
        Self::Partner,
    ];

    /// Its stable name: `use-case-user`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InfrastructureAdministrator => "infrastructure-administrator",
            Self::CloudEdgeAdministrator => "cloud-edge-administrator",
            Self::UseCaseAdministrator => "use-case-administrator",
            Self::UseCaseUser => "use-case-user",
            Self::Auditor => "auditor",
            Self::Billing => "billing",
            Self::Partner => "partner",
        }
    }
}

/// What a role is given over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum GrantScope {
    /// The whole broker.
    Broker,
    /// An organisation with all its projects.
    Organisation(OrganisationId),
    /// One project.
    Project(ProjectId),
    /// One partner, by its DID.
    Partner(String),
}

impl GrantScope {
    /// The organisation that it is or lies in.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationId> {
        match self {
            Self::Organisation(id) => Some(id.clone()),
            Self::Project(id) => Some(id.organisation()),
            Self::Broker | Self::Partner(_) => None,
        }
    }
}

/// A role over something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Over what.
    pub over: GrantScope,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Via {
    /// By being on this machine, at a broker without login.
    Loopback,
    /// By a session of the portal; its public id.
    Session(String),
    /// By a bearer token of an issuer.
    Bearer(String),
    /// By a personal access token or the token of a service account; its public id.
    Token(String),
    /// By the token that an instance of an application was given; the instance's id.
    Workload(String),
    /// By a partner's signature.
    Signature,
}

/// What a token is limited to, whatever its owner may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenLimits {
    /// Only these actions. None: all of its owner's.
    pub actions: Option<BTreeSet<Action>>,
    /// Only in these projects. None: all of its owner's.
    pub projects: Option<BTreeSet<ProjectId>>,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// Who that is in events and in the audit trail.
    pub actor: Actor,
    /// Their account, where they have one.
    pub account: Option<AccountId>,
    /// Of a workload: the application that it is an instance of. Nothing else gives it rights.
    pub application: Option<ApplicationId>,
    /// How people call them.
    pub name: String,
    /// Their roles.
    pub grants: Vec<Grant>,
    /// What the token they came with is limited to.
    pub limits: Option<TokenLimits>,
    /// How they proved it.
    pub via: Via,
}

impl Principal {
    /// Whoever reaches a broker without login on this machine: may everything that an administrator may.
    #[must_use]
    pub fn local() -> Self {
        let grants = Role::ALL
            .into_iter()
            .filter(|role| *role != Role::Partner)
            .map(|role| Grant { role, over: GrantScope::Broker })
            .collect();
        Self {
            actor: Actor::Local,
            account: None,
            application: None,
            name: "local".to_owned(),
            grants,
            limits: None,
            via: Via::Loopback,
        }
    }

    /// An instance of an application: finds its peers, and may nothing else.
    #[must_use]
    pub fn workload(id: WorkloadId, application: ApplicationId) -> Self {
        Self {
            actor: Actor::Workload(id.to_string()),
            account: None,
            application: Some(application),
            name: id.to_string(),
            grants: Vec::new(),
            limits: None,
            via: Via::Workload(id.to_string()),
        }
    }
}

/// What something is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The broker as a whole: catalogue, nodes, partners, settings.
    Broker,
    /// An organisation.
    Organisation(OrganisationId),
    /// A project.
    Project(ProjectId),
    /// An application of a project.
    Application {
        /// Its id.
        id: ApplicationId,
        /// Whose it is.
        project: ProjectId,
    },
    /// An account.
    Account(AccountId),
    /// A partner, by its DID.
    Partner(String),
}

/// What was decided, and by which policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was asked for.
    pub action: Action,
    /// Whether it may be done.
    pub allowed: bool,
    /// Whether the asker may know that the thing exists. False: the answer is 404.
    pub visible: bool,
    /// The policies that decided, by their ids; none where no policy permits it.
    pub policies: Vec<String>,
}
