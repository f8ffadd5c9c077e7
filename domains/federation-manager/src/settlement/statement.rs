//! Statements as this broker keeps them.

use super::books::Picked;
use crate::{FederationError, orders::note};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use hansa_accounting::settle::Statement;
use hansa_federation::SignedDocument;
use hansa_ontology::{Actor, Currency, ProviderId};
use hansa_repository::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettlementState {
    /// Wanted; nothing is signed yet.
    Open,
    /// Who proposes has signed and sends it.
    Proposed,
    /// Both have signed the same bytes. It never changes again.
    Agreed,
    /// The other side makes other bytes. It is proposed again.
    Disputed,
}

impl SettlementState {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Proposed => "PROPOSED",
            Self::Agreed => "AGREED",
            Self::Disputed => "DISPUTED",
        }
    }
}

/// A statement with a partner for a period and a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Its name: the same on both sides, whatever it says.
    pub id: String,
    /// The other side: its DID.
    pub partner: String,
    /// The broker whose DID comes first: it proposes.
    pub first: ProviderId,
    /// The other one.
    pub second: ProviderId,
    /// The first day (UTC).
    pub from: NaiveDate,
    /// The last day (UTC).
    pub through: NaiveDate,
    /// The currency.
    pub currency: Currency,
    /// Where it stands.
    pub state: SettlementState,
    /// The proposals so far. 0: none.
    pub revision: u32,
    /// It was begun because the month was over: it waits for usage to be answered.
    pub monthly: bool,
    /// As the one who asks: the partner was asked.
    pub asked: bool,
    /// The last proposal, signed by the first.
    pub proposal: Option<SignedDocument>,
    /// Agreed: the same bytes, signed by the second.
    pub countersigned: Option<SignedDocument>,
    /// Disputed: what differs, signed by the second.
    pub dispute: Option<SignedDocument>,
    /// Why it is disputed, or waits.
    pub reason: Option<String>,
    /// What the last proposal settles in our books.
    pub(super) picked: Picked,
    /// When it is proposed again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Since when it is in this state; a dispute: since its first revision.
    pub since: DateTime<Utc>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

impl Settlement {
    /// One that is wanted from now on.
    pub(super) fn open(
        [own, partner]: [&ProviderId; 2],
        (from, through): (NaiveDate, NaiveDate),
        currency: Currency,
        now: DateTime<Utc>,
    ) -> Self {
        let (first, second) = if own <= partner { (own, partner) } else { (partner, own) };
        Self {
            id: Statement::id([own, partner], (from, through), currency),
            partner: partner.to_string(),
            first: first.clone(),
            second: second.clone(),
            from,
            through,
            currency,
            state: SettlementState::Open,
            revision: 0,
            monthly: false,
            asked: false,
            proposal: None,
            countersigned: None,
            dispute: None,
            reason: None,
            picked: Picked::default(),
            retry_at: None,
            since: now,
            created_at: now,
        }
    }

    /// Whether the partner proposes it.
    #[must_use]
    pub fn is_proposed_by_partner(&self) -> bool {
        self.first.as_str() == self.partner
    }

    /// The begin of the period, and the begin of the day after it.
    #[must_use]
    pub fn bounds(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let after = self.through.checked_add_days(Days::new(1)).unwrap_or(self.through);
        (midnight(self.from), midnight(after))
    }

    /// What it says. None: nothing was proposed yet.
    #[must_use]
    pub fn statement(&self) -> Option<Statement> {
        self.proposal.as_ref().and_then(|proposal| Statement::verify(proposal.content.as_bytes()).ok())
    }

    /// Whether it has been disputed for longer than a dispute should take.
    #[must_use]
    pub fn is_overdue(&self, deadline: TimeDelta, now: DateTime<Utc>) -> bool {
        self.state == SettlementState::Disputed && now - self.since > deadline
    }

    /// Moves to a state, with its event.
    pub(super) fn move_to(
        &mut self,
        connection: &mut Connection,
        state: SettlementState,
        (actor, reason): (Actor, Option<String>),
        now: DateTime<Utc>,
    ) -> Result<(), FederationError> {
        if self.state == SettlementState::Agreed {
            return Err(FederationError::Conflict(format!("the statement {} is agreed", self.id)));
        }
        self.state = state;
        self.since = now;
        self.reason = reason;
        let why = self.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let pays = self.statement().map(|statement| statement.first_pays_micros);
        note(
            connection,
            now,
            (actor, None),
            (&format!("settlement.{}", state.name().to_lowercase()), format!("settlement/{}", self.id)),
            format!(
                "the statement with {} from {} through {} is {}{why}",
                self.partner,
                self.from,
                self.through,
                state.name()
            ),
            json!({
                "partner": self.partner,
                "from": self.from,
                "through": self.through,
                "currency": self.currency,
                "revision": self.revision,
                "firstPaysMicros": pays,
                "digest": self.proposal.as_ref().map(SignedDocument::digest),
            }),
        )?;
        Ok(())
    }
}
