//! The second half of a contract: both sides sign the same bytes. The consumer
//! signs first and sends; the provider checks, signs the same bytes, and
//! answers with them. Either side may repeat it.

use super::{
    conformance,
    model::{Agreement, AgreementChange, AgreementState, Negotiation},
    paper, work,
};
use crate::{
    FederationError, FederationManager, Method, Peer,
    orders::note,
    outbox::{self, Next, Outcome},
    store,
};
use chrono::{DateTime, Utc};
use hansa_federation::{
    SignedDocument,
    document::{self, JSON},
    dsp::negotiation::{Role, State, path_segment},
    wire::{self, AgreementDocument},
};
use hansa_repository::Connection;
use serde_json::json;

impl FederationManager {
    /// As consumer, after FINALIZED: signs, sends, and takes the provider's
    /// signature over the same bytes. Then the agreement is active.
    pub(super) async fn agreement_seal(&self, negotiation: Negotiation) -> Result<Next, FederationError> {
        let now = self.now();
        let mut agreement = match self.unsigned(&negotiation).await? {
            Some(agreement) => agreement,
            None => return self.negotiation_finish(negotiation, None, now).await,
        };
        let text = paper::text(&agreement, self.did())?;
        let ours = match agreement.ours.clone() {
            Some(ours) => ours,
            None => self.sign_json(&text).await?,
        };
        agreement.ours = Some(ours.clone());
        // What we sign is kept before it leaves.
        let kept = agreement.clone();
        self.database().write(move |connection| store::contracts::agreement_save(connection, &kept)).await?;
        let path = format!("{}/agreements/{}/signature", wire::BASE, path_segment(&agreement.id));
        let outcome = self.partner_call(&agreement.partner, Method::Post, &path, outbox::body(&ours)?).await?;
        let theirs: SignedDocument = match outcome {
            Outcome::Done(answer) => self.read_answer(&agreement.partner, &answer)?,
            Outcome::Missing => {
                return Err(FederationError::Unavailable("the partner doesn't have the agreement yet".to_owned()));
            }
            Outcome::Refused { reason, .. } => {
                agreement.state = AgreementState::Retired;
                agreement.reason = Some(format!("the partner doesn't sign: {reason}"));
                return self.negotiation_finish(negotiation, Some(agreement), now).await;
            }
        };
        if theirs.content != ours.content {
            return Err(FederationError::Protocol {
                partner: agreement.partner.clone(),
                message: "it signed other bytes than ours".to_owned(),
            });
        }
        self.signature_check(&agreement.partner, &theirs).await?;
        agreement.theirs = Some(theirs);
        agreement.state = AgreementState::Active;
        self.negotiation_finish(negotiation, Some(agreement), now).await
    }

    /// The agreement that is still to be signed; None: it is, or needs no signature.
    async fn unsigned(&self, negotiation: &Negotiation) -> Result<Option<Agreement>, FederationError> {
        if conformance::is_counterpart(&negotiation.partner) {
            return Ok(None);
        }
        let id = negotiation.agreement.as_ref().map(|policy| policy.id.clone()).unwrap_or_default();
        let partner = negotiation.partner.clone();
        let known =
            self.database().read(move |connection| store::contracts::agreement(connection, &partner, &id)).await?;
        if let Some(known) = known {
            return Ok((known.state == AgreementState::Unsigned).then_some(known));
        }
        paper::agreement(negotiation).map(Some)
    }

    async fn negotiation_finish(
        &self,
        read: Negotiation,
        agreement: Option<Agreement>,
        now: DateTime<Utc>,
    ) -> Result<Next, FederationError> {
        self.database()
            .write(move |connection| {
                if let Some(agreement) = agreement {
                    store::contracts::agreement_save(connection, &agreement)?;
                }
                if let Some(mut negotiation) = store::contracts::negotiation(connection, &read.id)? {
                    work::finish(connection, &mut negotiation, now)?;
                }
                Ok(Next::Never)
            })
            .await
    }

    /// `POST agreements/{id}/signature`: a consumer's signature under an
    /// agreement of ours. Answers with our signature over the same bytes; again
    /// with the same one.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for an agreement that isn't the
    /// partner's, [`FederationError::Conflict`] for a text that isn't ours,
    /// [`FederationError::Words`] for a signature that doesn't hold.
    pub async fn agreement_countersign(
        &self,
        peer: &Peer,
        id: &str,
        signature: SignedDocument,
    ) -> Result<SignedDocument, FederationError> {
        let agreement = self.agreement_of(peer, id).await?;
        if let (Some(ours), Some(theirs)) = (&agreement.ours, &agreement.theirs)
            && theirs.content == signature.content
        {
            return Ok(ours.clone());
        }
        if agreement.state != AgreementState::Unsigned {
            return Err(FederationError::Agreement(format!("the agreement {id} is {}", agreement.state.name())));
        }
        if signature.content_type != JSON {
            return Err(FederationError::invalid("contentType", format!("an agreement is {JSON}")));
        }
        let text: AgreementDocument = signature.json()?;
        let mut expected = paper::text(&agreement, self.did())?;
        // How long it stands is the offer's word, which both have; the earlier end counts.
        if let (Some(theirs), ours) = (text.valid_through, expected.valid_through)
            && ours.is_none_or(|ours| theirs < ours)
        {
            expected.valid_through = Some(theirs);
        }
        if text != expected {
            return Err(FederationError::Conflict("this isn't the text that was agreed on".to_owned()));
        }
        self.signature_check(&peer.did, &signature).await?;
        let ours = document::sign(self.keys(), JSON, signature.content.clone(), self.now()).await?;
        let signed = Agreement {
            ours: Some(ours.clone()),
            theirs: Some(signature),
            state: AgreementState::Active,
            valid_through: expected.valid_through,
            ..agreement
        };
        let (now, actor) = (self.now(), peer.actor());
        self.database()
            .write(move |connection| {
                let now_kept = store::contracts::agreement(connection, &signed.partner, &signed.id)?;
                if let Some(kept) = now_kept.filter(|kept| kept.state != AgreementState::Unsigned) {
                    return kept.ours.ok_or_else(|| FederationError::Agreement("it is over".to_owned()));
                }
                store::contracts::agreement_save(connection, &signed)?;
                note(
                    connection,
                    now,
                    (actor, None),
                    ("agreement.signed", format!("agreement/{}", signed.id)),
                    format!("both sides have signed the agreement on {}", signed.offer),
                    json!({ "partner": signed.partner, "offer": signed.offer }),
                )?;
                Ok(ours)
            })
            .await
    }

    /// The agreement with a peer, also while our last message of its
    /// negotiation isn't acknowledged: a partner that signs has got it.
    async fn agreement_of(&self, peer: &Peer, id: &str) -> Result<Agreement, FederationError> {
        let (did, key) = (peer.did.clone(), id.to_owned());
        let missing = || FederationError::NotFound(format!("the agreement {id}"));
        let found = self.database().read(move |connection| store::contracts::agreement(connection, &did, &key)).await?;
        if let Some(found) = found {
            return Ok(found);
        }
        let (did, key) = (peer.did.clone(), id.to_owned());
        let negotiation = self
            .database()
            .read(move |connection| {
                let list = store::contracts::negotiations_open(connection, &did, Role::Provider)?;
                let of_agreement = |negotiation: &Negotiation| {
                    matches!(negotiation.state, Some(State::Verified | State::Finalized))
                        && negotiation.agreement.as_ref().is_some_and(|policy| policy.id == key)
                };
                Ok::<_, FederationError>(list.into_iter().find(of_agreement))
            })
            .await?
            .ok_or_else(missing)?;
        let agreement = paper::agreement(&negotiation)?;
        let made = agreement.clone();
        self.database()
            .write(move |connection| {
                if store::contracts::agreement(connection, &made.partner, &made.id)?.is_none() {
                    store::contracts::agreement_save(connection, &made)?;
                }
                Ok::<_, FederationError>(())
            })
            .await?;
        Ok(agreement)
    }

    /// Checks a partner's signature with the keys that are pinned.
    pub(crate) async fn signature_check(&self, partner: &str, signed: &SignedDocument) -> Result<(), FederationError> {
        let (did, now) = (partner.to_owned(), self.now());
        let found = self.database().read(move |connection| store::partners::get(connection, &did)).await?;
        document::verify(signed, &found.keys, now)?;
        Ok(())
    }
}

/// The change of an agreement, with its event.
pub(super) fn change(
    connection: &mut Connection,
    agreement: &mut Agreement,
    change: AgreementChange,
    actor: hansa_ontology::Actor,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let Some(state) = agreement.state.after(change) else {
        return Err(FederationError::Conflict(format!("the agreement is {} already", agreement.state.name())));
    };
    agreement.state = state;
    agreement.reason = reason;
    store::contracts::agreement_save(connection, agreement)?;
    let kind = format!("agreement.{}", state.name().to_lowercase());
    let why = agreement.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    note(
        connection,
        now,
        (actor, None),
        (&kind, format!("agreement/{}", agreement.id)),
        format!("the agreement with {} on {} is {}{why}", agreement.partner, agreement.offer, state.name()),
        json!({ "partner": agreement.partner, "offer": agreement.offer, "reason": agreement.reason }),
    )?;
    Ok(())
}
