//! The worker of orders that we give: it takes the next step, and the next,
//! until there is something to wait for. What it is about to send is written
//! down before, so that after a kill the partner is asked before anything is
//! sent again.

use super::{
    AskedHold, Purchase, Step, Want,
    buyer::{get, lost_note},
    event::note,
    step::{poll_pause, step},
};
use crate::{
    FederationError, FederationManager, Method, contracts,
    outbox::{self, Item, Next, Outcome},
    partners::{Partner, PartnerState},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    dsp::negotiation::Role,
    wire::{self, HoldAnswer, HoldRequest, HoldState, OrderPut},
};
use hansa_ontology::{
    Actor, MachineId,
    order::{OrderReport, OrderState},
};
use hansa_repository::Connection;
use serde_json::json;

/// Steps in one round at most: what comes after waits for its turn.
const STEPS: usize = 6;
/// New agreements for one order at most.
const RENEGOTIATIONS: u32 = 2;
/// A report that says nothing new is written down all the same after this time.
const REPORT_AGE: TimeDelta = TimeDelta::seconds(10);

/// What follows after a step.
enum Turn {
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
async fn change(
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

async fn refuse(manager: &FederationManager, purchase: &Purchase, reason: String) -> Result<Turn, FederationError> {
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

async fn hold_place(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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

async fn hold_read(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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
async fn no(
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

async fn hold_release(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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

async fn order_put(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let (Some(order), Some(agreement)) = (purchase.request.clone(), purchase.agreement.clone()) else {
        return Err(FederationError::Internal(format!("order {} without content or agreement", purchase.id)));
    };
    let generation = order.generation;
    change(manager, purchase.id, move |_, purchase, now| {
        purchase.tried = purchase.tried.max(generation);
        purchase.sent = true;
        purchase.begun_at = purchase.begun_at.or(Some(now));
        Ok(())
    })
    .await?;
    let path = format!("{}/orders/{}", wire::BASE, purchase.id);
    let body = outbox::body(&OrderPut { agreement, order })?;
    match manager.partner_call(&purchase.partner, Method::Put, &path, body).await? {
        Outcome::Done(answer) => {
            let report: OrderReport = manager.read_answer(&purchase.partner, &answer)?;
            placed(manager, purchase, generation, report).await
        }
        Outcome::Refused { kind, reason } => no(manager, purchase, &kind, reason).await,
        Outcome::Missing => refuse(manager, purchase, "the partner takes no orders".to_owned()).await,
    }
}

async fn placed(
    manager: &FederationManager,
    purchase: &Purchase,
    generation: i64,
    report: OrderReport,
) -> Result<Turn, FederationError> {
    change(manager, purchase.id, move |connection, purchase, now| {
        if purchase.placed == 0 {
            told(connection, purchase, "order.placed", format!("{} has taken the order", purchase.partner), now)?;
            let first = now + TimeDelta::seconds(1);
            outbox::enqueue(connection, &purchase.partner, &Item::Usage(purchase.id.to_string()), first)?;
        }
        purchase.placed = purchase.placed.max(generation);
        purchase.hold = None;
        purchase.waits_for = "the partner".to_owned();
        report_take(connection, purchase, report, now)
    })
    .await
}

/// Reads whether an order that was sent has come.
async fn order_read(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let generation = purchase.generation();
    match order_get(manager, purchase).await? {
        Some(report) if report.generation >= generation => placed(manager, purchase, generation, report).await,
        Some(_) => {
            // It knows the order, perhaps not this generation: sending that again is harmless.
            change(manager, purchase.id, move |_, purchase, _| {
                purchase.tried = purchase.tried.min(generation - 1);
                purchase.placed = purchase.placed.max(1).min(generation - 1);
                Ok(())
            })
            .await
        }
        None => forgotten(manager, purchase).await,
    }
}

/// The partner knows nothing of the order: it is placed anew.
async fn forgotten(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    change(manager, purchase.id, |connection, purchase, now| {
        if purchase.placed > 0 {
            purchase.hold = None;
            let message = format!("{} knows nothing of the order; it is placed again", purchase.partner);
            told(connection, purchase, "order.forgotten", message, now)?;
        }
        (purchase.tried, purchase.placed) = (0, 0);
        purchase.report = None;
        Ok(())
    })
    .await
}

async fn order_get(manager: &FederationManager, purchase: &Purchase) -> Result<Option<OrderReport>, FederationError> {
    let path = format!("{}/orders/{}", wire::BASE, purchase.id);
    match manager.partner_call(&purchase.partner, Method::Get, &path, None).await? {
        Outcome::Done(answer) => {
            let report: OrderReport = manager.read_answer(&purchase.partner, &answer)?;
            if report.id != purchase.id {
                return Err(FederationError::Protocol {
                    partner: purchase.partner.clone(),
                    message: "it reports another order".to_owned(),
                });
            }
            Ok(Some(report))
        }
        Outcome::Missing => Ok(None),
        Outcome::Refused { reason, .. } => Err(FederationError::Conflict(format!("the order can't be read: {reason}"))),
    }
}

async fn poll(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let ending = purchase.wish == Want::End;
    let Some(report) = order_get(manager, purchase).await? else {
        return if ending { close(manager, purchase).await } else { forgotten(manager, purchase).await };
    };
    if report.state == OrderState::Ended {
        if ending {
            return close(manager, purchase).await;
        }
        return change(manager, purchase.id, |connection, purchase, now| {
            purchase.placed = 0;
            purchase.refuse("the partner has ended the order".to_owned());
            ended(connection, purchase, now)
        })
        .await;
    }
    let current = report.generation >= purchase.generation();
    let pause = if ending { TimeDelta::milliseconds(300) } else { poll_pause(report.state, current) };
    let now = manager.now();
    let news = purchase
        .report
        .as_ref()
        .is_none_or(|old| now - old.as_of > REPORT_AGE || OrderReport { as_of: old.as_of, ..report.clone() } != *old);
    if news {
        change(manager, purchase.id, move |connection, purchase, now| report_take(connection, purchase, report, now))
            .await?;
    }
    Ok(Turn::Rest(Next::After(pause)))
}

async fn order_end(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    let path = format!("{}/orders/{}", wire::BASE, purchase.id);
    match manager.partner_call(&purchase.partner, Method::Delete, &path, None).await? {
        Outcome::Done(answer) => {
            let report: OrderReport = manager.read_answer(&purchase.partner, &answer)?;
            if report.state == OrderState::Ended {
                return close(manager, purchase).await;
            }
            change(manager, purchase.id, |_, purchase, _| {
                purchase.ending = true;
                Ok(())
            })
            .await?;
            Ok(Turn::Rest(Next::After(TimeDelta::milliseconds(200))))
        }
        Outcome::Missing => close(manager, purchase).await,
        Outcome::Refused { reason, .. } => {
            Err(FederationError::Conflict(format!("the order can't be ended: {reason}")))
        }
    }
}

async fn close(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    change(manager, purchase.id, ended).await
}

/// Nothing of it is left at the partner.
fn ended(connection: &mut Connection, purchase: &mut Purchase, now: DateTime<Utc>) -> Result<(), FederationError> {
    purchase.ended = true;
    purchase.hold = None;
    purchase.ended_at = Some(now);
    if purchase.sent {
        outbox::enqueue(connection, &purchase.partner, &Item::Usage(purchase.id.to_string()), now)?;
        told(connection, purchase, "order.ended", format!("nothing of it is left at {}", purchase.partner), now)?;
    }
    Ok(())
}

/// Takes a report in, with an event when the state is another.
fn report_take(
    connection: &mut Connection,
    purchase: &mut Purchase,
    mut report: OrderReport,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    // When we heard it: the partner's clock may differ from ours.
    report.as_of = now;
    let old = purchase.report.as_ref().map(|old| (old.state, old.generation));
    let kind = match report.state {
        OrderState::Completed => Some("order.completed"),
        OrderState::Failed => Some("order.failed"),
        _ => None,
    };
    if let Some(kind) = kind.filter(|_| old != Some((report.state, report.generation))) {
        let reason = report.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        told(connection, purchase, kind, format!("{} reports {kind}{reason}", purchase.partner), now)?;
    }
    purchase.report = Some(report);
    Ok(())
}

fn told(
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
