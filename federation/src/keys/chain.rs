//! How a partner learns of new keys without asking its owner: each rotation
//! leaves a key list signed by a key of the list before. Whoever pinned any
//! list can walk to the newest. A did:web document alone proves only who holds
//! the domain today; the chain alone only who once held a key; both are asked for.

use super::{KeySet, PublishedKey};
use crate::{Did, FederationError, SignedDocument, document, limits};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// All keys of a broker at one time: the content of a signed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyList {
    /// Whose.
    pub did: Did,
    /// 1 for the first, one more for each that follows.
    pub sequence: u64,
    /// When it was made.
    pub issued: DateTime<Utc>,
    /// The keys, retired and revoked ones too.
    pub keys: Vec<PublishedKey>,
}

/// Walks from the keys that are pinned to the newest list, and compares that
/// with the DID document that the partner's domain serves now. Gives the keys
/// to pin from now on.
///
/// Each list is verified with the keys of the list before it, as they stood
/// then; the walk begins at the first list that a pinned key signed. Lists
/// before it are passed over.
///
/// # Errors
/// [`FederationError::Untrusted`] when no list is signed by a pinned key, one
/// of the following isn't signed by a key of the one before, or the newest
/// differs from the document: only the owner's `partner repin` helps then.
/// [`FederationError::TooLarge`], [`FederationError::Invalid`].
pub fn chain_follow(
    pinned: &KeySet,
    lists: &[SignedDocument],
    served: &KeySet,
    now: DateTime<Utc>,
) -> Result<KeySet, FederationError> {
    if lists.len() > limits::KEY_LISTS {
        return Err(FederationError::TooLarge { what: "key lists", limit: limits::KEY_LISTS, unit: "lists" });
    }
    if agree(pinned, served) {
        return Ok(pinned.clone());
    }
    let mut known: Option<(u64, KeySet)> = None;
    for signed in lists {
        let before = known.as_ref().map_or(pinned, |(_, set)| set);
        match step(before, signed, now) {
            Ok(list) => {
                if known.as_ref().is_some_and(|(sequence, _)| list.sequence != sequence + 1) {
                    return Err(FederationError::untrusted(format!("the key lists of {} have a gap", pinned.did)));
                }
                known = Some((list.sequence, KeySet { did: list.did, keys: list.keys }));
            }
            Err(error) if known.is_some() => {
                return Err(FederationError::untrusted(format!("the key lists of {} break off: {error}", pinned.did)));
            }
            Err(_before_what_is_pinned) => {}
        }
    }
    let Some((_, newest)) = known else {
        return Err(FederationError::untrusted(format!("no key list of {} is signed by a pinned key", pinned.did)));
    };
    if !agree(&newest, served) {
        return Err(FederationError::untrusted(format!(
            "the newest key list of {} differs from its DID document",
            pinned.did
        )));
    }
    let kept = |key: &PublishedKey| newest.keys.iter().any(|new| new.id == key.id && new.public_key == key.public_key);
    if !pinned.keys.iter().all(kept) {
        return Err(FederationError::untrusted(format!(
            "the newest key list of {} lacks a key that is pinned",
            pinned.did
        )));
    }
    Ok(newest)
}

/// Whether a list and a DID document say the same. A revoked key may be absent from the document.
fn agree(list: &KeySet, served: &KeySet) -> bool {
    list.did == served.did
        && list.keys.iter().all(|key| key.revoked.is_some() || served.keys.contains(key))
        && served.keys.iter().all(|key| list.keys.contains(key))
}

fn step(before: &KeySet, signed: &SignedDocument, now: DateTime<Utc>) -> Result<KeyList, FederationError> {
    // A list that revokes its signer is read later than the revocation; what counts is the key as it stood before.
    let issued_at = document::verify(signed, before, now)?.issued_at;
    let list: KeyList = signed.json()?;
    let set = KeySet { did: list.did.clone(), keys: list.keys.clone() };
    set.check()?;
    if list.did != before.did || list.issued.timestamp() != issued_at.timestamp() {
        return Err(FederationError::untrusted(format!("a key list of {} is signed for another", before.did)));
    }
    Ok(list)
}
