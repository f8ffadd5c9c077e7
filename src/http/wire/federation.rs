//! Partners, and this broker towards them, on the wire of the admin API.

use chrono::{DateTime, Utc};
use hansa_federation_manager::{exchange, partners};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Who this broker is towards its partners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Its DID.
    pub did: String,
    /// What partners call it.
    pub name: String,
    /// Where they reach it.
    pub endpoint: String,
    /// The IRI of the provider whose offers it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its keys, retired ones too.
    pub keys: Vec<Key>,
}

/// One of this broker's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Key {
    /// Its DID URL.
    pub id: String,
    /// Its thumbprint (RFC 7638).
    pub thumbprint: String,
    /// Until when it signs requests. Absent: until it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is not trusted any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Whom to invite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InviteRequest {
    /// What this owner calls the partner until it tells its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An invitation: told once, never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    /// One line for the other owner, to be sent by a safe way. Empty where it was a dry run, or the request is a repetition.
    pub invitation: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// The answer to an invitation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AcceptRequest {
    /// The line: `hansa-invite:…`.
    pub invitation: String,
}

/// Why a partner's state is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PartnerChange {
    /// For people on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which keys of a partner are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RepinRequest {
    /// Thumbprints (RFC 7638) that its owner has confirmed by a safe way; each has to be served.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// Another provider's broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Partner {
    /// Its DID.
    pub did: String,
    /// Its name.
    pub name: String,
    /// Where it is reached.
    pub endpoint: String,
    /// The IRI of the provider whose offers it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `INVITED`, `HANDSHAKE`, `ACTIVE`, `SUSPENDED`, `DRAINING` or `TERMINATED`.
    pub state: String,
    /// How it says that it stands with this broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub their_state: Option<String>,
    /// Why it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Thumbprints (RFC 7638) of its pinned keys.
    pub keys: Vec<String>,
    /// What it may see and do, and what is taken of it.
    #[schema(value_type = Object)]
    pub policy: serde_json::Value,
    /// When it was last heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heard: Option<DateTime<Utc>>,
    /// When its feed was last read to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_pulled: Option<DateTime<Utc>>,
    /// Since when calls to it fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable_since: Option<DateTime<Utc>>,
    /// What the last failure was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The last number of its feed that was taken in.
    pub feed_position: i64,
    /// The last number that it was seen to have.
    pub feed_head: i64,
    /// Offers that were left out because it has more than are taken.
    pub offers_cut_off: i64,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
}

impl From<partners::Partner> for Partner {
    fn from(partner: partners::Partner) -> Self {
        let version = version(&partner);
        Self {
            did: partner.did,
            name: partner.name,
            endpoint: partner.endpoint,
            provider: partner.provider.map(|provider| provider.to_string()),
            state: partner.state.to_string(),
            their_state: partner.their_state.map(|state| state.to_string()),
            reason: partner.reason,
            since: partner.since,
            keys: partner.keys.keys.iter().map(|key| key.public_key.thumbprint()).collect(),
            policy: serde_json::to_value(&partner.policy).unwrap_or_default(),
            last_heard: partner.last_heard,
            last_pulled: partner.last_pulled,
            unreachable_since: partner.unreachable_since,
            last_error: partner.last_error,
            feed_position: partner.feed.position,
            feed_head: partner.feed.head,
            offers_cut_off: partner.feed.cut_off,
            version,
        }
    }
}

impl Partner {
    /// What accepting an invitation would make.
    pub(crate) fn invited(line: &hansa_federation::wire::Invitation, now: DateTime<Utc>) -> Self {
        Self {
            did: line.did.to_string(),
            name: line.did.authority(),
            endpoint: line.endpoint.to_string(),
            provider: None,
            state: partners::PartnerState::Handshake.to_string(),
            their_state: None,
            reason: None,
            since: now,
            keys: line.keys.clone(),
            policy: serde_json::to_value(partners::PartnerPolicy::default()).unwrap_or_default(),
            last_heard: None,
            last_pulled: None,
            unreachable_since: None,
            last_error: None,
            feed_position: 0,
            feed_head: 0,
            offers_cut_off: 0,
            version: 0,
        }
    }
}

/// What an owner decides by, as a number: it changes when state, policy or keys do,
/// and not with each message that comes.
fn version(partner: &partners::Partner) -> i64 {
    let seen =
        serde_json::to_vec(&(&partner.state, &partner.since, &partner.policy, &partner.keys)).unwrap_or_default();
    let digest = Sha256::digest(&seen);
    let first = digest.iter().take(6).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    first.max(1)
}

/// What a partner sent and was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quarantined {
    /// The partner's DID.
    pub partner: String,
    /// Its place in the partner's feed.
    pub sequence: i64,
    /// The IRI of what was refused.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// It may be taken when what it refers to has come.
    pub waits: bool,
    /// The bytes as they came, cut off at a length.
    pub content: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

impl From<exchange::Quarantined> for Quarantined {
    fn from(refused: exchange::Quarantined) -> Self {
        Self {
            partner: refused.partner,
            sequence: refused.sequence,
            subject: refused.subject,
            reason: refused.reason,
            waits: refused.waits,
            content: refused.content,
            received_at: refused.at,
        }
    }
}
