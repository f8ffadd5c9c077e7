//! Claims as this broker keeps them.

use crate::{
    FederationError,
    orders::{UsageRole, note},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_accounting::settle::{Claim, Stretch};
use hansa_federation::SignedDocument;
use hansa_ontology::{
    Actor, MachineId,
    sla::{Metric, Window},
};
use hansa_repository::Connection;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What was missed, as whoever measured it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimTerms {
    /// What was missed.
    pub metric: Metric,
    /// The target, as the offer promises it.
    pub target: Decimal,
    /// The window, as the offer promises it.
    pub window: Window,
    /// The percentile, as the offer promises it.
    pub percentile: Option<Decimal>,
    /// The begin of the stretch that was judged.
    pub from: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Seconds that count: the stretch without what is excluded.
    pub observed_seconds: u64,
    /// The measured value, in the metric's unit.
    pub measured: Decimal,
    /// When the order could not be used, in order.
    pub down: Vec<Stretch>,
}

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimState {
    /// By the buyer; the seller hasn't answered.
    Raised,
    /// The seller has signed that it is owed.
    Accepted,
    /// The seller has signed that it isn't.
    Disputed,
    /// The buyer has taken it back.
    Withdrawn,
}

impl ClaimState {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "RAISED",
            Self::Accepted => "ACCEPTED",
            Self::Disputed => "DISPUTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// Whether it may become another by somebody's word.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Raised, Self::Accepted | Self::Disputed | Self::Withdrawn)
                | (Self::Disputed, Self::Accepted | Self::Withdrawn)
                // The seller may accept while the buyer's withdrawal is under way.
                | (Self::Accepted, Self::Withdrawn)
        )
    }
}

/// A claim with what was signed for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimRecord {
    /// Its name: the same on both sides.
    pub id: String,
    /// Who we are in it: the buyer claims.
    pub role: UsageRole,
    /// The other side: its DID.
    pub partner: String,
    /// The order.
    pub order: MachineId,
    /// The order's agreement.
    pub agreement: String,
    /// What was missed.
    pub terms: ClaimTerms,
    /// The claim with its amount. None: the usage that it rests on isn't complete yet.
    pub claim: Option<Claim>,
    /// Its bytes with the buyer's signature.
    pub document: Option<SignedDocument>,
    /// The seller's last word, signed.
    pub answer: Option<SignedDocument>,
    /// The buyer's withdrawal, signed.
    pub withdrawal: Option<SignedDocument>,
    /// Where it stands.
    pub state: ClaimState,
    /// Why it is disputed or withdrawn.
    pub reason: Option<String>,
    /// How long the order was down by the seller's own measure, where it has told.
    pub own_down_seconds: Option<u64>,
    /// As buyer: the seller has our withdrawal.
    pub told: bool,
    /// The agreed statement in which it is.
    pub settled_in: Option<String>,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// When it was raised, or came.
    pub raised_at: DateTime<Utc>,
}

impl ClaimRecord {
    /// Whether something is to be sent, or waited for.
    #[must_use]
    pub fn is_living(&self) -> bool {
        self.role == UsageRole::Buyer
            && match self.state {
                ClaimState::Raised | ClaimState::Disputed => true,
                ClaimState::Withdrawn => !self.told,
                ClaimState::Accepted => false,
            }
    }

    /// Whether it has been disputed for longer than a dispute should take.
    #[must_use]
    pub fn is_overdue(&self, deadline: TimeDelta, now: DateTime<Utc>) -> bool {
        self.state == ClaimState::Disputed && now - self.since > deadline
    }

    /// The month (UTC) against whose charges its credit is capped.
    pub(super) fn month(&self) -> DateTime<Utc> {
        let begin = self.terms.window.containing(self.terms.from).0;
        Window::Month.containing(begin).0
    }

    /// Moves to a state, with its event.
    pub(super) fn move_to(
        &mut self,
        connection: &mut Connection,
        state: ClaimState,
        (actor, reason): (Actor, Option<String>),
        now: DateTime<Utc>,
    ) -> Result<(), FederationError> {
        if !self.state.may_become(state) {
            return Err(FederationError::Conflict(format!("the claim {} is {}", self.id, self.state.name())));
        }
        self.state = state;
        self.since = now;
        self.reason = reason;
        self.told_event(connection, actor, now)
    }

    /// The event of its state.
    pub(super) fn told_event(
        &self,
        connection: &mut Connection,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), FederationError> {
        let kind = format!("claim.{}", self.state.name().to_lowercase());
        let why = self.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let (terms, micros) = (&self.terms, self.claim.as_ref().map(|claim| claim.credit.micros));
        let currency = self.claim.as_ref().map(|claim| claim.currency);
        note(
            connection,
            now,
            (actor, None),
            (&kind, format!("claim/{}", self.id)),
            format!(
                "{} of the order {} was {} from {} to {} where {} was promised{why}",
                terms.metric.name(),
                self.order,
                terms.measured,
                terms.from,
                terms.until,
                terms.target
            ),
            json!({
                "partner": self.partner,
                "role": self.role,
                "order": self.order,
                "agreement": self.agreement,
                "micros": micros,
                "currency": currency,
                "reason": self.reason,
            }),
        )?;
        Ok(())
    }
}
