//! The agreement's text that both sides sign: made from the same facts on both
//! sides, so that each can check what the other signed.

use super::model::{Agreement, AgreementState, Negotiation};
use crate::FederationError;
use chrono::{DateTime, Utc};
use hansa_federation::{
    Did,
    dsp::{Policy, negotiation::Role},
    wire::AgreementDocument,
};
use hansa_ontology::OfferId;

/// When it was agreed, as the ODRL agreement says.
pub(super) fn agreed_at(policy: &Policy) -> Result<DateTime<Utc>, FederationError> {
    let text = policy.timestamp.as_deref().unwrap_or_default();
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed.map(|at| at.with_timezone(&Utc)).map_err(|error| {
        FederationError::invalid(
            "agreement.timestamp",
            format!("`{text}` is no time as in 2026-01-31T12:00:00Z: {error}"),
        )
    })
}

/// The text of an agreement.
pub(super) fn text(agreement: &Agreement, own: &Did) -> Result<AgreementDocument, FederationError> {
    let partner = Did::new(agreement.partner.clone())?;
    let (provider, consumer) = match agreement.role {
        Role::Provider => (own.clone(), partner),
        Role::Consumer => (partner, own.clone()),
    };
    let policy = serde_json::to_value(&agreement.policy)
        .map_err(|error| FederationError::Internal(format!("an agreement has no JSON form: {error}")))?;
    Ok(AgreementDocument {
        agreement: policy,
        provider,
        consumer,
        offer: agreement.offer.clone(),
        offer_digest: agreement.digest.clone(),
        agreed_at: agreed_at(&agreement.policy)?,
        valid_through: agreement.valid_through,
    })
}

/// The agreement that a finalized negotiation brought, not signed yet.
pub(super) fn agreement(negotiation: &Negotiation) -> Result<Agreement, FederationError> {
    let policy = negotiation.agreement.clone();
    let policy = policy.ok_or_else(|| FederationError::Internal("a contract without its text".to_owned()))?;
    let offer = OfferId::new(negotiation.offer.clone())
        .map_err(|error| FederationError::invalid("offer.target", error.to_string()))?;
    let subject = negotiation.subject.clone();
    Ok(Agreement {
        id: policy.id.clone(),
        partner: negotiation.partner.clone(),
        role: negotiation.role,
        negotiation: negotiation.id.clone(),
        offer,
        digest: negotiation.digest.clone(),
        offer_document: subject.as_ref().and_then(|subject| subject.document.clone()),
        clauses: subject.as_ref().map(|subject| subject.clauses.clone()),
        agreed_at: agreed_at(&policy)?,
        valid_through: subject.and_then(|subject| subject.valid_through),
        policy,
        ours: None,
        theirs: None,
        state: AgreementState::Unsigned,
        reason: None,
        untold: None,
    })
}
