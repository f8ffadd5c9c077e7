//! Tokens of people and services: made, listed, revoked.

use super::{
    Iam, account,
    principal::{self, Proof},
};
use crate::{
    Action, Grant, IamError, Principal, Secret, Via,
    account::AccountOwner,
    policy::{Receiver, expect_may_give},
    store::{
        account::{self as accounts, StoredAccount},
        token as store,
    },
    token::{CreatedToken, NewToken, Token, text},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::AccountId;
use hansa_repository::Connection;
use uuid::Uuid;

/// Tokens of one account that may be in use at one time.
const MOST: i64 = 100;
/// The longest name, in letters.
const LONGEST_NAME: usize = 100;
/// The shortest life of a token.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);

impl Iam {
    /// Makes a token for a service account. Its secret is told this once.
    ///
    /// # Errors
    /// When the name or the time breaks a rule, the account may not be used,
    /// has too many tokens, may more than whoever asks, or is a person's: theirs
    /// are made by themselves.
    pub async fn token_create(
        &self,
        owner: AccountId,
        new: NewToken,
        by: &Principal,
    ) -> Result<CreatedToken, IamError> {
        let (now, secret, by) = (self.now(), Secret::random()?, by.clone());
        let token = Token { id: self.inner.ids.next(), ..self.token_wanted(owner, &new, &by)? };
        self.inner
            .database
            .write(move |connection| {
                let stored = account::stored(accounts::account_get(connection, owner)?, owner)?;
                expect_may_act_as(connection, &stored, &by)?;
                insert(connection, &stored, token, &secret, now)
            })
            .await
    }

    /// Makes a token of the person who asks. Its secret is told this once.
    ///
    /// # Errors
    /// As [`Self::token_create`], and when the token would have a role that
    /// its maker doesn't come with.
    pub async fn own_token_create(&self, maker: &Principal, new: NewToken) -> Result<CreatedToken, IamError> {
        let (now, secret, owner) = (self.now(), Secret::random()?, owner(maker)?);
        let token = Token { id: self.inner.ids.next(), ..self.token_wanted(owner, &new, maker)? };
        let (grants, claims_valid) = (maker.grants.clone(), self.inner.options.claims_valid);
        self.inner
            .database
            .write(move |connection| {
                let stored = account::stored(accounts::account_get(connection, owner)?, owner)?;
                no_more_than(connection, &stored, &grants, now, claims_valid)?;
                insert(connection, &stored, token, &secret, now)
            })
            .await
    }

    /// What a token of the person who asks would be, for a dry run.
    ///
    /// # Errors
    /// As [`Self::own_token_create`].
    pub async fn own_token_check(&self, maker: &Principal, new: &NewToken) -> Result<Token, IamError> {
        let (now, owner) = (self.now(), owner(maker)?);
        let token = self.token_wanted(owner, new, maker)?;
        let (grants, claims_valid) = (maker.grants.clone(), self.inner.options.claims_valid);
        self.inner
            .database
            .read(move |connection| {
                let stored = account::stored(accounts::account_get(connection, owner)?, owner)?;
                no_more_than(connection, &stored, &grants, now, claims_valid)
            })
            .await?;
        Ok(token)
    }

    /// A new token in the place of an old one, of the same name and limits and
    /// with as long a life. The old one is refused from now on.
    ///
    /// # Errors
    /// When the account has no such token, it was revoked, or the account may
    /// more than whoever asks.
    pub async fn token_rotate(&self, owner: AccountId, id: Uuid, by: &Principal) -> Result<CreatedToken, IamError> {
        let by = by.clone();
        let (now, secret, next) = (self.now(), Secret::random()?, self.inner.ids.next());
        let longest = self.inner.options.token_longest;
        self.inner
            .database
            .write(move |connection| {
                let found = store::token_get(connection, owner, id)?;
                let old = found.ok_or_else(|| IamError::NotFound(format!("the token {id}")))?;
                if old.revoked_at.is_some() {
                    return Err(IamError::Conflict(format!("the token {id} was revoked; make a new one")));
                }
                let life = old.expires_at.signed_duration_since(old.created_at).min(longest);
                store::token_revoke(connection, id, now)?;
                let new = Token {
                    id: next,
                    created_at: now,
                    created_by: Some(by.actor.to_string()),
                    expires_at: now + life,
                    used_at: None,
                    ..old
                };
                let stored = account::stored(accounts::account_get(connection, owner)?, owner)?;
                expect_may_act_as(connection, &stored, &by)?;
                insert(connection, &stored, new, &secret, now)
            })
            .await
    }

    /// What a token would be, for a dry run.
    ///
    /// # Errors
    /// As [`Self::token_create`], but for too many tokens.
    pub async fn token_check(&self, owner: AccountId, new: &NewToken, by: &Principal) -> Result<Token, IamError> {
        let whoever = by.clone();
        self.inner
            .database
            .read(move |connection| {
                let stored = account::stored(accounts::account_get(connection, owner)?, owner)?;
                expect_may_act_as(connection, &stored, &whoever)
            })
            .await?;
        self.token_wanted(owner, new, by)
    }

    /// The token that is wished for, without an id.
    fn token_wanted(&self, owner: AccountId, new: &NewToken, by: &Principal) -> Result<Token, IamError> {
        let now = self.now();
        Ok(Token {
            id: Uuid::nil(),
            account: owner,
            name: name(&new.name)?,
            limits: new.limits.clone(),
            created_at: now,
            created_by: Some(by.actor.to_string()),
            expires_at: self.expiry(new.expires_at, now)?,
            revoked_at: None,
            used_at: None,
        })
    }

    fn expiry(&self, wished: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, IamError> {
        let latest = now + self.inner.options.token_longest;
        let expiry = hansa_repository::time::from_column(hansa_repository::time::to_column(wished.unwrap_or(latest)));
        if expiry < now + SHORTEST || expiry > latest {
            return Err(IamError::invalid(
                "/expiresAt",
                format!(
                    "it must lie at least a minute from now, and not after {}",
                    latest.format("%Y-%m-%dT%H:%M:%SZ")
                ),
            ));
        }
        Ok(expiry)
    }

    /// A token of an account.
    ///
    /// # Errors
    /// When it has no such token.
    pub async fn token_get(&self, owner: AccountId, id: Uuid) -> Result<Token, IamError> {
        let found = self.inner.database.read(move |connection| store::token_get(connection, owner, id)).await?;
        found.ok_or_else(|| IamError::NotFound(format!("the token {id}")))
    }

    /// At most `limit` tokens of an account, the newest first, those after
    /// `after` of an earlier page. Revoked and expired ones are among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_list(
        &self,
        owner: AccountId,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Token>, IamError> {
        self.inner.database.read(move |connection| Ok(store::token_list(connection, owner, after, limit)?)).await
    }

    /// Revokes a token: from now on it is refused, by every broker process. One
    /// that is revoked already stays so.
    ///
    /// # Errors
    /// When the account has no such token.
    pub async fn token_revoke(&self, owner: AccountId, id: Uuid) -> Result<Token, IamError> {
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                let found = store::token_get(connection, owner, id)?;
                let mut token = found.ok_or_else(|| IamError::NotFound(format!("the token {id}")))?;
                if token.revoked_at.is_none() {
                    store::token_revoke(connection, id, now)?;
                    token.revoked_at = Some(now);
                }
                Ok(token)
            })
            .await
    }

    /// Revokes every token of an account; tells how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_revoke_all(&self, owner: AccountId) -> Result<usize, IamError> {
        let now = self.now();
        self.inner.database.write(move |connection| Ok(store::token_revoke_all(connection, owner, now)?)).await
    }
}

/// Keeps a token's hash, and gives the token to whoever asked.
fn insert(
    connection: &mut Connection,
    stored: &StoredAccount,
    token: Token,
    secret: &Secret,
    now: DateTime<Utc>,
) -> Result<CreatedToken, IamError> {
    let owner = token.account;
    principal::usable(stored)?;
    if store::token_count(connection, owner, now)? >= MOST {
        let handle = &stored.account.handle;
        return Err(IamError::Conflict(format!("{handle} has {MOST} tokens already; revoke one first")));
    }
    let service = matches!(stored.account.owner, AccountOwner::Service { .. });
    let secret = text(service, token.id, secret);
    store::token_insert(connection, &token, &secret.hash())?;
    Ok(CreatedToken { token, secret })
}

/// That a token has no role that its maker doesn't come with. A token acts by
/// the claims of the last login; whoever comes with an issuer's token of fewer
/// claims must not get by it what the issuer has taken from them since.
fn no_more_than(
    connection: &mut Connection,
    stored: &StoredAccount,
    grants: &[Grant],
    now: DateTime<Utc>,
    claims_valid: TimeDelta,
) -> Result<(), IamError> {
    let proof = Proof { via: Via::Token(String::new()), limits: None, claimed: None };
    let would = principal::principal(connection, stored, proof, now, claims_valid)?;
    if would.grants.iter().all(|grant| grants.contains(grant)) {
        return Ok(());
    }
    let reason = "what you came with gives fewer roles than your last login in the portal, which a new token would \
                  act by; log in in the portal, so that your roles are read anew, and make the token then";
    Err(IamError::Forbidden { reason: reason.to_owned() })
}

fn owner(maker: &Principal) -> Result<AccountId, IamError> {
    maker.account.ok_or_else(|| IamError::Forbidden { reason: "without login there are no tokens".to_owned() })
}

/// That somebody may have a token of this service account: whoever makes one can use it.
fn expect_may_act_as(connection: &mut Connection, stored: &StoredAccount, by: &Principal) -> Result<(), IamError> {
    let AccountOwner::Service { .. } = stored.account.owner else {
        return Err(IamError::Forbidden { reason: "only people make their own tokens".to_owned() });
    };
    let mut grants = stored.account.own_grants();
    grants.extend(principal::memberships(connection, stored)?);
    grants.iter().try_for_each(|grant| expect_may_give(by, Action::ServiceAccountWrite, grant, Receiver::Service))
}

fn name(wished: &str) -> Result<String, IamError> {
    let name = wished.trim();
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(IamError::invalid("/name", format!("it must have 1 to {LONGEST_NAME} letters; say what the token is for")))
    }
}
