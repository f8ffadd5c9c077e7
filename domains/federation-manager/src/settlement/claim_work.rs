//! The worker of the claims that we raise: it waits for the usage that the
//! amount rests on, signs once, and sends until there is an answer.

use super::{
    claim::{ClaimRecord, ClaimState},
    claim_buyer::{draft, is_complete},
};
use crate::{
    FederationError, FederationManager, Method,
    orders::{Purchase, Usage, UsageRole},
    outbox::{self, Next, Outcome},
    store,
};
use chrono::TimeDelta;
use hansa_federation::{
    SignedDocument,
    dsp::negotiation::path_segment,
    wire::{self, ClaimAnswer, ClaimVerdict},
};
use hansa_ontology::Actor;

/// The shortest and the longest pause between two looks at a disputed claim.
const PAUSES: (TimeDelta, TimeDelta) = (TimeDelta::milliseconds(250), TimeDelta::hours(1));

/// One round for one claim of ours.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn claim_work(manager: &FederationManager, partner: &str, id: &str) -> Result<Next, FederationError> {
    let (did, key) = (partner.to_owned(), id.to_owned());
    let found = manager
        .database()
        .read(move |connection| store::claims::find(connection, UsageRole::Buyer, &did, &key))
        .await?;
    let Some(claim) = found.filter(ClaimRecord::is_living) else {
        return Ok(Next::Never);
    };
    if super::is_left(manager, partner).await? {
        return Ok(Next::Never);
    }
    let Some(document) = claim.document.clone() else {
        return prepare(manager, &claim).await;
    };
    // A withdrawal may overtake the claim: so the claim goes first, again.
    let claim = send(manager, claim, &document).await?;
    if claim.state == ClaimState::Withdrawn && !claim.told {
        return withdraw(manager, claim).await;
    }
    if claim.is_living() {
        let age = (manager.now() - claim.since) / 4;
        return Ok(Next::After(age.clamp(PAUSES.0, PAUSES.1)));
    }
    Ok(Next::Never)
}

/// Computes and signs it, once all usage of the window is answered.
async fn prepare(manager: &FederationManager, claim: &ClaimRecord) -> Result<Next, FederationError> {
    let (now, own) = (manager.now(), manager.did().to_string());
    let waited = now - claim.raised_at > manager.settle_grace();
    let asked = claim.clone();
    let made = manager
        .database()
        .read(move |connection| {
            let (purchase, usage) = ground(connection, &asked)?;
            let made = draft(connection, &own, &purchase, &asked.terms, &usage)?;
            Ok::<_, FederationError>((waited || is_complete(&usage, &made)).then_some(made))
        })
        .await?;
    let Some(made) = made else {
        let age = (now - claim.raised_at) / 8;
        return Ok(Next::After(age.clamp(PAUSES.0, PAUSES.1)));
    };
    let document = manager.sign_json(&made).await?;
    let (asked, own) = (claim.clone(), manager.did().to_string());
    manager
        .database()
        .write(move |connection| {
            let kept = store::claims::find(connection, UsageRole::Buyer, &asked.partner, &asked.id)?;
            let Some(mut kept) = kept.filter(|kept| kept.document.is_none() && kept.is_living()) else {
                return Ok(Next::Never);
            };
            // Another claim may have taken of the cap meanwhile.
            let (purchase, usage) = ground(connection, &asked)?;
            if draft(connection, &own, &purchase, &asked.terms, &usage)? != made {
                return Ok(Next::After(TimeDelta::zero()));
            }
            kept.claim = Some(made);
            kept.document = Some(document);
            store::claims::save(connection, &kept)?;
            Ok(Next::After(TimeDelta::zero()))
        })
        .await
}

/// The order of a claim, and all its usage.
fn ground(
    connection: &mut hansa_repository::Connection,
    claim: &ClaimRecord,
) -> Result<(Purchase, Vec<Usage>), FederationError> {
    let found = store::orders::purchase(connection, claim.order)?;
    let mut purchase = found.ok_or_else(|| FederationError::NotFound(format!("the order {}", claim.order)))?;
    purchase.agreement = Some(claim.agreement.clone());
    let usage = store::usage::of_order(connection, UsageRole::Buyer, &claim.partner, claim.order)?;
    Ok((purchase, usage))
}

fn path(claim: &ClaimRecord) -> String {
    format!("{}/agreements/{}/claims/{}", wire::BASE, path_segment(&claim.agreement), claim.id)
}

/// Sends the claim, and takes the seller's word.
async fn send(
    manager: &FederationManager,
    claim: ClaimRecord,
    document: &SignedDocument,
) -> Result<ClaimRecord, FederationError> {
    let partner = claim.partner.clone();
    let outcome = manager.partner_call(&partner, Method::Put, &path(&claim), outbox::body(document)?).await?;
    let (word, answer) = match outcome {
        Outcome::Done(answer) => {
            let answer: SignedDocument = manager.read_answer(&partner, &answer)?;
            manager.signature_check(&partner, &answer).await?;
            let word: ClaimAnswer = answer.json()?;
            if word.claim != claim.id || word.digest != document.digest() {
                let message = format!("its word on the claim {} is about another", claim.id);
                return Err(FederationError::Protocol { partner, message });
            }
            (word, Some(answer))
        }
        Outcome::Missing => (refusal(&claim, "the partner knows no such order of ours".to_owned()), None),
        Outcome::Refused { reason, .. } => (refusal(&claim, format!("the partner refuses it: {reason}")), None),
    };
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            let kept = store::claims::find(connection, UsageRole::Buyer, &claim.partner, &claim.id)?;
            let mut kept = kept.ok_or_else(|| FederationError::NotFound(format!("the claim {}", claim.id)))?;
            let state = match word.verdict {
                ClaimVerdict::Accepted => ClaimState::Accepted,
                ClaimVerdict::Disputed => ClaimState::Disputed,
            };
            if kept.state != state && kept.state.may_become(state) {
                let actor = Actor::Partner(kept.partner.clone());
                kept.own_down_seconds = word.own_down_seconds;
                kept.answer = answer;
                kept.move_to(connection, state, (actor, word.reason), now)?;
                store::claims::save(connection, &kept)?;
            }
            Ok(kept)
        })
        .await
}

fn refusal(claim: &ClaimRecord, reason: String) -> ClaimAnswer {
    ClaimAnswer {
        claim: claim.id.clone(),
        digest: String::new(),
        verdict: ClaimVerdict::Disputed,
        reason: Some(reason),
        own_down_seconds: None,
    }
}

async fn withdraw(manager: &FederationManager, claim: ClaimRecord) -> Result<Next, FederationError> {
    let path = format!("{}/withdrawal", path(&claim));
    let outcome = manager.partner_call(&claim.partner, Method::Post, &path, outbox::body(&claim.withdrawal)?).await?;
    if let Outcome::Refused { reason, .. } = outcome {
        tracing::warn!(partner = claim.partner, claim = claim.id, reason, "our withdrawal of a claim is refused");
    }
    manager
        .database()
        .write(move |connection| {
            let kept = store::claims::find(connection, UsageRole::Buyer, &claim.partner, &claim.id)?;
            if let Some(mut kept) = kept {
                kept.told = true;
                store::claims::save(connection, &kept)?;
            }
            Ok::<_, FederationError>(Next::Never)
        })
        .await
}
