//! From an account to who asks: its state, and its roles as they are now.

use crate::{
    Grant, IamError, Principal, TokenLimits, Via,
    account::{AccountOwner, AccountState},
    member::Member,
    store::{account::StoredAccount, member},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::Connection;

/// How somebody came.
pub(super) struct Proof {
    pub(super) via: Via,
    pub(super) limits: Option<TokenLimits>,
    /// What the claims that they came with give. None: what the last login gave counts.
    pub(super) claimed: Option<Vec<Grant>>,
}

/// Who asks. Roles are put together anew for each request, so that what is
/// taken from somebody is taken at once.
pub(super) fn principal(
    connection: &mut Connection,
    stored: &StoredAccount,
    proof: Proof,
    now: DateTime<Utc>,
    claims_valid: TimeDelta,
) -> Result<Principal, IamError> {
    usable(stored)?;
    let mut grants = stored.account.own_grants();
    grants.extend(proof.claimed.unwrap_or_else(|| remembered(stored, now, claims_valid)));
    grants.extend(memberships(connection, stored)?);
    grants.sort();
    grants.dedup();
    Ok(Principal {
        actor: stored.account.actor(),
        account: Some(stored.account.id),
        application: None,
        name: stored.account.name.clone(),
        grants,
        limits: proof.limits,
        via: proof.via,
    })
}

/// Roles that were given here, in projects and organisations.
pub(super) fn memberships(connection: &mut Connection, stored: &StoredAccount) -> Result<Vec<Grant>, IamError> {
    let places = member::of_account(connection, stored.account.id)?;
    Ok(places.iter().flat_map(|(place, roles)| Member::grants(place, roles)).collect())
}

/// What the issuer claimed at the last login, while that is not too long ago.
fn remembered(stored: &StoredAccount, now: DateTime<Utc>, claims_valid: TimeDelta) -> Vec<Grant> {
    let fresh = stored.claimed_at.is_some_and(|at| now.signed_duration_since(at) <= claims_valid);
    if fresh { stored.claimed.clone() } else { Vec::new() }
}

/// That the account may be used.
pub(super) fn usable(stored: &StoredAccount) -> Result<(), IamError> {
    match &stored.account.state {
        AccountState::Active => Ok(()),
        AccountState::Locked { .. } => {
            Err(IamError::unauthenticated("the account is locked; ask whoever runs this broker"))
        }
        AccountState::Removed => {
            let what = match stored.account.owner {
                AccountOwner::Person { .. } => "account",
                AccountOwner::Service { .. } => "service account",
            };
            Err(IamError::unauthenticated(format!("the {what} was removed; log in with another")))
        }
    }
}
