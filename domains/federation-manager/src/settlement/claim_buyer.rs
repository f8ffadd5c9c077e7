//! Claims that we raise: as buyer, for what a partner promised and missed.

use super::{
    claim::{ClaimRecord, ClaimState, ClaimTerms},
    named, ruled,
};
use crate::{
    FederationError, FederationManager,
    orders::{Purchase, Usage, UsageRole},
    outbox::{self, Item},
    store,
};
use chrono::{DateTime, Utc};
use hansa_accounting::settle::{Claim, Credit, CreditCap};
use hansa_federation::wire::{ClaimWithdrawal, UsageReason};
use hansa_ontology::{Actor, MachineId};
use hansa_repository::Connection;

/// Unit seconds that a price is for.
pub(super) const HOUR: u64 = 3_600;

impl FederationManager {
    /// Claims of a partner what it promised for an order and missed. The amount
    /// is computed, signed and sent by itself once the usage of the window is
    /// acknowledged. Again for the same objective and window: changes nothing.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] when the order is none of ours at a
    /// partner, [`FederationError::Invalid`] when the window isn't over or the
    /// signed offer owes nothing for this value.
    pub async fn claim_raise(&self, order: MachineId, terms: ClaimTerms) -> Result<ClaimRecord, FederationError> {
        let now = self.now();
        let own = self.did().to_string();
        self.database()
            .write(move |connection| {
                let found = store::orders::purchase(connection, order)?;
                let purchase = found.ok_or_else(|| FederationError::NotFound(format!("the order {order} of ours")))?;
                if terms.window.containing(terms.from).1 > now && purchase.ended_at.is_none() {
                    let message = "the window isn't over; claim when it is, or when the order has ended";
                    return Err(FederationError::invalid("until", message));
                }
                // With no usage yet: whether anything is owed at all.
                let draft = draft(connection, &own, &purchase, &terms, &[])?;
                let id = draft.id();
                if let Some(known) = store::claims::find(connection, UsageRole::Buyer, &purchase.partner, &id)? {
                    return Ok(known);
                }
                let claim = ClaimRecord {
                    id: id.clone(),
                    role: UsageRole::Buyer,
                    partner: purchase.partner.clone(),
                    order,
                    agreement: draft.agreement,
                    terms,
                    claim: None,
                    document: None,
                    answer: None,
                    withdrawal: None,
                    state: ClaimState::Raised,
                    reason: None,
                    own_down_seconds: None,
                    told: false,
                    settled_in: None,
                    since: now,
                    raised_at: now,
                };
                store::claims::save(connection, &claim)?;
                claim.told_event(connection, Actor::Broker, now)?;
                outbox::enqueue(connection, &purchase.partner, &Item::Claim(id), now)?;
                Ok(claim)
            })
            .await
    }

    /// We take a claim back that the partner has not accepted.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], [`FederationError::Conflict`] when it
    /// isn't ours, or stands otherwise.
    pub async fn claim_withdraw(&self, id: &str, reason: String, actor: Actor) -> Result<ClaimRecord, FederationError> {
        let found = self.claim_show(id).await?;
        if found.role != UsageRole::Buyer {
            let message = "it is the partner's claim: only the partner withdraws it, and you accept it";
            return Err(FederationError::Conflict(message.to_owned()));
        }
        let now = self.now();
        let digest = found.document.as_ref().map(hansa_federation::SignedDocument::digest);
        let withdrawal = match &digest {
            Some(digest) => {
                let word = ClaimWithdrawal {
                    claim: found.id.clone(),
                    digest: digest.clone(),
                    reason: reason.clone(),
                    at: now,
                };
                Some(self.sign_json(&word).await?)
            }
            None => None,
        };
        self.database()
            .write(move |connection| {
                let kept = store::claims::find(connection, found.role, &found.partner, &found.id)?;
                let mut claim = kept.ok_or_else(|| FederationError::NotFound(format!("the claim {}", found.id)))?;
                if claim.state == ClaimState::Accepted {
                    return Err(FederationError::Conflict("the partner has accepted it: it is owed".to_owned()));
                }
                if claim.document.as_ref().map(hansa_federation::SignedDocument::digest) != digest {
                    return Err(FederationError::Unavailable("it is being sent right now; try again".to_owned()));
                }
                claim.move_to(connection, ClaimState::Withdrawn, (actor, Some(reason)), now)?;
                claim.told = withdrawal.is_none();
                claim.withdrawal = withdrawal;
                store::claims::save(connection, &claim)?;
                outbox::enqueue(connection, &claim.partner, &Item::Claim(claim.id.clone()), now)?;
                Ok(claim)
            })
            .await
    }
}

/// The claim with its amount, from the usage that both sides have signed.
pub(super) fn draft(
    connection: &mut Connection,
    own: &str,
    purchase: &Purchase,
    terms: &ClaimTerms,
    usage: &[Usage],
) -> Result<Claim, FederationError> {
    let missing = |what: &str| FederationError::invalid("order", format!("{what}, so nothing is promised"));
    let id = purchase.agreement.clone().or_else(|| usage.last().map(|usage| usage.record.agreement.clone()));
    let id = id.ok_or_else(|| missing("it has no agreement"))?;
    let agreement = store::contracts::agreement(connection, &purchase.partner, &id)?;
    let clauses = agreement.and_then(|agreement| agreement.clauses).ok_or_else(|| missing("its offer isn't known"))?;
    let sla = clauses.sla.ok_or_else(|| missing("its offer has no service level"))?;
    let mut claim = Claim {
        buyer: named(own)?,
        seller: named(&purchase.partner)?,
        order: purchase.id,
        agreement: id,
        offer: purchase.offer.id.clone(),
        metric: terms.metric,
        target: terms.target,
        window: terms.window,
        percentile: terms.percentile,
        from: terms.from,
        until: terms.until,
        observed_seconds: terms.observed_seconds,
        measured: terms.measured,
        down: terms.down.clone(),
        usage: Vec::new(),
        currency: clauses.price_per_hour.currency,
        credit: Credit::new(0, (0, HOUR), rust_decimal::Decimal::ZERO, None).map_err(ruled)?,
    };
    let objective = sla.objectives.iter().find(|one| {
        (one.metric, one.target, one.window, one.percentile)
            == (terms.metric, terms.target, terms.window, terms.percentile)
    });
    let remedy = objective.and_then(|objective| objective.remedy(terms.measured)).ok_or_else(|| {
        FederationError::invalid("measured", format!("the signed offer owes nothing for {}", terms.measured))
    })?;
    let (begin, end) = claim.window_bounds();
    let (seconds, digests) = agreed(usage, &claim.agreement, begin, end);
    let cap = match sla.credit_cap_percent {
        None => None,
        Some(percent) => Some(CreditCap {
            percent,
            seconds: agreed(usage, &claim.agreement, claim.cap_begin(), end).0,
            before_micros: before(connection, purchase, &claim)?,
        }),
    };
    claim.usage = digests;
    let price = (clauses.price_per_hour.micros, HOUR);
    claim.credit = Credit::new(seconds, price, remedy.credit_percent, cap).map_err(ruled)?;
    claim.check().map_err(ruled)?;
    Ok(claim)
}

/// Unit seconds and digests of what both sides have signed and begins within a stretch.
pub(super) fn agreed(
    usage: &[Usage],
    agreement: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> (u64, Vec<String>) {
    let counted = |usage: &&Usage| {
        let record = &usage.record;
        usage.is_agreed() && record.agreement == agreement && record.from >= from && record.from < until
    };
    let counted: Vec<&Usage> = usage.iter().filter(counted).collect();
    let seconds = counted.iter().fold(0_u64, |sum, usage| sum.saturating_add(usage.record.unit_seconds));
    let mut digests: Vec<String> = counted.iter().map(|usage| usage.document.digest()).collect();
    digests.sort_unstable();
    (seconds, digests)
}

/// What our other claims about the order take of the month's cap.
fn before(connection: &mut Connection, purchase: &Purchase, claim: &Claim) -> Result<i64, FederationError> {
    let (id, month) = (claim.id(), hansa_ontology::sla::Window::Month.containing(claim.window_bounds().0).0);
    let others = store::claims::of_order(connection, UsageRole::Buyer, &purchase.partner, purchase.id)?;
    let others =
        others.iter().filter(|other| other.id != id && other.state != ClaimState::Withdrawn && other.month() == month);
    Ok(others.filter_map(|other| other.claim.as_ref()).fold(0, |sum, other| sum + other.credit.micros))
}

/// Whether all usage of a window has come and is answered, or will never come.
pub(super) fn is_complete(usage: &[Usage], claim: &Claim) -> bool {
    let (begin, end) = claim.window_bounds();
    let within = |usage: &&Usage| usage.record.from >= begin && usage.record.from < end;
    let last = usage.last().is_some_and(|last| {
        last.record.to >= end || matches!(last.record.reason, UsageReason::Ended | UsageReason::Failed)
    });
    last && usage.iter().filter(within).all(|usage| usage.told)
}
