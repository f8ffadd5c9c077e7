//! A partner, as this room and its callers see it.

use super::{PartnerEvent, PartnerPolicy, PartnerState};
use crate::FederationError;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{Did, KeySet};
use hansa_ontology::{Actor, ProviderId};
use serde::Serialize;
use std::time::Duration;

/// A partner and how we stand with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Partner {
    /// Its DID.
    pub did: String,
    /// Its name for people, as it gave it.
    pub name: String,
    /// Where it is reached: a base URL without a slash at the end.
    pub endpoint: String,
    /// The provider whose offers it sells. None: it sells none.
    pub provider: Option<ProviderId>,
    /// How we stand with it.
    pub state: PartnerState,
    /// How it says that it stands with us.
    pub their_state: Option<PartnerState>,
    /// Why it is in this state, where somebody gave a reason.
    pub reason: Option<String>,
    /// What it may see and do, and what we take from it.
    pub policy: PartnerPolicy,
    /// The keys that are pinned. None yet while we wait for its answer.
    pub keys: KeySet,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// When a message or an answer of it was last proved to be its own.
    pub last_heard: Option<DateTime<Utc>>,
    /// When its feed was last read to the end.
    pub last_pulled: Option<DateTime<Utc>>,
    /// Since when calls to it fail. None: the last one didn't.
    pub unreachable_since: Option<DateTime<Utc>>,
    /// What the last failure was, until a call succeeds.
    pub last_error: Option<String>,
    /// How far its feed was read.
    pub feed: FeedStanding,
}

/// How far a partner's feed was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedStanding {
    /// The last number that was taken in.
    pub position: i64,
    /// The last number that the partner was seen to have.
    pub head: i64,
    /// The whole is being read anew: a first time, or because something was missed.
    pub snapshot: bool,
    /// Offers that were left out because the partner has more of them than we take.
    pub cut_off: i64,
}

impl Partner {
    /// A partner of whom nothing but its DID is known.
    pub(crate) fn new(did: &Did, endpoint: &str, state: PartnerState, now: DateTime<Utc>) -> Self {
        Self {
            did: did.to_string(),
            name: did.authority(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            provider: None,
            state,
            their_state: None,
            reason: None,
            policy: PartnerPolicy::default(),
            keys: KeySet { did: did.clone(), keys: Vec::new() },
            since: now,
            last_heard: None,
            last_pulled: None,
            unreachable_since: None,
            last_error: None,
            feed: FeedStanding::default(),
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// `Conflict` when it can't happen in this state; the text says what can.
    pub(crate) fn apply(
        &mut self,
        event: PartnerEvent,
        reason: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), FederationError> {
        let Some(next) = self.state.after(event) else {
            let message = format!("the partner {} is {}, and can't {}", self.did, self.state, event.name());
            return Err(FederationError::Conflict(message));
        };
        self.state = next;
        self.reason = reason;
        self.since = now;
        Ok(())
    }

    /// The partner as who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Partner(self.did.clone())
    }

    /// Whether nothing of it was heard for longer than this.
    #[must_use]
    pub fn is_silent(&self, now: DateTime<Utc>, longer_than: Duration) -> bool {
        let limit = TimeDelta::from_std(longer_than).unwrap_or(TimeDelta::MAX);
        now.signed_duration_since(self.last_heard.unwrap_or(self.since)) > limit
    }
}
