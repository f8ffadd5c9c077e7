//! Steps of the buyer about holds: ask, read, give back, and what a no means.

use super::{
    AskedHold, Purchase,
    buyer_work::{Turn, change, refuse, told},
};
use crate::{
    FederationError, FederationManager, Method, contracts,
    outbox::{self, Outcome},
};
use chrono::TimeDelta;
use hansa_federation::wire::{self, HoldAnswer, HoldRequest, HoldState};

/// New agreements for one order at most.
const RENEGOTIATIONS: u32 = 2;

pub(super) async fn hold_place(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let length = TimeDelta::from_std(manager.options().hold_time).unwrap_or(TimeDelta::minutes(2));
    let until = hansa_repository::time::from_column(hansa_repository::time::to_column(manager.now() + length));
    change(manager, purchase.id, move |_, purchase, _| {
        purchase.hold_asked(until);
        Ok(())
    })
    .await?;
    let request = HoldRequest {
        id: purchase.id,
        agreement: purchase.agreement.clone().unwrap_or_default(),
        offer: purchase.offer.id.clone(),
        units: 1,
        until,
    };
    let path = format!("{}/reservations", wire::BASE);
    let outcome = manager.partner_call(&purchase.partner, Method::Post, &path, outbox::body(&request)?).await?;
    match outcome {
        Outcome::Done(answer) => held(manager, purchase, manager.read_answer(&purchase.partner, &answer)?).await,
        Outcome::Refused { kind, reason } => no(manager, purchase, &kind, reason).await,
        Outcome::Missing => refuse(manager, purchase, "the partner takes no reservations".to_owned()).await,
    }
}

pub(super) async fn hold_read(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let path = format!("{}/reservations/{}", wire::BASE, purchase.id);
    match manager.partner_call(&purchase.partner, Method::Get, &path, None).await? {
        Outcome::Done(answer) => held(manager, purchase, manager.read_answer(&purchase.partner, &answer)?).await,
        Outcome::Missing | Outcome::Refused { .. } => {
            change(manager, purchase.id, |_, purchase, _| {
                purchase.hold = None;
                Ok(())
            })
            .await
        }
    }
}

async fn held(manager: &FederationManager, purchase: &Purchase, answer: HoldAnswer) -> Result<Turn, FederationError> {
    change(manager, purchase.id, move |connection, purchase, now| {
        let granted = matches!(answer.state, HoldState::Held | HoldState::Committed);
        let fresh = purchase.hold.is_none_or(|hold| !hold.granted);
        // Held now, and over by our clock: the clocks differ, and what was asked for counts.
        let asked = purchase.hold.map_or(answer.until, |hold| hold.until);
        let until = if answer.until > now { answer.until } else { asked };
        purchase.hold = granted.then_some(AskedHold { until, granted: true });
        if granted && fresh {
            let message = format!("{} keeps a unit until {}", purchase.partner, answer.until);
            told(connection, purchase, "hold.placed", message, now)?;
        }
        Ok(())
    })
    .await
}

/// The partner's no. If it is only that it sees the agreement otherwise, another is negotiated.
pub(super) async fn no(
    manager: &FederationManager,
    purchase: &Purchase,
    kind: &str,
    reason: String,
) -> Result<Turn, FederationError> {
    let again = Outcome::is_kind(kind, "agreement") && purchase.placed == 0 && purchase.renegotiated < RENEGOTIATIONS;
    if !again {
        change(manager, purchase.id, |_, purchase, _| {
            purchase.hold = purchase.hold.filter(|hold| hold.granted);
            Ok(())
        })
        .await?;
        return refuse(manager, purchase, reason).await;
    }
    let old = purchase.agreement.clone().unwrap_or_default();
    change(manager, purchase.id, move |connection, purchase, now| {
        contracts::agreement_disowned(connection, &purchase.partner, &old, reason, now)?;
        purchase.agreement = None;
        purchase.hold = None;
        purchase.renegotiated += 1;
        Ok(())
    })
    .await
}

pub(super) async fn hold_release(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let path = format!("{}/reservations/{}", wire::BASE, purchase.id);
    match manager.partner_call(&purchase.partner, Method::Delete, &path, None).await? {
        Outcome::Done(_) | Outcome::Missing => {
            change(manager, purchase.id, |_, purchase, _| {
                purchase.hold = None;
                Ok(())
            })
            .await
        }
        // There is more than a hold: it is ended as an order.
        Outcome::Refused { .. } => {
            change(manager, purchase.id, |_, purchase, _| {
                purchase.sent = true;
                Ok(())
            })
            .await
        }
    }
}
