//! Who comes with a bearer token (RFC 6750): of ours, or of a trusted issuer.

use super::{
    Iam,
    account::{COARSE, is_current},
    principal::{self, Proof},
};
use crate::{
    IamError, Principal, Via,
    account::Profile,
    claims,
    oidc::{Party, Verified, unverified_issuer},
    secret::{hash, same},
    store::{account as accounts, token as store},
    token::{Presented, is_ours},
};
use serde_json::Value;

impl Iam {
    /// Who comes with this token: a personal access token, the token of a
    /// service account, or a token that a trusted issuer signed.
    ///
    /// # Errors
    /// When it proves nothing; the reason names the remedy, and nothing of the token.
    pub async fn authenticate_bearer(&self, token: &str) -> Result<Principal, IamError> {
        if is_ours(token) { self.authenticate_token(token).await } else { self.authenticate_issued(token).await }
    }

    /// Read from the database with each use, so that a revocation counts at
    /// once wherever it was made. By the primary key, so that it costs the same
    /// however many there are.
    async fn authenticate_token(&self, token: &str) -> Result<Principal, IamError> {
        let presented = Presented::read(token).ok_or_else(unknown)?;
        let (hashed, now, claims_valid) = (hash(token), self.now(), self.inner.options.claims_valid);
        let id = presented.id;
        let (principal, stale) = self
            .inner
            .database
            .read(move |connection| {
                let (token, kept, stored) = store::token_with_account(connection, presented.id)?.ok_or_else(unknown)?;
                if !same(&kept, &hashed) {
                    return Err(unknown());
                }
                if token.revoked_at.is_some() {
                    return Err(IamError::unauthenticated("the token was revoked; make a new one"));
                }
                if now >= token.expires_at {
                    return Err(IamError::unauthenticated("the token has expired; make a new one"));
                }
                let stale = token.used_at.is_none_or(|at| now.signed_duration_since(at) >= COARSE);
                let proof = Proof { via: Via::Token(token.id.to_string()), limits: Some(token.limits), claimed: None };
                Ok((principal::principal(connection, &stored, proof, now, claims_valid)?, stale))
            })
            .await?;
        if stale {
            let account = principal.account;
            let wrote = self.inner.database.write_relaxed(move |connection| {
                store::token_used(connection, id, now)?;
                account.map_or(Ok(()), |account| accounts::account_seen(connection, account, now))
            });
            if let Err(error) = wrote.await {
                tracing::warn!(%error, "when a token was last used can't be written");
            }
        }
        Ok(principal)
    }

    async fn authenticate_issued(&self, token: &str) -> Result<Principal, IamError> {
        let refused = |reason: String| IamError::unauthenticated(format!("the token is refused: {reason}"));
        let issuer = unverified_issuer(token).map_err(|refusal| refused(refusal.to_string()))?;
        let party = self.inner.parties.iter().find(|party| party.options().url == issuer);
        let party = party.ok_or_else(|| refused("its issuer is not one that is trusted".to_owned()))?;
        let verified = party.bearer(token).await?;
        let profile = self.profile(party, &verified);
        let via = Via::Bearer(party.id().to_owned());
        let proof = Proof { via, limits: None, claimed: profile.grants.clone() };
        self.principal_of(profile, proof).await
    }

    /// Who an issuer vouches for; written only where something is new.
    async fn principal_of(&self, mut profile: Profile, proof: Proof) -> Result<Principal, IamError> {
        let (now, claims_valid) = (self.now(), self.inner.options.claims_valid);
        // Of a token only its person is kept, not its roles: it may carry fewer than a login.
        profile.grants = None;
        let asked = profile.clone();
        let known = self
            .inner
            .database
            .read(move |connection| {
                let found = accounts::account_by_subject(connection, &asked.issuer, &asked.subject)?;
                let current = found.filter(|stored| is_current(stored, &asked, now));
                match current {
                    Some(stored) => {
                        let proof = Proof { via: proof.via.clone(), limits: None, claimed: proof.claimed.clone() };
                        principal::principal(connection, &stored, proof, now, claims_valid).map(Ok)
                    }
                    None => Ok::<_, IamError>(Err(proof)),
                }
            })
            .await?;
        let proof = match known {
            Ok(principal) => return Ok(principal),
            Err(proof) => proof,
        };
        let iam = self.clone();
        self.inner
            .database
            .write(move |connection| {
                let stored = iam.account_of(connection, &profile, now)?;
                principal::principal(connection, &stored, proof, now, claims_valid)
            })
            .await
    }

    /// What verified claims say about a person.
    pub(super) fn profile(&self, party: &Party, verified: &Verified) -> Profile {
        // No control characters: names are shown in terminals, and PostgreSQL stores no NUL.
        let plain = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
        let text = |name: &str| verified.claims.get(name).and_then(Value::as_str).map(plain);
        let options = party.options();
        let grants = claims::speak(&options.rules, &verified.claims).then(|| {
            let mut grants = claims::grants(&options.rules, &verified.claims);
            grants.extend(options.grants.iter().cloned());
            grants
        });
        Profile {
            issuer: party.account_issuer().to_owned(),
            subject: verified.subject.clone(),
            handle: text("preferred_username"),
            name: text("name"),
            email: text("email"),
            locale: text("locale"),
            grants,
        }
    }
}

/// One text for every token that is not known, so that it tells nothing.
fn unknown() -> IamError {
    IamError::unauthenticated("the token is not known; check that it is complete, or make a new one")
}
