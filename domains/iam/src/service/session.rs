//! Sessions: opened at login under a new secret, looked up by its hash, ended at once.

use super::{Iam, account::COARSE, principal};
use crate::{
    IamError, Principal, Secret, Via,
    secret::hash,
    session::{OpenedSession, Origin, Session},
    store::{account::StoredAccount, session as store},
};
use chrono::{DateTime, Utc};
use hansa_ontology::AccountId;
use hansa_repository::Connection;
use uuid::Uuid;

/// The longest that a browser may call itself, in letters.
const LONGEST_AGENT: usize = 200;

impl Iam {
    /// Opens a session for an account. Whatever the browser had before,
    /// `prior`, is ended, so that a session that somebody else knows never
    /// becomes that of a person who logs in.
    ///
    /// # Errors
    /// When the account may not be used.
    pub async fn session_open(
        &self,
        account: AccountId,
        issuer: &str,
        origin: Origin,
        prior: Option<&str>,
    ) -> Result<OpenedSession, IamError> {
        let cookie = Secret::random()?;
        let session = self.session_new(account, issuer, origin);
        let (kept, hashed, prior) = (session.clone(), cookie.hash(), prior.map(hash));
        self.inner
            .database
            .write(move |connection| {
                let stored = super::account::stored(crate::store::account::account_get(connection, account)?, account)?;
                principal::usable(&stored)?;
                replace(connection, &kept, &hashed, prior.as_deref())
            })
            .await?;
        Ok(OpenedSession { cookie, session })
    }

    pub(super) fn session_new(&self, account: AccountId, issuer: &str, origin: Origin) -> Session {
        let now = self.now();
        let short = |text: String| text.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect();
        Session {
            id: self.inner.ids.next(),
            account,
            issuer: issuer.to_owned(),
            created_at: now,
            seen_at: now,
            expires_at: now + self.inner.options.session_absolute,
            agent: origin.agent.map(short),
            address: origin.address,
        }
    }

    /// Who has this cookie.
    ///
    /// # Errors
    /// When it is of no session, or the session or the account has ended.
    pub async fn session_get(&self, cookie: &str) -> Result<Principal, IamError> {
        self.session_with_principal(cookie).await.map(|(_, principal)| principal)
    }

    /// The session of this cookie, and whose it is.
    ///
    /// # Errors
    /// As [`Self::session_get`].
    pub async fn session_with_principal(&self, cookie: &str) -> Result<(Session, Principal), IamError> {
        if cookie.len() != 64 {
            return Err(ended());
        }
        let (now, options) = (self.now(), &self.inner.options);
        let (hashed, idle, claims_valid) = (hash(cookie), options.session_idle, options.claims_valid);
        let (session, principal) = self
            .inner
            .database
            .read(move |connection| {
                let (session, stored) = store::session_by_hash(connection, &hashed)?.ok_or_else(ended)?;
                if now >= session.expires_at || now >= session.seen_at + idle {
                    return Err(ended());
                }
                let principal = of_session(connection, &session, &stored, now, claims_valid)?;
                Ok((session, principal))
            })
            .await?;
        let exact = (idle / 10).min(COARSE);
        if now.signed_duration_since(session.seen_at) >= exact {
            let id = session.id;
            let wrote = self.inner.database.write_relaxed(move |connection| store::session_seen(connection, id, now));
            if let Err(error) = wrote.await {
                tracing::warn!(%error, "when a session was last used can't be written");
            }
        }
        Ok((session, principal))
    }

    /// Ends the session of this cookie; one that has ended already is fine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_end(&self, cookie: &str) -> Result<(), IamError> {
        let hashed = hash(cookie);
        self.inner.database.write(move |connection| Ok(store::session_delete_by_hash(connection, &hashed)?)).await
    }

    /// The sessions of an account that still count, the newest first; at most 200.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_list(&self, account: AccountId) -> Result<Vec<Session>, IamError> {
        let (now, idle) = (self.now(), self.inner.options.session_idle);
        let mut found: Vec<Session> = self
            .inner
            .database
            .read(move |connection| Ok::<_, IamError>(store::session_list(connection, account)?))
            .await?;
        found.retain(|session| now < session.expires_at && now < session.seen_at + idle);
        Ok(found)
    }

    /// Ends one session of an account.
    ///
    /// # Errors
    /// When it has no such session.
    pub async fn session_revoke(&self, account: AccountId, id: Uuid) -> Result<(), IamError> {
        let ended = self
            .inner
            .database
            .write(move |connection| Ok::<_, IamError>(store::session_delete(connection, account, id)?))
            .await?;
        if ended { Ok(()) } else { Err(IamError::NotFound(format!("the session {id}"))) }
    }

    /// Ends every session of an account but `kept`; tells how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_revoke_all(&self, account: AccountId, kept: Option<Uuid>) -> Result<usize, IamError> {
        self.inner.database.write(move |connection| Ok(store::session_delete_all(connection, account, kept)?)).await
    }
}

fn of_session(
    connection: &mut Connection,
    session: &Session,
    stored: &StoredAccount,
    now: DateTime<Utc>,
    claims_valid: chrono::TimeDelta,
) -> Result<Principal, IamError> {
    let proof = principal::Proof { via: Via::Session(session.id.to_string()), limits: None, claimed: None };
    principal::principal(connection, stored, proof, now, claims_valid)
}

/// The new session in the place of the old one.
pub(super) fn replace(
    connection: &mut Connection,
    session: &Session,
    hashed: &str,
    prior: Option<&str>,
) -> Result<(), IamError> {
    if let Some(prior) = prior {
        store::session_delete_by_hash(connection, prior)?;
    }
    store::session_prune(connection, session.created_at)?;
    store::session_insert(connection, session, hashed)?;
    Ok(())
}

fn ended() -> IamError {
    IamError::unauthenticated("the session has ended; log in again")
}
