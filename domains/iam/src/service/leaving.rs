//! What has to be looked at when somebody stops administering a place: that
//! somebody else still does, and that nothing they made lets them in again.

use crate::{
    Action, IamError, LeftService, Member, Place, Principal, Role,
    policy::over_all,
    store::{account, member, token},
};
use chrono::{DateTime, Utc};
use hansa_repository::Connection;
use std::collections::BTreeSet;

/// Whether a member administered a place and with these roles doesn't any more.
pub(super) fn stops(known: &Member, roles: &BTreeSet<Role>) -> bool {
    let administers = |roles: &BTreeSet<Role>| roles.contains(&Role::UseCaseAdministrator);
    administers(&known.roles) && !administers(roles)
}

/// That an organisation keeps somebody who can give roles there.
///
/// Only memberships count: what claims give ends with them, and nobody here
/// would notice. Whoever may appoint members everywhere may leave it without.
pub(super) fn expect_another(connection: &mut Connection, leaving: &Member, by: &Principal) -> Result<(), IamError> {
    let Place::Organisation(id) = &leaving.place else { return Ok(()) };
    if over_all(by, Action::MemberWrite) || member::other_administrator(connection, &leaving.place, leaving.account)? {
        return Ok(());
    }
    let role = Role::UseCaseAdministrator.name();
    Err(IamError::Conflict(format!(
        "{} is the last member who is {role} of {id}; make another one first (hansa member set {id} HANDLE {role}), \
         or ask a cloud-edge administrator",
        leaving.handle
    )))
}

/// The service accounts of a place that somebody made or has tokens of.
pub(super) fn left(connection: &mut Connection, leaving: &Member) -> Result<Vec<LeftService>, IamError> {
    let mut found = Vec::new();
    for service in account::services_within(connection, &leaving.place)? {
        let made = service.created_by.as_ref() == Some(&leaving.handle);
        let revoked = token::token_count_made_by(connection, service.id, &leaving.handle)?;
        if made || revoked > 0 {
            found.push(LeftService { handle: service.handle, made, revoked });
        }
    }
    Ok(found)
}

/// Revokes what somebody has tokens of, and tells of it as [`left`] does.
pub(super) fn cut(
    connection: &mut Connection,
    leaving: &Member,
    now: DateTime<Utc>,
) -> Result<Vec<LeftService>, IamError> {
    let found = left(connection, leaving)?;
    for service in account::services_within(connection, &leaving.place)? {
        token::token_revoke_made_by(connection, service.id, &leaving.handle, now)?;
    }
    Ok(found)
}
