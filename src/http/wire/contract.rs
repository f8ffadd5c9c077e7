//! Agreements, holds and orders on the wire of the admin API.

use super::Price;
use chrono::{DateTime, Utc};
use hansa_federation::dsp::negotiation::Role;
use hansa_federation_manager::{
    contracts,
    orders::{Purchase, Sale, SaleHold, Want},
};
use hansa_ontology::order::{OrderReport, OrderState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const CONSUMER: &str = "consumer";
const PROVIDER: &str = "provider";

/// The partner's name; its DID where it has none here any more.
fn name(names: &BTreeMap<String, String>, did: &str) -> String {
    names.get(did).cloned().unwrap_or_else(|| did.to_owned())
}

/// A contract with a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agreement {
    /// Its id.
    pub id: String,
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// What this broker is in it: `consumer` or `provider`.
    pub role: String,
    /// `UNSIGNED`, `ACTIVE`, `RETIRED`, `BREACHED` or `EXPIRED`.
    pub state: String,
    /// The offer's IRI.
    pub offer: String,
    /// Digest of the offer's signed document (SHA-256, base64url).
    pub offer_digest: String,
    /// Price of a unit for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<Price>,
    /// When it was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_at: Option<DateTime<Utc>>,
    /// Both sides have signed.
    pub countersigned: bool,
    /// Why it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A contract with what both sides signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgreementDetail {
    /// The contract.
    #[serde(flatten)]
    pub agreement: Agreement,
    /// Price, SLA with its remedies, energy, jurisdictions and claims, as the signed offer has them.
    #[schema(value_type = Object)]
    pub clauses: serde_json::Value,
    /// The ODRL agreement as it was negotiated.
    #[schema(value_type = Object)]
    pub terms: serde_json::Value,
    /// The signed document with both signatures and the signers' keys: what
    /// `hansa federation verify` takes. Absent until it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub bundle: Option<serde_json::Value>,
}

/// One machine that a partner delivers, or that is delivered for a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Its id: the machine's.
    pub id: String,
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// What this broker is in it: `consumer` or `provider`.
    pub role: String,
    /// `pending`, `held`, `acknowledged`, `in-progress`, `completed`, `failed`, `ending`, `ended` or `lost`.
    pub state: String,
    /// The offer's IRI.
    pub offer: String,
    /// The agreement's id, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The application of ours, where it is delivered for us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The generation that is wanted.
    pub generation: i64,
    /// What is waited for, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What runs: `proxy#0 running`.
    pub workloads: Vec<String>,
    /// When that was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// When it was first wished for.
    pub created_at: DateTime<Utc>,
}

/// Capacity that is kept for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hold {
    /// The order's id.
    pub id: String,
    /// The partner's DID.
    pub partner: String,
    /// The partner's name.
    pub partner_name: String,
    /// What this broker is in it: `consumer` or `provider`.
    pub role: String,
    /// The offer's IRI.
    pub offer: String,
    /// `placing`, `held`, `committed`, `releasing`, `released` or `expired`.
    pub state: String,
    /// Until when it is kept unless the order comes.
    pub until: DateTime<Utc>,
}

impl Agreement {
    /// As the Federation Manager keeps it.
    pub(crate) fn new(agreement: contracts::Agreement, names: &BTreeMap<String, String>) -> Self {
        Self {
            partner_name: name(names, &agreement.partner),
            id: agreement.id,
            partner: agreement.partner,
            role: match agreement.role {
                Role::Consumer => CONSUMER.to_owned(),
                Role::Provider => PROVIDER.to_owned(),
            },
            state: agreement.state.name().to_owned(),
            offer: agreement.offer.to_string(),
            offer_digest: agreement.digest,
            price_per_hour: agreement
                .clauses
                .map(|clauses| Price::new(clauses.price_per_hour.micros, clauses.price_per_hour.currency)),
            agreed_at: Some(agreement.agreed_at),
            countersigned: agreement.ours.is_some() && agreement.theirs.is_some(),
            reason: agreement.reason,
        }
    }
}

/// The name under which a state is serialised.
fn state_name(state: OrderState) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn workloads(report: Option<&OrderReport>) -> Vec<String> {
    let told = report.into_iter().flat_map(|report| &report.workloads);
    told.map(|workload| format!("{}#{} {}", workload.instance.component, workload.instance.ordinal, workload.state))
        .collect()
}

impl Order {
    /// What a partner delivers for this broker.
    pub(crate) fn bought(purchase: Purchase, names: &BTreeMap<String, String>, now: DateTime<Utc>) -> Self {
        let report = purchase.report(now);
        let state = match (&purchase.refused, &report) {
            _ if purchase.ended => "ended".to_owned(),
            _ if purchase.lost_since.is_some() && purchase.wish != Want::End => "lost".to_owned(),
            _ if purchase.wish == Want::End => "ending".to_owned(),
            (Some(_), _) => "failed".to_owned(),
            (None, Some(report)) if purchase.placed > 0 => state_name(report.state),
            _ if purchase.hold.is_some_and(|hold| hold.granted) => "held".to_owned(),
            _ => "pending".to_owned(),
        };
        let waits = (purchase.placed == 0 && !purchase.ended)
            .then(|| purchase.waits_for.clone())
            .filter(|text| !text.is_empty())
            .map(|text| format!("waits for {text}"));
        Self {
            id: purchase.id.to_string(),
            partner_name: name(names, &purchase.partner),
            role: CONSUMER.to_owned(),
            state,
            offer: purchase.offer.id.to_string(),
            generation: purchase.generation(),
            reason: purchase.refused.map(|no| no.reason).or_else(|| report.as_ref()?.reason.clone()).or(waits),
            workloads: workloads(report.as_ref()),
            as_of: report.as_ref().map(|report| report.as_of),
            partner: purchase.partner,
            agreement: purchase.agreement,
            application: Some(purchase.application.to_string()),
            created_at: purchase.created_at,
        }
    }

    /// What this broker delivers for a partner. None: nothing was ordered yet.
    pub(crate) fn sold(sale: Sale, report: &OrderReport, names: &BTreeMap<String, String>) -> Option<Self> {
        let generation = sale.generation();
        if generation == 0 {
            return None;
        }
        Some(Self {
            id: sale.id.to_string(),
            partner_name: name(names, &sale.partner),
            role: PROVIDER.to_owned(),
            state: state_name(report.state),
            offer: sale.offer.id.to_string(),
            generation,
            reason: sale.failure.or_else(|| report.reason.clone()),
            workloads: workloads(Some(report)),
            as_of: Some(report.as_of),
            partner: sale.partner,
            agreement: Some(sale.agreement),
            application: None,
            created_at: sale.created_at,
        })
    }
}

impl Hold {
    /// What a partner keeps for this broker. None: nothing was asked for.
    pub(crate) fn bought(purchase: &Purchase, names: &BTreeMap<String, String>) -> Option<Self> {
        let hold = purchase.hold.as_ref()?;
        let state = match purchase.wish {
            Want::End => "released",
            _ if purchase.placed > 0 => "committed",
            _ if hold.granted => "held",
            _ => "placing",
        };
        Some(Self {
            id: purchase.id.to_string(),
            partner: purchase.partner.clone(),
            partner_name: name(names, &purchase.partner),
            role: CONSUMER.to_owned(),
            offer: purchase.offer.id.to_string(),
            state: state.to_owned(),
            until: hold.until,
        })
    }

    /// What this broker keeps for a partner.
    pub(crate) fn sold(sale: &Sale, names: &BTreeMap<String, String>) -> Self {
        let state = match sale.hold {
            SaleHold::Placing => "placing",
            SaleHold::Held => "held",
            SaleHold::Committed => "committed",
            SaleHold::Releasing => "releasing",
            SaleHold::Released => "released",
            SaleHold::Expired => "expired",
        };
        Self {
            id: sale.id.to_string(),
            partner: sale.partner.clone(),
            partner_name: name(names, &sale.partner),
            role: PROVIDER.to_owned(),
            offer: sale.offer.id.to_string(),
            state: state.to_owned(),
            until: sale.until,
        }
    }
}
