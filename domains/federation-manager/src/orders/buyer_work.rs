//! The worker of orders that we give: it takes the next step, and the next,
//! until there is something to wait for. What it is about to send is written
//! down before, so that after a kill the partner is asked before anything is
//! sent again.

use super::{
    Purchase, Step,
    buyer::{get, lost_note},
    buyer_hold::{hold_place, hold_read, hold_release},
    buyer_order::{close, ended, order_end, order_put, order_read, poll},
    event::note,
    step::step,
};
use crate::{
    FederationError, FederationManager, contracts,
    outbox::Next,
    partners::{Partner, PartnerState},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::dsp::negotiation::Role;
use hansa_ontology::{Actor, MachineId};
use hansa_repository::Connection;
use serde_json::json;

/// Steps in one round at most: what comes after waits for its turn.
const STEPS: usize = 6;

/// What follows after a step.
pub(super) enum Turn {
    /// The next step.
    On,
    /// Rest until then.
    Rest(Next),
}

/// One round for one order.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn purchase_work(manager: &FederationManager, id: &str) -> Result<Next, FederationError> {
    let Ok(id) = id.parse::<MachineId>() else {
        return Ok(Next::Never);
    };
    for _ in 0..STEPS {
        let Some((purchase, partner)) = load(manager, id).await? else {
            return Ok(Next::Never);
        };
        match take(manager, &purchase, &partner).await? {
            Turn::On => {}
            Turn::Rest(next) => return Ok(next),
        }
    }
    Ok(Next::After(TimeDelta::zero()))
}

/// The order and its partner; None: nothing is to be done.
async fn load(manager: &FederationManager, id: MachineId) -> Result<Option<(Purchase, Partner)>, FederationError> {
    let (now, grace) = (manager.now(), manager.grace());
    let found = manager
        .database()
        .read(move |connection| {
            let Some(purchase) = store::orders::purchase(connection, id)? else { return Ok(None) };
            let partner = store::partners::get(connection, &purchase.partner)?;
            Ok::<_, FederationError>(Some((purchase, partner)))
        })
        .await?;
    let Some((purchase, partner)) = found.filter(|(purchase, _)| !purchase.ended) else {
        return Ok(None);
    };
    let heard = partner.last_heard.map_or(purchase.created_at, |heard| heard.max(purchase.created_at));
    let lost = (now - heard > grace).then_some(heard);
    if lost.is_some() != purchase.lost_since.is_some() {
        manager
            .database()
            .write(move |connection| {
                let mut purchase = get(connection, id)?;
                lost_note(connection, &mut purchase, lost, now)
            })
            .await?;
    }
    Ok(Some((purchase, partner)))
}

async fn take(manager: &FederationManager, purchase: &Purchase, partner: &Partner) -> Result<Turn, FederationError> {
    let known = purchase.known();
    let next = step(purchase.wish(), &known, manager.now());
    if partner.state == PartnerState::Terminated {
        return terminated(manager, purchase).await;
    }
    let begins = matches!(next, Step::Agree | Step::HoldPlace) && !partner.state.is_active();
    if begins {
        let reason = format!("the partner {} is {}", partner.name, partner.state);
        return refuse(manager, purchase, reason).await;
    }
    match next {
        Step::Agree => agree(manager, purchase).await,
        Step::HoldPlace => hold_place(manager, purchase).await,
        Step::HoldRead => hold_read(manager, purchase).await,
        Step::HoldRelease => hold_release(manager, purchase).await,
        Step::OrderPut => order_put(manager, purchase).await,
        Step::OrderRead => order_read(manager, purchase).await,
        Step::Poll => poll(manager, purchase).await,
        Step::OrderEnd => order_end(manager, purchase).await,
        Step::Close => close(manager, purchase).await,
        Step::Rest { until: Some(until) } => Ok(Turn::Rest(Next::At(until))),
        Step::Rest { until: None } => Ok(Turn::Rest(Next::Never)),
    }
}

/// Changes the order as it is now in the database: its wish may have changed
/// since it was read, and is kept.
pub(super) async fn change(
    manager: &FederationManager,
    id: MachineId,
    change: impl FnOnce(&mut Connection, &mut Purchase, DateTime<Utc>) -> Result<(), FederationError> + Send + 'static,
) -> Result<Turn, FederationError> {
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            let mut purchase = get(connection, id)?;
            change(connection, &mut purchase, now)?;
            store::orders::purchase_save(connection, &purchase, now)?;
            Ok(Turn::On)
        })
        .await
}

pub(super) async fn refuse(
    manager: &FederationManager,
    purchase: &Purchase,
    reason: String,
) -> Result<Turn, FederationError> {
    let (id, generation) = (purchase.id, purchase.generation());
    change(manager, id, move |connection, purchase, now| {
        if purchase.generation() == generation {
            purchase.refuse(reason.clone());
        }
        told(connection, purchase, "order.refused", format!("{} says no: {reason}", purchase.partner), now)
    })
    .await
}

/// A partner that is left has nothing of ours any more.
async fn terminated(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    change(manager, purchase.id, |connection, purchase, now| {
        purchase.refuse("the federation with this partner has ended".to_owned());
        ended(connection, purchase, now)
    })
    .await
}

/// Finds a standing agreement, or has one negotiated.
async fn agree(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let known = manager.partner_offer(&purchase.partner, &purchase.offer.id).await?;
    let Some(known) = known.filter(|known| known.digest == purchase.digest) else {
        return refuse(manager, purchase, "the offer has changed since it was chosen".to_owned()).await;
    };
    let terms = known.policy();
    let pid = format!("urn:uuid:{}", manager.inner.rooms.ids.next());
    let (id, now) = (purchase.id, manager.now());
    manager
        .database()
        .write(move |connection| {
            let mut purchase = get(connection, id)?;
            let offer = purchase.offer.id.to_string();
            let standing = store::contracts::agreements_standing(
                connection,
                &purchase.partner,
                Role::Consumer,
                &offer,
                &purchase.digest,
            )?;
            if let Some(agreement) = standing.into_iter().find(|agreement| agreement.stands(now)) {
                purchase.agreement = Some(agreement.id);
                purchase.negotiation = None;
                purchase.waits_for = "a hold".to_owned();
                store::orders::purchase_save(connection, &purchase, now)?;
                return Ok(Turn::On);
            }
            let waited = match &purchase.negotiation {
                Some(pid) => store::contracts::negotiation(connection, pid)?,
                None => None,
            };
            match waited {
                Some(waited) if !waited.closed => return Ok(Turn::Rest(Next::After(TimeDelta::seconds(30)))),
                Some(waited) => {
                    let reason = waited.reason.unwrap_or_else(|| "no agreement came about".to_owned());
                    purchase.negotiation = None;
                    purchase.refuse(reason.clone());
                    store::orders::purchase_save(connection, &purchase, now)?;
                    let message = format!("{} doesn't agree: {reason}", purchase.partner);
                    told(connection, &purchase, "order.refused", message, now)?;
                    return Ok(Turn::On);
                }
                None => {}
            }
            let begun = contracts::negotiation_begin(connection, pid, &purchase.partner, &known, terms, now)?;
            purchase.negotiation = Some(begun);
            purchase.waits_for = "an agreement with the partner".to_owned();
            store::orders::purchase_save(connection, &purchase, now)?;
            Ok(Turn::Rest(Next::After(TimeDelta::seconds(30))))
        })
        .await
}

/// Writes an event about an order.
pub(super) fn told(
    connection: &mut Connection,
    purchase: &Purchase,
    kind: &str,
    message: String,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    note(
        connection,
        now,
        (Actor::Broker, Some(purchase.application)),
        (kind, format!("order/{}", purchase.id)),
        message,
        json!({ "partner": purchase.partner, "offer": purchase.offer.id, "generation": purchase.generation() }),
    )?;
    Ok(())
}
