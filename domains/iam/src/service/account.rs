//! Accounts: made when somebody first comes, listed, locked, never deleted.

use super::Iam;
use crate::{
    IamError,
    account::{Account, AccountFilter, AccountOwner, AccountState, Profile, handle},
    store::{
        account::{self as store, StoredAccount},
        session, token,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::AccountId;
use hansa_repository::Connection;

/// How exactly `seen_at` is kept: writing it with each request would cost more than it tells.
pub(super) const COARSE: TimeDelta = TimeDelta::minutes(5);
/// The longest text that an issuer may say of a person, in letters.
const LONGEST: usize = 200;

impl Iam {
    /// An account.
    ///
    /// # Errors
    /// When there is none.
    pub async fn account_get(&self, id: AccountId) -> Result<Account, IamError> {
        self.inner.database.read(move |connection| found(store::account_get(connection, id)?, id)).await
    }

    /// The account of a handle.
    ///
    /// # Errors
    /// When there is none.
    pub async fn account_by_handle(&self, handle: &str) -> Result<Account, IamError> {
        let handle = handle.to_owned();
        self.inner
            .database
            .read(move |connection| {
                let found = store::account_by_handle(connection, &handle)?;
                found.map(|stored| stored.account).ok_or_else(|| IamError::NotFound(format!("the account `{handle}`")))
            })
            .await
    }

    /// At most `limit` accounts, by handle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_list(&self, filter: AccountFilter, limit: usize) -> Result<Vec<Account>, IamError> {
        self.inner.database.read(move |connection| Ok(store::account_list(connection, &filter, limit)?)).await
    }

    /// Locks an account: its sessions end and its tokens are refused, at once.
    ///
    /// # Errors
    /// When there is none, it was removed, or it has another version than `expected`.
    pub async fn account_lock(&self, id: AccountId, reason: &str, expected: Option<i64>) -> Result<Account, IamError> {
        self.account_change(id, expected, locked(reason)).await
    }

    /// What an account would be that is locked, or without a `reason` unlocked, for a dry run.
    ///
    /// # Errors
    /// As [`Self::account_lock`].
    pub async fn account_check(
        &self,
        id: AccountId,
        reason: Option<&str>,
        expected: Option<i64>,
    ) -> Result<Account, IamError> {
        let state = reason.map_or(AccountState::Active, locked);
        self.inner
            .database
            .read(move |connection| {
                let stored = stored(store::account_get(connection, id)?, id)?;
                changed(&stored, expected, state).map(|stored| stored.account)
            })
            .await
    }

    /// Unlocks an account. Its tokens work again; its sessions stay ended.
    ///
    /// # Errors
    /// As [`Self::account_lock`].
    pub async fn account_unlock(&self, id: AccountId, expected: Option<i64>) -> Result<Account, IamError> {
        self.account_change(id, expected, AccountState::Active).await
    }

    /// Sets the language of an account, such as `de`.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn account_locale(&self, id: AccountId, locale: Option<String>) -> Result<Account, IamError> {
        self.inner
            .database
            .write(move |connection| {
                let mut stored = stored(store::account_get(connection, id)?, id)?;
                stored.account.locale = locale.map(|text| text.chars().take(35).collect());
                stored.account.version += 1;
                store::account_update(connection, &stored)?;
                Ok(stored.account)
            })
            .await
    }

    async fn account_change(
        &self,
        id: AccountId,
        expected: Option<i64>,
        state: AccountState,
    ) -> Result<Account, IamError> {
        self.inner
            .database
            .write(move |connection| {
                let known = stored(store::account_get(connection, id)?, id)?;
                let next = changed(&known, expected, state)?;
                if next != known {
                    if next.account.state != AccountState::Active {
                        session::session_delete_all(connection, id, None)?;
                    }
                    store::account_update(connection, &next)?;
                }
                Ok(next.account)
            })
            .await
    }

    /// The account of whom an issuer vouches for: made when they first come,
    /// and brought up to what the issuer says now.
    pub(super) fn account_of(
        &self,
        connection: &mut Connection,
        profile: &Profile,
        now: DateTime<Utc>,
    ) -> Result<StoredAccount, IamError> {
        match store::account_by_subject(connection, &profile.issuer, &profile.subject)? {
            Some(known) => {
                let mut stored = known.clone();
                bring_up(&mut stored, profile, now);
                if stored != known {
                    stored.account.version += i64::from(stored.account.name != known.account.name);
                    store::account_update(connection, &stored)?;
                }
                Ok(stored)
            }
            None => self.account_first(connection, profile, now),
        }
    }

    fn account_first(
        &self,
        connection: &mut Connection,
        profile: &Profile,
        now: DateTime<Utc>,
    ) -> Result<StoredAccount, IamError> {
        let handle = free_handle(connection, profile)?;
        let owner = AccountOwner::Person { issuer: profile.issuer.clone(), subject: profile.subject.clone() };
        let account = Account {
            id: AccountId(self.inner.ids.next()),
            name: handle.clone(),
            handle,
            owner,
            email: None,
            locale: None,
            state: AccountState::Active,
            created_at: now,
            created_by: None,
            seen_at: Some(now),
            version: 1,
        };
        let mut stored = StoredAccount { account, claimed: Vec::new(), claimed_at: None };
        bring_up(&mut stored, profile, now);
        store::account_insert(connection, &stored)?;
        Ok(stored)
    }
}

fn locked(reason: &str) -> AccountState {
    AccountState::Locked { reason: reason.chars().take(LONGEST).collect() }
}

/// An account in another state.
fn changed(known: &StoredAccount, expected: Option<i64>, state: AccountState) -> Result<StoredAccount, IamError> {
    let mut next = known.clone();
    version(next.account.version, expected)?;
    if next.account.state == AccountState::Removed {
        return Err(IamError::Conflict(format!("{} was removed for good", next.account.handle)));
    }
    if next.account.state != state {
        next.account.state = state;
        next.account.version += 1;
    }
    Ok(next)
}

/// Whether an account says what the profile says: then nothing has to be written.
pub(super) fn is_current(stored: &StoredAccount, profile: &Profile, now: DateTime<Utc>) -> bool {
    let mut next = stored.clone();
    bring_up(&mut next, profile, now);
    next == *stored
}

fn bring_up(stored: &mut StoredAccount, profile: &Profile, now: DateTime<Utc>) {
    let told = |text: &Option<String>| {
        let text = text.as_ref()?.trim();
        let plain = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect::<String>();
        (!plain.is_empty()).then_some(plain)
    };
    if let Some(name) = told(&profile.name) {
        stored.account.name = name;
    }
    if let Some(email) = told(&profile.email) {
        stored.account.email = Some(email);
    }
    if stored.account.locale.is_none() {
        stored.account.locale = told(&profile.locale).map(|locale| locale.chars().take(35).collect());
    }
    let coarse = |at: Option<DateTime<Utc>>| at.is_none_or(|at| now.signed_duration_since(at) >= COARSE);
    if coarse(stored.account.seen_at) {
        stored.account.seen_at = Some(now);
    }
    if let Some(grants) = &profile.grants
        && (stored.claimed != *grants || coarse(stored.claimed_at))
    {
        stored.claimed.clone_from(grants);
        stored.claimed_at = Some(now);
    }
}

/// A handle that nobody has or had.
fn free_handle(connection: &mut Connection, profile: &Profile) -> Result<String, IamError> {
    let wished = handle::wished(profile.handle.as_deref(), profile.email.as_deref(), profile.name.as_deref());
    for number in 1..10_000 {
        let candidate = handle::numbered(&wished, number);
        if store::account_by_handle(connection, &candidate)?.is_none() {
            return Ok(candidate);
        }
    }
    Err(IamError::Conflict(format!("all handles like `{wished}` are taken; choose another user name at the issuer")))
}

/// That an account has the version that the caller saw.
pub(super) fn version(current: i64, expected: Option<i64>) -> Result<(), IamError> {
    match expected {
        Some(expected) if expected != current => Err(IamError::PreconditionFailed { expected, current }),
        _ => Ok(()),
    }
}

pub(super) fn stored(found: Option<StoredAccount>, id: AccountId) -> Result<StoredAccount, IamError> {
    found.ok_or_else(|| IamError::NotFound(format!("the account {id}")))
}

fn found(found: Option<StoredAccount>, id: AccountId) -> Result<Account, IamError> {
    stored(found, id).map(|stored| stored.account)
}

/// Ends everything that an account can be used by.
pub(super) fn cut_off(connection: &mut Connection, id: AccountId, now: DateTime<Utc>) -> Result<(), IamError> {
    session::session_delete_all(connection, id, None)?;
    token::token_revoke_all(connection, id, now)?;
    Ok(())
}
