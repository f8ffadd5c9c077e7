//! Onboarding, standing, keys and hints.

use crate::{Did, SignedDocument};
use chrono::{DateTime, Utc};
use hansa_ontology::ProviderId;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// `POST /federation/v1/partners`: the newcomer accepts an invitation. Its
/// token is signed by its own key, which the receiver takes from its DID document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptRequest {
    /// The invitation's secret.
    pub invitation: String,
    /// The newcomer, as in the token.
    pub did: Did,
    /// Its name for people.
    pub name: String,
    /// The base URL of its broker.
    #[serde(with = "crate::json::url_text")]
    pub endpoint: Url,
    /// The provider whose offers it sells.
    pub provider: ProviderId,
}

/// Without the secret, so that it can stand in a log.
impl fmt::Debug for AcceptRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptRequest").field("did", &self.did).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The answer: who invited. Repeating the request gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptAnswer {
    /// The inviter.
    pub did: Did,
    /// Its name for people.
    pub name: String,
    /// The base URL of its broker.
    #[serde(with = "crate::json::url_text")]
    pub endpoint: Url,
    /// The provider whose offers it sells.
    pub provider: ProviderId,
}

/// How two brokers stand, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerState {
    /// An invitation is out.
    Invited,
    /// One side has accepted, the other hasn't confirmed yet.
    Handshake,
    /// Everything may pass.
    Active,
    /// Nothing new: what runs goes on, offers rest.
    Suspended,
    /// Ending: what runs is being moved away.
    Draining,
    /// Ended. Nothing passes.
    Terminated,
}

impl PartnerState {
    /// Its name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Handshake => "handshake",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Draining => "draining",
            Self::Terminated => "terminated",
        }
    }
}

impl fmt::Display for PartnerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `GET /federation/v1/status`: the heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    /// Who answers.
    pub did: Did,
    /// How the caller stands with it.
    pub state: PartnerState,
    /// The sequence number of the newest item of its feed; 0 when it is empty.
    pub feed_head: u64,
    /// Names what of the feed the caller sees. Another name than last time: what
    /// it sees is another feed, to be read from its snapshot.
    #[serde(default)]
    pub feed_view: String,
    /// Its clock.
    pub time: DateTime<Utc>,
}

/// `GET /federation/v1/keys`, which needs no token: every key list, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyLists {
    /// Each a signed [`crate::keys::KeyList`].
    pub lists: Vec<SignedDocument>,
}

/// `POST /federation/v1/inbox`: there may be something new. Losing it costs time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hint {
    /// What to look at.
    pub kind: HintKind,
}

/// What a hint speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HintKind {
    /// The feed has grown.
    Offers,
    /// Capacity has changed.
    Capacity,
    /// An order's report has changed.
    Orders,
    /// A negotiation or an agreement has changed.
    Agreements,
    /// There are new usage records.
    Usage,
    /// Keys, name or endpoint have changed.
    Identity,
}
