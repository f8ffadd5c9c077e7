//! Members: who has which roles in an organisation or a project. What is taken
//! from somebody is taken with their next request.

use super::{Iam, organisation, organisation::expect_version, project};
use crate::{
    Action, Grant, IamError, Member, Place, Principal, Role,
    account::{Account, AccountOwner, AccountState},
    member::expect_roles,
    policy::{Receiver, expect_may_give},
    store::{self, account::StoredAccount},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{AccountId, Actor};
use hansa_repository::{
    Connection,
    event::{self, NewEvent},
};
use serde_json::json;
use std::collections::BTreeSet;

impl Iam {
    /// The members of a place, by handle. Roles that issuers' claims give are not among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn member_list(
        &self,
        place: Place,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Member>, IamError> {
        self.inner
            .database
            .read(move |connection| {
                expect_place(connection, &place)?;
                Ok(store::member::list(connection, &place, after.as_deref(), limit)?)
            })
            .await
    }

    /// A member, by the handle or the id of the account.
    ///
    /// # Errors
    /// When there is none.
    pub async fn member_get(&self, place: Place, reference: &str) -> Result<Member, IamError> {
        let reference = reference.to_owned();
        self.inner
            .database
            .read(move |connection| {
                let missing = || missing(&reference, &place);
                let account = account(connection, &reference)?.ok_or_else(missing)?.account.id;
                store::member::get(connection, &place, account)?.ok_or_else(missing)
            })
            .await
    }

    /// Makes somebody a member with these roles, or gives a member other roles.
    ///
    /// # Errors
    /// When there is no such account or place, a role is none for members, whoever
    /// asks may not give what is new, or the member has another version than
    /// `expected`; 0 expects none.
    pub async fn member_put(
        &self,
        place: Place,
        reference: &str,
        roles: BTreeSet<Role>,
        expected: Option<i64>,
        by: &Principal,
    ) -> Result<Member, IamError> {
        expect_roles(&roles)?;
        let (now, wanted) = (self.now(), Wanted::new(place, reference, roles, expected, by));
        self.inner
            .database
            .write(move |connection| {
                let (member, changed) = prepared(connection, &wanted, now)?;
                if changed {
                    store::member::put(connection, &member)?;
                    tell(connection, &member, &wanted.by.actor, "member.granted")?;
                }
                Ok(member)
            })
            .await
    }

    /// What [`Self::member_put`] would make, for a dry run.
    ///
    /// # Errors
    /// As [`Self::member_put`].
    pub async fn member_check(
        &self,
        place: Place,
        reference: &str,
        roles: BTreeSet<Role>,
        expected: Option<i64>,
        by: &Principal,
    ) -> Result<Member, IamError> {
        expect_roles(&roles)?;
        let (now, wanted) = (self.now(), Wanted::new(place, reference, roles, expected, by));
        self.inner.database.read(move |connection| Ok(prepared(connection, &wanted, now)?.0)).await
    }

    /// Takes a member's roles away.
    ///
    /// # Errors
    /// When there is no such member, or it has another version than `expected`.
    pub async fn member_remove(
        &self,
        place: Place,
        reference: &str,
        expected: Option<i64>,
        actor: Actor,
    ) -> Result<(), IamError> {
        let (now, reference) = (self.now(), reference.to_owned());
        self.inner
            .database
            .write(move |connection| {
                let missing = || missing(&reference, &place);
                let id = account(connection, &reference)?.ok_or_else(missing)?.account.id;
                let known = store::member::get(connection, &place, id)?.ok_or_else(missing)?;
                expect_version(expected, known.version)?;
                store::member::delete(connection, &place, id)?;
                let gone = Member { roles: BTreeSet::new(), updated_at: now, ..known };
                tell(connection, &gone, &actor, "member.removed")
            })
            .await
    }
}

/// A member that is to be.
struct Wanted {
    place: Place,
    reference: String,
    roles: BTreeSet<Role>,
    expected: Option<i64>,
    by: Principal,
}

impl Wanted {
    fn new(place: Place, reference: &str, roles: BTreeSet<Role>, expected: Option<i64>, by: &Principal) -> Self {
        Self { place, reference: reference.to_owned(), roles, expected, by: by.clone() }
    }

    /// That whoever asks may give what is new.
    fn expect_given(&self, to: &Account, known: Option<&Member>) -> Result<(), IamError> {
        let receiver = match to.owner {
            _ if self.by.account == Some(to.id) => Receiver::Oneself,
            AccountOwner::Person { .. } => Receiver::Person,
            AccountOwner::Service { .. } => Receiver::Service,
        };
        let had = |role: &&Role| known.is_some_and(|known| known.roles.contains(role));
        self.roles.iter().filter(|role| !had(role)).try_for_each(|role| {
            let grant = Grant { role: *role, over: self.place.scope() };
            expect_may_give(&self.by, Action::MemberWrite, &grant, receiver)
        })
    }
}

/// The member as it would be, and whether that is anything new.
fn prepared(connection: &mut Connection, wanted: &Wanted, now: DateTime<Utc>) -> Result<(Member, bool), IamError> {
    let Wanted { place, reference, roles, expected, .. } = wanted;
    expect_place(connection, place)?;
    let stored = account(connection, reference)?.filter(|known| known.account.state != AccountState::Removed);
    let Some(StoredAccount { account, .. }) = stored else {
        let message = format!("there is no account `{reference}`; it is made when its person first signs in");
        return Err(IamError::invalid("/account", message));
    };
    let known = store::member::get(connection, place, account.id)?;
    wanted.expect_given(&account, known.as_ref())?;
    expect_version(*expected, known.as_ref().map_or(0, |known| known.version))?;
    if let Some(known) = known.as_ref().filter(|known| known.roles == *roles) {
        return Ok((known.clone(), false));
    }
    let member = Member {
        account: account.id,
        handle: account.handle,
        name: account.name,
        created_at: known.as_ref().map_or(now, |known| known.created_at),
        updated_at: now,
        version: known.map_or(1, |known| known.version + 1),
        place: place.clone(),
        roles: roles.clone(),
    };
    Ok((member, true))
}

fn missing(reference: &str, place: &Place) -> IamError {
    IamError::NotFound(format!("the member `{reference}` of {place}"))
}

/// The account of a handle or an id.
fn account(connection: &mut Connection, reference: &str) -> Result<Option<StoredAccount>, IamError> {
    match reference.parse::<AccountId>() {
        Ok(id) => Ok(store::account::account_get(connection, id)?),
        Err(_) => Ok(store::account::account_by_handle(connection, reference)?),
    }
}

pub(super) fn expect_place(connection: &mut Connection, place: &Place) -> Result<(), IamError> {
    match place {
        Place::Organisation(id) => organisation::open(connection, id).map(|_| ()),
        Place::Project(id) => project::open(connection, id).map(|_| ()),
    }
}

fn tell(connection: &mut Connection, of: &Member, actor: &Actor, kind: &str) -> Result<(), IamError> {
    let roles: Vec<&str> = of.roles.iter().map(|role| role.name()).collect();
    let has = if roles.is_empty() { "no role any more".to_owned() } else { roles.join(", ") };
    event::append(
        connection,
        &NewEvent {
            at: of.updated_at,
            actor: actor.clone(),
            application: None,
            subject: of.place.to_string(),
            kind: kind.to_owned(),
            message: format!("{} has in {}: {has}", of.handle, of.place),
            data: json!({"account": of.account, "handle": of.handle, "roles": roles}),
        },
    )?;
    Ok(())
}
