//! Claims, statements and payments, as owners see them.

use super::Price;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hansa_federation_manager::settlement;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A claim for an objective that was promised and missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claim {
    /// Its id.
    pub id: String,
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// What this broker is in it: `buyer` claims, `seller` owes.
    pub role: String,
    /// `RAISED`, `ACCEPTED`, `DISPUTED` or `WITHDRAWN`.
    pub state: String,
    /// Disputed for longer than `federation.dispute_deadline`.
    pub overdue: bool,
    /// The order.
    pub order: String,
    /// The agreement.
    pub agreement: String,
    /// What was missed.
    pub metric: String,
    /// The promised value.
    pub target: String,
    /// The measured value.
    pub measured: String,
    /// The begin of the stretch that was judged.
    pub from: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// What is claimed. Absent: the usage that it rests on isn't complete yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Price>,
    /// How long the order was down by the seller's own measure, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_down_seconds: Option<u64>,
    /// Why it is disputed or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The agreed statement in which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_in: Option<String>,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
}

/// A statement of what this broker and a partner owe each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settlement {
    /// Its id.
    pub id: String,
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// The first day (UTC).
    pub from: NaiveDate,
    /// The last day (UTC).
    pub through: NaiveDate,
    /// `OPEN`, `PROPOSED`, `AGREED` or `DISPUTED`.
    pub state: String,
    /// Disputed for longer than `federation.dispute_deadline`.
    pub overdue: bool,
    /// Which proposal it is; 0: none yet.
    pub revision: u32,
    /// The currency, by ISO 4217.
    pub currency: String,
    /// What this broker is to pay; below 0: what it is to get. Absent: nothing was proposed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_pay: Option<Price>,
    /// Why it is disputed, or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
}

/// A statement with what it says and what was signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementDetail {
    /// The statement.
    #[serde(flatten)]
    pub settlement: Settlement,
    /// The last proposal: charges, claims, what is left out, sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub statement: Option<serde_json::Value>,
    /// Disputed: what differs, signed by who disputes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub dispute: Option<serde_json::Value>,
    /// Agreed: the document with both signatures and the signers' keys, which
    /// `hansa settlement verify` takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub bundle: Option<serde_json::Value>,
}

/// Which statement is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SettlementRequest {
    /// With whom: DID or name.
    pub partner: String,
    /// The first day (UTC).
    pub from: NaiveDate,
    /// The last day (UTC), today at most.
    pub through: NaiveDate,
    /// The currency, by ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// Why a claim is taken back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClaimWithdrawal {
    /// Why; the partner is told.
    #[serde(default)]
    pub reason: String,
}

/// A payment that settles agreed statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    /// Who pays: a DID.
    pub payer: String,
    /// Who is paid: a DID.
    pub payee: String,
    /// How much.
    pub amount: Price,
}

fn name_of(partner: &str, names: &BTreeMap<String, String>) -> String {
    names.get(partner).cloned().unwrap_or_else(|| partner.to_owned())
}

impl Claim {
    pub(crate) fn new(
        claim: settlement::ClaimRecord,
        names: &BTreeMap<String, String>,
        (deadline, now): (TimeDelta, DateTime<Utc>),
    ) -> Self {
        Self {
            partner_name: name_of(&claim.partner, names),
            overdue: claim.is_overdue(deadline, now),
            role: claim.role.name().to_owned(),
            state: claim.state.name().to_owned(),
            order: claim.order.to_string(),
            agreement: claim.agreement,
            metric: claim.terms.metric.name().to_owned(),
            target: claim.terms.target.to_string(),
            measured: claim.terms.measured.to_string(),
            from: claim.terms.from,
            until: claim.terms.until,
            amount: claim.claim.as_ref().map(|made| Price::new(made.credit.micros, made.currency)),
            own_down_seconds: claim.own_down_seconds,
            reason: claim.reason,
            settled_in: claim.settled_in,
            raised_at: claim.raised_at,
            id: claim.id,
            partner: claim.partner,
        }
    }
}

impl Settlement {
    pub(crate) fn new(
        settlement: &settlement::Settlement,
        names: &BTreeMap<String, String>,
        (deadline, now): (TimeDelta, DateTime<Utc>),
    ) -> Self {
        let first_pays = settlement.statement().map(|statement| statement.first_pays_micros);
        let sign = if settlement.is_proposed_by_partner() { -1 } else { 1 };
        let to_pay = first_pays.map(|micros| Price::new(sign * micros, settlement.currency));
        Self {
            id: settlement.id.clone(),
            partner: settlement.partner.clone(),
            partner_name: name_of(&settlement.partner, names),
            from: settlement.from,
            through: settlement.through,
            state: settlement.state.name().to_owned(),
            overdue: settlement.is_overdue(deadline, now),
            revision: settlement.revision,
            currency: settlement.currency.to_string(),
            to_pay,
            reason: settlement.reason.clone(),
            since: settlement.since,
        }
    }
}
