//! Claims that partners raise: as seller, each is judged once, and answered
//! with our signed word. A person may accept what was disputed.

use super::{
    claim::{ClaimRecord, ClaimState, ClaimTerms},
    claim_judge::{self, Facts},
};
use crate::{FederationError, FederationManager, Peer, orders::UsageRole, store};
use chrono::TimeDelta;
use hansa_accounting::settle::Claim;
use hansa_federation::{
    SignedDocument,
    dsp::negotiation::Role,
    wire::{ClaimAnswer, ClaimVerdict, ClaimWithdrawal},
};
use hansa_ontology::{Actor, sla::Window};
use hansa_repository::Connection;

impl FederationManager {
    /// `PUT agreements/{id}/claims/{claim}`: a partner's claim. Answers with our
    /// signed word; again with the same claim: with the word that stands.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] when it has no such order here,
    /// [`FederationError::Invalid`] for a name that isn't the content's,
    /// [`FederationError::Conflict`] for the same name with other content,
    /// [`FederationError::Words`] for a signature that doesn't hold,
    /// [`FederationError::Unavailable`] when usage that it rests on isn't answered yet.
    pub async fn claim_receive(
        &self,
        peer: &Peer,
        agreement: &str,
        id: &str,
        document: SignedDocument,
    ) -> Result<SignedDocument, FederationError> {
        self.signature_check(&peer.did, &document).await?;
        let claim: Claim = document.json()?;
        self.addressed(peer, agreement, id, &claim)?;
        if let Some(word) = self.claim_answered(peer, id, &document).await? {
            return Ok(word);
        }
        let facts = self.facts(peer, &claim).await?;
        if claim_judge::waits(&claim, &facts) {
            let message = "the answer to usage that it rests on isn't here yet; send it again";
            return Err(FederationError::Unavailable(message.to_owned()));
        }
        let reason = claim_judge::fault(&claim, &facts);
        let word = self.word(id, &document, reason.clone(), facts.down_seconds).await?;
        let (now, actor, role) = (self.now(), peer.actor(), UsageRole::Seller);
        let state = if reason.is_none() { ClaimState::Accepted } else { ClaimState::Disputed };
        let record = ClaimRecord {
            id: id.to_owned(),
            role,
            partner: peer.did.clone(),
            order: claim.order,
            agreement: claim.agreement.clone(),
            terms: terms(&claim),
            claim: Some(claim),
            document: Some(document),
            answer: Some(word.clone()),
            withdrawal: None,
            state,
            reason,
            own_down_seconds: facts.down_seconds,
            told: true,
            settled_in: None,
            since: now,
            raised_at: now,
        };
        self.database()
            .write(move |connection| {
                if let Some(known) = store::claims::find(connection, role, &record.partner, &record.id)? {
                    return known.answer.ok_or_else(|| claim_judge::other_content(&record.id));
                }
                // Two claims at once must not both be within the cap.
                if accepted(connection, &record)? != facts.accepted_micros {
                    return Err(FederationError::Unavailable("another claim came meanwhile; send it again".to_owned()));
                }
                store::claims::save(connection, &record)?;
                record.told_event(connection, actor, now)?;
                Ok(word)
            })
            .await
    }

    fn addressed(&self, peer: &Peer, agreement: &str, id: &str, claim: &Claim) -> Result<(), FederationError> {
        if claim.agreement != agreement {
            return Err(FederationError::invalid("agreement", "it is not the agreement in the path"));
        }
        if claim.buyer.as_str() != peer.did || claim.seller.as_str() != self.did().as_str() {
            return Err(FederationError::invalid("buyer", "a claim is of the sender, against the receiver"));
        }
        if claim.id() != id {
            return Err(FederationError::invalid("id", format!("this claim's id is {}", claim.id())));
        }
        Ok(())
    }

    /// Our word on a claim that came before.
    async fn claim_answered(
        &self,
        peer: &Peer,
        id: &str,
        document: &SignedDocument,
    ) -> Result<Option<SignedDocument>, FederationError> {
        let (did, key) = (peer.did.clone(), id.to_owned());
        let known = self
            .database()
            .read(move |connection| store::claims::find(connection, UsageRole::Seller, &did, &key))
            .await?;
        match known {
            None => Ok(None),
            Some(known) if known.document.as_ref().map(SignedDocument::digest) == Some(document.digest()) => {
                Ok(known.answer)
            }
            Some(_) => Err(claim_judge::other_content(id)),
        }
    }

    async fn facts(&self, peer: &Peer, claim: &Claim) -> Result<Facts, FederationError> {
        let (partner, asked) = (peer.did.clone(), claim.clone());
        let missing = || FederationError::NotFound(format!("the order {} under this agreement", claim.order));
        let found = self
            .database()
            .read(move |connection| {
                let sale = store::orders::sale(connection, &partner, asked.order)?;
                let agreement = store::contracts::agreement(connection, &partner, &asked.agreement)?;
                let usage = store::usage::of_order(connection, UsageRole::Seller, &partner, asked.order)?;
                let month = Window::Month.containing(asked.window_bounds().0).0;
                let accepted = accepted_of(connection, &partner, &asked, month)?;
                Ok::<_, FederationError>((sale, agreement, usage, accepted))
            })
            .await?;
        let (sale, agreement, usage, accepted_micros) = found;
        let sale = sale.filter(|sale| sale.begun_at.is_some()).ok_or_else(missing)?;
        let agreement = agreement.filter(|found| found.role == Role::Provider).ok_or_else(missing)?;
        let under = sale.agreement == agreement.id || usage.iter().any(|usage| usage.record.agreement == agreement.id);
        let clauses = agreement.clauses.filter(|_| under).ok_or_else(missing)?;
        let sla =
            clauses.sla.ok_or_else(|| FederationError::Agreement("the offer promises no service level".to_owned()))?;
        let down_seconds = match claim.metric {
            hansa_ontology::sla::Metric::Availability => {
                self.own_down_seconds(claim.order, claim.from, claim.until).await?
            }
            _ => None,
        };
        Ok(Facts {
            sla,
            price: clauses.price_per_hour,
            offer: agreement.offer,
            begun: sale.begun_at.unwrap_or(sale.created_at),
            ended: sale.ended_at,
            usage,
            accepted_micros,
            down_seconds,
            tolerance: TimeDelta::from_std(self.options().claim_tolerance).unwrap_or(TimeDelta::zero()),
        })
    }

    async fn word(
        &self,
        id: &str,
        document: &SignedDocument,
        reason: Option<String>,
        own_down_seconds: Option<u64>,
    ) -> Result<SignedDocument, FederationError> {
        let verdict = if reason.is_none() { ClaimVerdict::Accepted } else { ClaimVerdict::Disputed };
        let word = ClaimAnswer { claim: id.to_owned(), digest: document.digest(), verdict, reason, own_down_seconds };
        self.sign_json(&word).await
    }

    /// Our owner accepts a partner's claim that was disputed. The partner learns
    /// of it when it asks next.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], [`FederationError::Conflict`] when it is
    /// our own claim, or not disputed.
    pub async fn claim_accept(&self, id: &str, actor: Actor) -> Result<ClaimRecord, FederationError> {
        let found = self.claim_show(id).await?;
        if found.role != UsageRole::Seller {
            let message = "it is our own claim: the partner accepts it, or you withdraw it";
            return Err(FederationError::Conflict(message.to_owned()));
        }
        let Some(document) = &found.document else {
            return Err(FederationError::Internal("a partner's claim without its document".to_owned()));
        };
        let word = self.word(id, document, None, found.own_down_seconds).await?;
        let now = self.now();
        self.database()
            .write(move |connection| {
                let kept = store::claims::find(connection, found.role, &found.partner, &found.id)?;
                let mut claim = kept.ok_or_else(|| FederationError::NotFound(format!("the claim {}", found.id)))?;
                claim.move_to(connection, ClaimState::Accepted, (actor, None), now)?;
                claim.answer = Some(word);
                store::claims::save(connection, &claim)?;
                Ok(claim)
            })
            .await
    }

    /// `POST agreements/{id}/claims/{claim}/withdrawal`: the partner takes its
    /// claim back. Again: changes nothing.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], [`FederationError::Conflict`] when it is
    /// in an agreed statement or the digest is another's,
    /// [`FederationError::Words`] for a signature that doesn't hold.
    pub async fn claim_withdrawn(
        &self,
        peer: &Peer,
        id: &str,
        document: SignedDocument,
    ) -> Result<(), FederationError> {
        self.signature_check(&peer.did, &document).await?;
        let word: ClaimWithdrawal = document.json()?;
        if word.claim != id {
            return Err(FederationError::invalid("claim", "it is not the claim in the path"));
        }
        let (partner, actor, now) = (peer.did.clone(), peer.actor(), self.now());
        self.database()
            .write(move |connection| {
                let known = store::claims::find(connection, UsageRole::Seller, &partner, &word.claim)?;
                let mut claim = known.ok_or_else(|| FederationError::NotFound(format!("the claim {}", word.claim)))?;
                if claim.document.as_ref().map(SignedDocument::digest).as_ref() != Some(&word.digest) {
                    return Err(FederationError::Conflict("this digest isn't that of the claim".to_owned()));
                }
                if claim.state == ClaimState::Withdrawn {
                    return Ok(());
                }
                if claim.settled_in.is_some() {
                    return Err(FederationError::Conflict("it is in a statement that both have signed".to_owned()));
                }
                let reason = Some(word.reason.chars().take(500).collect());
                claim.move_to(connection, ClaimState::Withdrawn, (actor, reason), now)?;
                claim.withdrawal = Some(document);
                store::claims::save(connection, &claim)?;
                Ok(())
            })
            .await
    }
}

/// What a claim says that was missed.
fn terms(claim: &Claim) -> ClaimTerms {
    ClaimTerms {
        metric: claim.metric,
        target: claim.target,
        window: claim.window,
        percentile: claim.percentile,
        from: claim.from,
        until: claim.until,
        observed_seconds: claim.observed_seconds,
        measured: claim.measured,
        down: claim.down.clone(),
    }
}

fn accepted(connection: &mut Connection, record: &ClaimRecord) -> Result<i64, FederationError> {
    match &record.claim {
        Some(claim) => accepted_of(connection, &record.partner, claim, record.month()),
        None => Ok(0),
    }
}

/// What accepted claims of an order take of a month's cap.
fn accepted_of(
    connection: &mut Connection,
    partner: &str,
    claim: &Claim,
    month: chrono::DateTime<chrono::Utc>,
) -> Result<i64, FederationError> {
    let others = store::claims::of_order(connection, UsageRole::Seller, partner, claim.order)?;
    let others = others.iter().filter(|other| other.state == ClaimState::Accepted && other.month() == month);
    Ok(others.filter_map(|other| other.claim.as_ref()).fold(0, |sum, other| sum + other.credit.micros))
}
