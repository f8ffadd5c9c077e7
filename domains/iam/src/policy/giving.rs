//! Giving roles. What a role permits and what the giver may do is asked of the
//! policies, so that no list here has to be kept in step with them.

use super::{any_project, ask, ask_giving};
use crate::{
    IamError,
    model::{Action, Grant, GrantScope, Principal, Resource, Role, Via},
};
use hansa_ontology::{Actor, ApplicationId, ProjectId};
use uuid::Uuid;

/// A role that somebody would give.
pub(super) struct Giving {
    pub(super) role: Role,
    /// To their own account.
    pub(super) own: bool,
    /// To a person.
    pub(super) person: bool,
    /// What the role permits there and the giver may not do.
    pub(super) beyond: Option<Action>,
}

/// Who would get a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// The giver's own account.
    Oneself,
    /// Somebody else.
    Person,
    /// A service account, whose tokens whoever makes them can use.
    Service,
}

/// That somebody may give this role there, by an action that gives roles.
///
/// # Errors
/// When a policy forbids it; the text says what is missing and who can do it.
pub(crate) fn expect_may_give(
    by: &Principal,
    action: Action,
    grant: &Grant,
    receiver: Receiver,
) -> Result<(), IamError> {
    let giving = Giving {
        role: grant.role,
        own: receiver == Receiver::Oneself,
        person: receiver != Receiver::Service,
        beyond: beyond(by, grant),
    };
    let place = resource(&grant.over);
    if ask_giving(by, action, &place, Some(&giving)).0 {
        return Ok(());
    }
    let (role, place) = (grant.role.name(), named(&grant.over));
    let reason = match (giving.own, giving.beyond) {
        (true, _) => {
            format!("{role} in {place} would be given to one's own account; ask somebody else who has {action} there")
        }
        (false, Some(more)) => format!(
            "{role} in {place} permits {more}, which you may not do there yourself; ask somebody who has it to do this"
        ),
        (false, None) => {
            format!("the permission {action} in {place} is missing; ask whoever runs {place} for a role that has it")
        }
    };
    Err(IamError::Forbidden { reason })
}

/// What a role permits over its place and somebody may not do there.
fn beyond(by: &Principal, grant: &Grant) -> Option<Action> {
    let holder = Principal {
        actor: Actor::Broker,
        account: None,
        name: String::new(),
        grants: vec![grant.clone()],
        limits: None,
        via: Via::Loopback,
        application: None,
    };
    let things = reached(&grant.over);
    let more = |action: Action| {
        let exceeds = |thing: &Resource| ask(&holder, action, thing).0 && !ask(by, action, thing).0;
        things.iter().any(exceeds)
    };
    Action::ALL.iter().copied().find(|action| more(*action))
}

fn resource(over: &GrantScope) -> Resource {
    match over {
        GrantScope::Broker => Resource::Broker,
        GrantScope::Organisation(id) => Resource::Organisation(id.clone()),
        GrantScope::Project(id) => Resource::Project(id.clone()),
        GrantScope::Partner(did) => Resource::Partner(did.clone()),
    }
}

/// A place, as people read it.
fn named(over: &GrantScope) -> String {
    match over {
        GrantScope::Broker => "the broker".to_owned(),
        GrantScope::Organisation(id) => id.to_string(),
        GrantScope::Project(id) => id.to_string(),
        GrantScope::Partner(did) => did.clone(),
    }
}

/// One of each kind of thing that a role over a place may be about.
fn reached(over: &GrantScope) -> Vec<Resource> {
    let of = |project: ProjectId| {
        let application = Resource::Application { id: ApplicationId(Uuid::nil()), project: project.clone() };
        [Resource::Project(project), application]
    };
    let mut things = vec![resource(over)];
    match over {
        GrantScope::Broker => things.extend(of(any_project())),
        GrantScope::Organisation(id) => things.extend(of(ProjectId::any_of(id))),
        GrantScope::Project(id) => things.extend(of(id.clone())),
        GrantScope::Partner(_) => {}
    }
    things
}
