//! Usage: the seller tells, signed, in closed periods; the buyer compares with
//! what it saw itself, and countersigns or disputes. Both keep both signatures.

use super::{
    Sale, note,
    period::{Closing, closed},
};
use crate::{FederationError, FederationManager, Peer, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    SignedDocument,
    wire::{UsageAcknowledgement, UsagePage, UsageReason, UsageRecord, UsageVerdict},
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, time};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Periods that are recorded in one round; the rest follows in the next.
const PERIODS: usize = 24;
/// Records on one page.
const PAGE: usize = 100;

/// Who we are in a usage record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageRole {
    /// We delivered.
    Seller,
    /// We ordered.
    Buyer,
}

impl UsageRole {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Buyer => "buyer",
        }
    }
}

/// Where a usage record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UsageState {
    /// Told by the seller.
    Reported,
    /// Countersigned by the buyer.
    Acknowledged,
    /// Disputed by the buyer.
    Disputed,
    /// Acknowledged, and in a statement that both sides have signed.
    Settled,
}

impl UsageState {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Disputed => "DISPUTED",
            Self::Settled => "SETTLED",
        }
    }

    /// Whether both sides have signed it.
    #[must_use]
    pub const fn is_agreed(self) -> bool {
        matches!(self, Self::Acknowledged | Self::Settled)
    }

    pub(super) const fn of(verdict: UsageVerdict) -> Self {
        match verdict {
            UsageVerdict::Acknowledged => Self::Acknowledged,
            UsageVerdict::Disputed => Self::Disputed,
        }
    }
}

/// A usage record with what was signed for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Who we are in it.
    pub role: UsageRole,
    /// The other side: its DID.
    pub partner: String,
    /// What it says.
    pub record: UsageRecord,
    /// The record with the seller's signature.
    pub document: SignedDocument,
    /// What the seller measured in the same stretch, with its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SignedDocument>,
    /// The buyer's word, signed.
    pub answer: Option<SignedDocument>,
    /// Where it stands.
    pub state: UsageState,
    /// Why it is disputed.
    pub reason: Option<String>,
    /// As buyer: the seller has our word.
    pub told: bool,
    /// The agreed statement in which it is.
    #[serde(default)]
    pub settled_in: Option<String>,
}

impl Usage {
    /// Whether we know that both sides have agreed on it.
    #[must_use]
    pub const fn is_agreed(&self) -> bool {
        self.state.is_agreed() && self.told
    }
}

impl FederationManager {
    /// The newest usage records, in both roles.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_newest(&self) -> Result<Vec<Usage>, FederationError> {
        Ok(self.database().read(|connection| store::usage::list(connection, 1_000)).await?)
    }

    /// Signs and writes what periods of a partner's order are closed and not
    /// recorded. True: that is all for now.
    pub(super) async fn usage_record(&self, sale: &Sale) -> Result<bool, FederationError> {
        let Some(through) = sale.recorded_to else {
            return Ok(true);
        };
        let length = TimeDelta::from_std(self.options().usage_period).unwrap_or(TimeDelta::hours(1));
        let ended = sale.ended_at.map(cut);
        let periods = closed(cut(through), ended, cut(self.now()), length, PERIODS);
        for period in &periods {
            let record = UsageRecord {
                order: sale.id,
                agreement: sale.agreement.clone(),
                offer: sale.offer.id.clone(),
                from: period.from,
                to: period.to,
                unit_seconds: u64::try_from(period.seconds()).unwrap_or_default(),
                reason: match period.closing {
                    Closing::Period => UsageReason::Interim,
                    Closing::End => UsageReason::Ended,
                },
            };
            let service = self.service_report(sale, &record).await?;
            let document = self.sign_json(&record).await?;
            let usage = Usage {
                role: UsageRole::Seller,
                partner: sale.partner.clone(),
                record,
                document,
                service,
                answer: None,
                state: UsageState::Reported,
                reason: None,
                told: true,
                settled_in: None,
            };
            let now = self.now();
            self.database().write(move |connection| recorded(connection, &usage, now)).await?;
        }
        Ok(periods.len() < PERIODS)
    }

    /// `GET orders/{id}/usage?after=TIME`: records that begin after a time.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], also for other partners' orders.
    pub async fn usage_list(
        &self,
        peer: &Peer,
        id: MachineId,
        after: Option<DateTime<Utc>>,
    ) -> Result<UsagePage, FederationError> {
        let partner = peer.did.clone();
        let found = self
            .database()
            .read(move |connection| {
                store::orders::sale(connection, &partner, id)?
                    .ok_or_else(|| FederationError::NotFound(format!("the order {id}")))?;
                Ok::<_, FederationError>(store::usage::of_order(connection, UsageRole::Seller, &partner, id)?)
            })
            .await?;
        let later = found.into_iter().filter(|usage| after.is_none_or(|after| usage.record.from > after));
        let mut page = UsagePage { records: Vec::new(), reports: Vec::new() };
        for usage in later.take(PAGE) {
            page.records.push(usage.document);
            page.reports.extend(usage.service);
        }
        Ok(page)
    }

    /// `POST orders/{id}/usage/ack`: the buyer's signed word on a record.
    /// Again: changes nothing; an acknowledgement may follow a dispute.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for a record that isn't there,
    /// [`FederationError::Conflict`] for another record's digest, or to take an
    /// acknowledgement back; [`FederationError::Words`] for a signature that doesn't hold.
    pub async fn usage_acknowledge(
        &self,
        peer: &Peer,
        id: MachineId,
        answer: &SignedDocument,
    ) -> Result<(), FederationError> {
        self.signature_check(&peer.did, answer).await?;
        let word: UsageAcknowledgement = answer.json()?;
        if word.order != id {
            return Err(FederationError::invalid("order", "it is not the order in the path"));
        }
        let (partner, actor, now) = (peer.did.clone(), peer.actor(), self.now());
        let answer = answer.clone();
        self.database()
            .write(move |connection| {
                let found = store::usage::find(connection, UsageRole::Seller, &partner, id, word.from)?;
                let missing = || FederationError::NotFound(format!("the usage of {id} from {}", word.from));
                let mut usage = found.ok_or_else(missing)?;
                if usage.document.digest() != word.digest {
                    return Err(FederationError::Conflict("this digest isn't that of the record".to_owned()));
                }
                let state = UsageState::of(word.verdict);
                if usage.state == state || (usage.state == UsageState::Settled && state.is_agreed()) {
                    return Ok(());
                }
                if usage.state.is_agreed() {
                    return Err(FederationError::Conflict("the record was acknowledged before".to_owned()));
                }
                usage.state = state;
                usage.reason = word.reason.map(|reason| reason.chars().take(500).collect());
                usage.answer = Some(answer);
                store::usage::update(connection, &usage)?;
                told(connection, &usage, actor, now)
            })
            .await
    }
}

/// What both databases keep of a time.
pub(super) fn cut(at: DateTime<Utc>) -> DateTime<Utc> {
    time::from_column(time::to_column(at))
}

/// Writes a record, unless its period was recorded meanwhile.
fn recorded(connection: &mut Connection, usage: &Usage, now: DateTime<Utc>) -> Result<(), FederationError> {
    let Some(mut sale) = store::orders::sale(connection, &usage.partner, usage.record.order)? else {
        return Ok(());
    };
    if sale.recorded_to.map(cut) != Some(usage.record.from) {
        return Ok(());
    }
    store::usage::insert(connection, usage)?;
    sale.recorded_to = Some(usage.record.to);
    store::orders::sale_save(connection, &sale, now)?;
    told(connection, usage, hansa_ontology::Actor::Broker, now)
}

/// The event of a record's state.
pub(super) fn told(
    connection: &mut Connection,
    usage: &Usage,
    actor: hansa_ontology::Actor,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let record = &usage.record;
    let kind = format!("usage.{}", usage.state.name().to_lowercase());
    let why = usage.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    note(
        connection,
        now,
        (actor, None),
        (&kind, format!("order/{}", record.order)),
        format!("{} unit seconds of {} from {} to {}{why}", record.unit_seconds, record.offer, record.from, record.to),
        json!({
            "partner": usage.partner,
            "role": usage.role,
            "from": record.from,
            "to": record.to,
            "unitSeconds": record.unit_seconds,
            "reason": usage.reason,
        }),
    )?;
    Ok(())
}
