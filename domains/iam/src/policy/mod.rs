//! What people may do: policies in Cedar, and the questions to them.
//!
//! The policies are the `.cedar` files beside this one, in the words of
//! `hansa.cedarschema`. They are compiled once. Nothing else in the program
//! says what a role may do; lists are cut down by asking the same policies.

mod facts;
mod giving;
mod rules;
mod scope;
#[cfg(test)]
mod tests;

pub(crate) use giving::{Receiver, expect_may_give};
pub use rules::{Rule, rules};
pub use scope::PartnerScope;

use crate::{
    Iam,
    model::{Action, Decision, Principal, Resource},
};
use cedar_policy::{Authorizer, Decision as Answer, Request, Response};
use giving::Giving;
use hansa_ontology::ProjectId;
use rules::Rules;

/// The actions on such a thing by which somebody gets to know that it exists.
/// Only those that the schema has for it: a permission over other things says nothing.
const fn seeing(resource: &Resource) -> &'static [Action] {
    match resource {
        Resource::Broker => &[],
        Resource::Organisation(_) => &[Action::ProjectRead, Action::UsageRead, Action::AuditRead],
        Resource::Project(_) => &[Action::ProjectRead, Action::ApplicationRead, Action::UsageRead, Action::AuditRead],
        Resource::Application { .. } => &[Action::ApplicationRead, Action::UsageRead],
        Resource::Account(_) => &[Action::AccountRead, Action::AccountSelf],
        Resource::Partner(_) => &[Action::PartnerRead, Action::AgreementRead],
    }
}

/// Decides whether somebody may do something to something.
///
/// Whoever may not do it but may see the thing is told so; to all others it
/// doesn't exist.
#[must_use]
pub fn decide(principal: &Principal, action: Action, resource: &Resource) -> Decision {
    let (allowed, policies) = ask(principal, action, resource);
    let visible = allowed
        || matches!(resource, Resource::Broker)
        || seeing(resource).iter().any(|&seeing| seeing != action && ask(principal, seeing, resource).0);
    Decision { action, allowed, visible, policies }
}

/// Whether it may be done, and by which policies: those that forbid it, or
/// those that permit it.
fn ask(principal: &Principal, action: Action, resource: &Resource) -> (bool, Vec<String>) {
    ask_giving(principal, action, resource, None)
}

/// As [`ask`], where a role is given with it.
fn ask_giving(
    principal: &Principal,
    action: Action,
    resource: &Resource,
    gives: Option<&Giving>,
) -> (bool, Vec<String>) {
    let Some(rules) = Rules::get() else {
        // Policies that can't be read permit nothing; a test reads them.
        return (false, Vec::new());
    };
    let Some(response) = answer(rules, principal, action, resource, gives) else {
        return (false, Vec::new());
    };
    let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    policies.sort();
    for error in response.diagnostics().errors() {
        tracing::error!(%error, "a policy can't be evaluated; it decides nothing");
    }
    (response.decision() == Answer::Allow, policies)
}

fn answer(
    rules: &Rules,
    principal: &Principal,
    action: Action,
    resource: &Resource,
    gives: Option<&Giving>,
) -> Option<Response> {
    let facts = facts::of(principal, action, resource, gives)?;
    let request = Request::new(facts.principal, facts.action, facts.resource, facts.context, None).ok()?;
    Some(Authorizer::new().is_authorized(&request, &rules.policies, &facts.entities))
}

impl Iam {
    /// Decides whether somebody may do something to something.
    #[must_use]
    pub fn decide(&self, principal: &Principal, action: Action, resource: &Resource) -> Decision {
        decide(principal, action, resource)
    }
}

/// Whether somebody may do something in every project there is.
pub(crate) fn over_all(principal: &Principal, action: Action) -> bool {
    ask(principal, action, &Resource::Project(any_project())).0
}

/// A project that nobody has: what may be done to it may be done to all.
fn any_project() -> ProjectId {
    ProjectId::any()
}
