//! What our owner decides about a partner, and how a partner that is left comes to its end.

use super::{Partner, PartnerEvent, PartnerPolicy, PartnerState, event};
use crate::{FederationError, FederationManager, exchange::PULL_QUEUE, orders, store};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ProviderId};
use hansa_repository::{Connection, catalogue::partner as catalogue, event as log, time, work};

impl FederationManager {
    /// Every partner, by DID.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn partner_list(&self) -> Result<Vec<Partner>, FederationError> {
        Ok(self.database().read(store::partners::list).await?)
    }

    /// One partner.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn partner_get(&self, did: &str) -> Result<Partner, FederationError> {
        let did = did.to_owned();
        Ok(self.database().read(move |connection| store::partners::get(connection, &did)).await?)
    }

    /// Puts a partner on hold: nothing new is ordered, either way; what runs goes on.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` unless it is active.
    pub async fn partner_suspend(
        &self,
        did: &str,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Partner, FederationError> {
        self.partner_change(did, PartnerEvent::Suspend, reason, actor).await
    }

    /// Ends the hold.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` unless it is suspended.
    pub async fn partner_resume(&self, did: &str, actor: Actor) -> Result<Partner, FederationError> {
        self.partner_change(did, PartnerEvent::Resume, None, actor).await
    }

    /// Leaves a partner: no new orders, its offers are gone at once, what runs
    /// comes to its end, and then it is terminated. Once more is no error.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn partner_terminate(
        &self,
        did: &str,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Partner, FederationError> {
        let partner = self.partner_get(did).await?;
        if matches!(partner.state, PartnerState::Draining | PartnerState::Terminated) {
            return Ok(partner);
        }
        self.partner_change(did, PartnerEvent::Terminate, reason, actor).await
    }

    /// Says what a partner may see and do, and what we take from it. What is
    /// here of its offers is judged anew.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn partner_policy_set(
        &self,
        did: &str,
        policy: PartnerPolicy,
        actor: Actor,
    ) -> Result<Partner, FederationError> {
        let (did, now) = (did.to_owned(), self.now());
        self.database()
            .write(move |connection| {
                let mut partner = store::partners::get(connection, &did)?;
                if partner.policy == policy {
                    return Ok(partner);
                }
                let judged_anew = partner.policy.accepted != policy.accepted;
                partner.policy = policy;
                store::partners::put(connection, &partner)?;
                if judged_anew {
                    store::received::judge_anew(connection, &did)?;
                    let mut position = store::partners::position(connection, &did)?;
                    position.snapshot_due = Some(time::to_column(now));
                    store::partners::position_put(connection, &position)?;
                }
                let message = format!("The policy for {} was changed.", partner.name);
                let mut told = event::of_partner(&partner, "partner.policy-changed", message, actor, now);
                told.data = serde_json::json!({ "did": did, "policy": partner.policy });
                log::append(connection, &told)?;
                work::enqueue(connection, PULL_QUEUE, &did, now)?;
                Ok(partner)
            })
            .await
    }

    pub(crate) async fn partner_change(
        &self,
        did: &str,
        happens: PartnerEvent,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Partner, FederationError> {
        let (did, now) = (did.to_owned(), self.now());
        self.database().write(move |connection| change(connection, &did, happens, reason, actor, now)).await
    }

    /// A partner that is being left is terminated when nothing of it runs any
    /// more. True: it is.
    pub(crate) async fn drained_check(&self, did: &str) -> Result<bool, FederationError> {
        let (did, now) = (did.to_owned(), self.now());
        self.database()
            .write(move |connection| {
                let partner = store::partners::get(connection, &did)?;
                if partner.state != PartnerState::Draining || orders::living(connection, &did)? > 0 {
                    return Ok(partner.state == PartnerState::Terminated);
                }
                let reason = partner.reason;
                change(connection, &did, PartnerEvent::Drained, reason, Actor::Broker, now)?;
                Ok(true)
            })
            .await
    }
}

/// Changes a partner's state, with what follows from it, in the caller's transaction.
pub(crate) fn change(
    connection: &mut Connection,
    did: &str,
    happens: PartnerEvent,
    reason: Option<String>,
    actor: Actor,
    now: DateTime<Utc>,
) -> Result<Partner, FederationError> {
    let mut partner = store::partners::get(connection, did)?;
    partner.apply(happens, reason.as_deref().map(event::short), now)?;
    let because = event::because(partner.reason.as_deref());
    let (kind, what) = match happens {
        PartnerEvent::Handshake => ("partner.handshake", "has begun the handshake".to_owned()),
        PartnerEvent::Activate => ("partner.active", "is a partner now".to_owned()),
        PartnerEvent::Suspend => ("partner.suspended", format!("is suspended{because}")),
        PartnerEvent::Resume => ("partner.resumed", "is active again".to_owned()),
        PartnerEvent::Terminate => ("partner.draining", format!("is being left{because}")),
        PartnerEvent::Drained => ("partner.terminated", "is left; nothing of it runs any more".to_owned()),
    };
    if matches!(happens, PartnerEvent::Terminate) {
        leave(connection, did, now)?;
    }
    store::partners::put(connection, &partner)?;
    let message = format!("{} ({did}) {what}.", partner.name);
    log::append(connection, &event::of_partner(&partner, kind, message, actor, now))?;
    work::enqueue(connection, PULL_QUEUE, did, now)?;
    Ok(partner)
}

/// Its offers vanish, and what was to be remembered of its feed with them.
fn leave(connection: &mut Connection, did: &str, now: DateTime<Utc>) -> Result<(), FederationError> {
    catalogue::withdraw_all(connection, did)?;
    store::received::forget(connection, did)?;
    store::partners::position_put(connection, &store::partners::Position::new(did))?;
    if let Some(mut open) = store::invitations::taken(connection, did)? {
        open.use_up(did, now);
        store::invitations::put(connection, &open)?;
    }
    Ok(())
}

/// Refuses a provider that is ours or another partner's: its offers would be both's.
pub(crate) fn provider_check(
    connection: &mut Connection,
    provider: &ProviderId,
    did: &str,
    own: &ProviderId,
) -> Result<(), FederationError> {
    if provider == own {
        return Err(FederationError::invalid("provider", format!("{provider} is this broker's own provider")));
    }
    let other = store::partners::list(connection)?.into_iter().find(|partner| {
        partner.did != did && partner.state != PartnerState::Terminated && partner.provider.as_ref() == Some(provider)
    });
    match other {
        Some(other) => {
            Err(FederationError::Conflict(format!("{provider} is the provider of the partner {}", other.did)))
        }
        None => Ok(()),
    }
}
