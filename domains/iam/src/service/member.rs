//! Members: who has which roles in an organisation or a project. What is taken
//! from somebody is taken with their next request.

use super::{Iam, leaving, organisation, organisation::expect_version, project};
use crate::{
    Action, Grant, IamError, LeftService, Member, Place, Principal, Removal, Resource, Role,
    account::{Account, AccountOwner, AccountState},
    member::expect_roles,
    policy::{Receiver, decide, expect_may_give},
    store::{self, account::StoredAccount},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{AccountId, Actor};
use hansa_repository::{
    Connection,
    event::{self, NewEvent},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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
                    let services = match store::member::get(connection, &member.place, member.account)? {
                        Some(known) if leaving::stops(&known, &member.roles) => leaving::cut(connection, &known, now)?,
                        _ => Vec::new(),
                    };
                    store::member::put(connection, &member)?;
                    tell(connection, &member, &wanted.by.actor, "member.granted", &services)?;
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
        self.inner
            .database
            .read(move |connection| {
                let (member, _) = prepared(connection, &wanted, now)?;
                // A trial tells of a stranger nothing that whoever asks didn't say.
                match receiver(connection, &wanted)? {
                    Some(account) if !known_there(connection, &account, &wanted)? => {
                        let (account, name) = (AccountId(Uuid::nil()), member.handle.clone());
                        Ok(Member { account, name, ..member })
                    }
                    _ => Ok(member),
                }
            })
            .await
    }

    /// Takes a member's roles away, and revokes the tokens of service accounts
    /// there that they made.
    ///
    /// # Errors
    /// When there is no such member, it has another version than `expected`, or
    /// the organisation would have no administrator.
    pub async fn member_remove(
        &self,
        place: Place,
        reference: &str,
        expected: Option<i64>,
        by: &Principal,
    ) -> Result<Removal, IamError> {
        let (now, reference, by) = (self.now(), reference.to_owned(), by.clone());
        self.inner
            .database
            .write(move |connection| {
                let known = removable(connection, &place, &reference, expected, &by)?;
                store::member::delete(connection, &place, known.account)?;
                let services = leaving::cut(connection, &known, now)?;
                let member = Member { roles: BTreeSet::new(), updated_at: now, ..known };
                tell(connection, &member, &by.actor, "member.removed", &services)?;
                Ok(Removal { member, services })
            })
            .await
    }

    /// What [`Self::member_remove`] would do, for a dry run.
    ///
    /// # Errors
    /// As [`Self::member_remove`].
    pub async fn member_remove_check(
        &self,
        place: Place,
        reference: &str,
        expected: Option<i64>,
        by: &Principal,
    ) -> Result<Removal, IamError> {
        let (now, reference, by) = (self.now(), reference.to_owned(), by.clone());
        self.inner
            .database
            .read(move |connection| {
                let known = removable(connection, &place, &reference, expected, &by)?;
                let services = leaving::left(connection, &known)?;
                Ok(Removal { member: Member { roles: BTreeSet::new(), updated_at: now, ..known }, services })
            })
            .await
    }
}

/// The member who may be removed.
fn removable(
    connection: &mut Connection,
    place: &Place,
    reference: &str,
    expected: Option<i64>,
    by: &Principal,
) -> Result<Member, IamError> {
    let missing = || missing(reference, place);
    let id = account(connection, reference)?.ok_or_else(missing)?.account.id;
    let known = store::member::get(connection, place, id)?.ok_or_else(missing)?;
    expect_version(expected, known.version)?;
    if leaving::stops(&known, &BTreeSet::new()) {
        leaving::expect_another(connection, &known, by)?;
    }
    Ok(known)
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
    let Some(account) = receiver(connection, wanted)? else {
        let message = format!("there is no account `{reference}`; it is made when its person first signs in");
        return Err(IamError::invalid("/account", message));
    };
    let known = store::member::get(connection, place, account.id)?;
    wanted.expect_given(&account, known.as_ref())?;
    expect_version(*expected, known.as_ref().map_or(0, |known| known.version))?;
    if let Some(known) = known.as_ref().filter(|known| known.roles == *roles) {
        return Ok((known.clone(), false));
    }
    if let Some(known) = known.as_ref().filter(|known| leaving::stops(known, roles)) {
        leaving::expect_another(connection, known, &wanted.by)?;
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

/// The account that roles are given to. Another tenant's program isn't one, and
/// people are named by what they tell others, their handle; by an id only where
/// whoever asks can know it.
fn receiver(connection: &mut Connection, wanted: &Wanted) -> Result<Option<Account>, IamError> {
    let Some(StoredAccount { account, .. }) = account(connection, &wanted.reference)? else { return Ok(None) };
    let fits = match &account.owner {
        _ if account.state == AccountState::Removed => false,
        AccountOwner::Service { over, .. } => over.organisation() == Some(wanted.place.organisation()),
        AccountOwner::Person { .. } => account.handle == wanted.reference || known_there(connection, &account, wanted)?,
    };
    Ok(fits.then_some(account))
}

/// Whether an account's person is known already to whoever asks: as a member
/// within the same organisation, or since they see every account.
fn known_there(connection: &mut Connection, account: &Account, wanted: &Wanted) -> Result<bool, IamError> {
    if decide(&wanted.by, Action::AccountRead, &Resource::Broker).allowed {
        return Ok(true);
    }
    let places = store::member::of_account(connection, account.id)?;
    Ok(places.iter().any(|(place, _)| place.organisation() == wanted.place.organisation()))
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

fn tell(
    connection: &mut Connection,
    of: &Member,
    actor: &Actor,
    kind: &str,
    services: &[LeftService],
) -> Result<(), IamError> {
    let revoked: BTreeMap<&str, usize> =
        services.iter().map(|service| (service.handle.as_str(), service.revoked)).collect();
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
            data: json!({"account": of.account, "handle": of.handle, "roles": roles, "revokedTokens": revoked}),
        },
    )?;
    Ok(())
}
