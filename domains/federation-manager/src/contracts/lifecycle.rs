//! Agreements after FINALIZED: ACTIVE → RETIRED | BREACHED | EXPIRED. Either
//! side may end one; the other is told until it has taken it. What runs under
//! it goes on.

use super::{
    model::{Agreement, AgreementChange, AgreementState, Untold},
    sign::change,
};
use crate::{
    FederationError, FederationManager, Method, Peer,
    outbox::{self, Item, Outcome},
    store,
};
use chrono::{DateTime, Utc};
use hansa_federation::{
    dsp::negotiation::{Role, path_segment},
    wire::{self, AgreementEvent, AgreementEventKind},
};
use hansa_ontology::Actor;
use hansa_repository::Connection;

impl FederationManager {
    /// All agreements, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agreement_list(&self) -> Result<Vec<Agreement>, FederationError> {
        Ok(self.database().read(store::contracts::agreement_list).await?)
    }

    /// One agreement, with its signed documents.
    ///
    /// # Errors
    /// [`FederationError::NotFound`].
    pub async fn agreement_show(&self, id: &str) -> Result<Agreement, FederationError> {
        let key = id.to_owned();
        let found =
            self.database().read(move |connection| store::contracts::agreements_named(connection, &key)).await?;
        found.into_iter().next().ok_or_else(|| FederationError::NotFound(format!("the agreement {id}")))
    }

    /// Our owner ends an agreement. The partner is told until it has heard it.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], [`FederationError::Conflict`] when it is over already.
    pub async fn agreement_end(
        &self,
        id: &str,
        event: AgreementEventKind,
        reason: String,
        actor: Actor,
    ) -> Result<Agreement, FederationError> {
        let (id, now) = (id.to_owned(), self.now());
        self.database()
            .write(move |connection| {
                let found = store::contracts::agreements_named(connection, &id)?.into_iter().next();
                let mut agreement = found.ok_or_else(|| FederationError::NotFound(format!("the agreement {id}")))?;
                agreement.untold = Some(Untold { event, at: now });
                change(connection, &mut agreement, of_event(event), actor, Some(reason), now)?;
                outbox::enqueue(connection, &agreement.partner, &Item::Partner, now)?;
                Ok(agreement)
            })
            .await
    }

    /// `POST agreements/{id}/events`: the partner has ended an agreement. Again: changes nothing.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for an agreement that isn't the partner's.
    pub async fn agreement_event(&self, peer: &Peer, id: &str, event: AgreementEvent) -> Result<(), FederationError> {
        let (did, id, now, actor) = (peer.did.clone(), id.to_owned(), self.now(), peer.actor());
        self.database()
            .write(move |connection| {
                let found = store::contracts::agreement(connection, &did, &id)?;
                let mut agreement = found.ok_or_else(|| FederationError::NotFound(format!("the agreement {id}")))?;
                if agreement.state.after(of_event(event.event)).is_none() {
                    return Ok(());
                }
                let reason: String = event.reason.chars().take(500).collect();
                change(connection, &mut agreement, of_event(event.event), actor, Some(reason), now)
            })
            .await
    }
}

const fn of_event(event: AgreementEventKind) -> AgreementChange {
    match event {
        AgreementEventKind::Retired => AgreementChange::Retire,
        AgreementEventKind::Breached => AgreementChange::Breach,
    }
}

/// Tells the partner of agreements that our side has ended.
pub(crate) async fn agreements_tell(manager: &FederationManager, partner: &str) -> Result<(), FederationError> {
    let did = partner.to_owned();
    let untold =
        manager.database().read(move |connection| store::contracts::agreements_untold(connection, &did)).await?;
    for agreement in untold {
        let Some(end) = agreement.untold.clone() else { continue };
        let event =
            AgreementEvent { event: end.event, reason: agreement.reason.clone().unwrap_or_default(), at: end.at };
        let path = format!("{}/agreements/{}/events", wire::BASE, path_segment(&agreement.id));
        match manager.partner_call(partner, Method::Post, &path, outbox::body(&event)?).await? {
            Outcome::Done(_) | Outcome::Missing | Outcome::Refused { .. } => {}
        }
        manager
            .database()
            .write(move |connection| {
                let found = store::contracts::agreement(connection, &agreement.partner, &agreement.id)?;
                if let Some(mut found) = found.filter(|found| found.untold == Some(end)) {
                    found.untold = None;
                    store::contracts::agreement_save(connection, &found)?;
                }
                Ok::<_, FederationError>(())
            })
            .await?;
    }
    Ok(())
}

/// Notes which agreements' time is over.
pub(crate) fn agreements_expire(
    connection: &mut Connection,
    partner: &str,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    for mut agreement in store::contracts::agreement_list(connection)? {
        let over = agreement.valid_through.is_some_and(|end| end <= now);
        if agreement.partner == partner && over && agreement.state.after(AgreementChange::Expire).is_some() {
            change(connection, &mut agreement, AgreementChange::Expire, Actor::Broker, None, now)?;
        }
    }
    Ok(())
}

/// The agreement under which a partner asks for something of ours.
///
/// # Errors
/// [`FederationError::Agreement`] when it isn't there or doesn't stand.
pub(crate) fn agreement_usable(
    connection: &mut Connection,
    partner: &str,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Agreement, FederationError> {
    let found = store::contracts::agreement(connection, partner, id)?.filter(|found| found.role == Role::Provider);
    let Some(agreement) = found else {
        return Err(FederationError::Agreement(format!("there is no agreement {id} with you; negotiate one")));
    };
    if agreement.stands(now) {
        return Ok(agreement);
    }
    let state = if agreement.state == AgreementState::Active { AgreementState::Expired } else { agreement.state };
    Err(FederationError::Agreement(format!("the agreement {id} is {}; negotiate another", state.name())))
}

/// The provider doesn't hold an agreement to stand any more: neither do we.
pub(crate) fn agreement_disowned(
    connection: &mut Connection,
    partner: &str,
    id: &str,
    reason: String,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let found = store::contracts::agreement(connection, partner, id)?;
    if let Some(mut agreement) = found.filter(|found| found.state.after(AgreementChange::Retire).is_some()) {
        let actor = Actor::Partner(partner.to_owned());
        change(connection, &mut agreement, AgreementChange::Retire, actor, Some(reason), now)?;
    }
    Ok(())
}
