//! What can be done: the permissions that policies speak of.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! actions {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// What can be done. Its name, such as `application.update`, is what a
        /// refusal tells and what a token's scope lists.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])+ $variant,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

actions! {
    /// See applications, their plans, workloads, events, operations.
    ApplicationRead = "application.read",
    /// Look up where an application's workloads are reached.
    ApplicationDiscover = "application.discover",
    /// Submit an application.
    ApplicationCreate = "application.create",
    /// Give an application another model, scale it.
    ApplicationUpdate = "application.update",
    /// Take an application away.
    ApplicationRemove = "application.remove",
    /// Read what workloads print.
    ApplicationLogs = "application.logs",
    /// Have a plan made without deploying.
    PlanCreate = "plan.create",
    /// See what was used and what it costs.
    UsageRead = "usage.read",
    /// State and withdraw budgets.
    BudgetWrite = "budget.write",
    /// See accounts, prices, rates, all invoices, and the books.
    BillingRead = "billing.read",
    /// State accounts, prices and rates, bill months, take invoices back, close the books.
    BillingWrite = "billing.write",
    /// See offers, sites and providers; query the graph.
    CatalogueRead = "catalogue.read",
    /// Import, draft, publish, price and withdraw offers.
    OfferWrite = "offer.write",
    /// Add and change providers and sites.
    SiteWrite = "site.write",
    /// See nodes and what is free on them.
    NodeRead = "node.read",
    /// Add, change and remove nodes, and their capacity.
    NodeWrite = "node.write",
    /// Write credentials of infrastructure; nobody can read them.
    CredentialWrite = "credential.write",
    /// Add and change flavours.
    FlavourWrite = "flavour.write",
    /// Connect real systems, change and disconnect them, and ask them what they have.
    SystemWrite = "system.write",
    /// Drain and resume nodes and sites.
    MaintenanceWrite = "maintenance.write",
    /// Acknowledge and resolve faults of the broker itself, and say who is told of its events.
    FaultWrite = "fault.write",
    /// See partners, their policies and what was refused of them.
    PartnerRead = "partner.read",
    /// Invite, accept, suspend and end partners, set their policies.
    PartnerWrite = "partner.write",
    /// See agreements, orders and holds with partners.
    AgreementRead = "agreement.read",
    /// Rotate this broker's keys.
    KeyRotate = "key.rotate",
    /// See organisations and projects.
    ProjectRead = "project.read",
    /// Make, change and close projects.
    ProjectWrite = "project.write",
    /// Make, change and close organisations.
    OrganisationWrite = "organisation.write",
    /// See who is a member of an organisation or project.
    MemberRead = "member.read",
    /// Add and remove members, give roles.
    MemberWrite = "member.write",
    /// See quotas and what is used of them.
    QuotaRead = "quota.read",
    /// Set quotas.
    QuotaWrite = "quota.write",
    /// Make and revoke service accounts.
    ServiceAccountWrite = "service-account.write",
    /// See one's own account and tokens, make and revoke one's own tokens.
    AccountSelf = "account.self",
    /// See every account.
    AccountRead = "account.read",
    /// Lock accounts, revoke their sessions and tokens.
    AccountWrite = "account.write",
    /// See events of the whole broker.
    EventRead = "event.read",
    /// See and export the audit trail.
    AuditRead = "audit.read",
    /// Read metrics.
    MetricsRead = "metrics.read",
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no permission; `application.read` is one")]
pub struct UnknownAction(String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL.iter().copied().find(|action| action.name() == text).ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

impl Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn a_name_names_its_action() {
        for &action in Action::ALL {
            assert_eq!(action.name().parse::<Action>().unwrap(), action);
        }
        assert!("application".parse::<Action>().is_err());
    }
}
