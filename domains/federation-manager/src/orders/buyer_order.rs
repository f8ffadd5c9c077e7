//! Steps of the buyer about orders: send, read, watch, end.

use super::{
    Purchase, Want,
    buyer_hold::no,
    buyer_work::{Turn, change, refuse, told},
    step::poll_pause,
};
use crate::{
    FederationError, FederationManager, Method,
    outbox::{self, Item, Next, Outcome},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::wire::{self, OrderPut};
use hansa_ontology::order::{OrderReport, OrderState};
use hansa_repository::Connection;

/// A report that says nothing new is written down all the same after this time.
const REPORT_AGE: TimeDelta = TimeDelta::seconds(10);

pub(super) async fn order_put(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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
pub(super) async fn order_read(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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

pub(super) async fn poll(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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

pub(super) async fn order_end(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
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

pub(super) async fn close(manager: &FederationManager, purchase: &Purchase) -> Result<Turn, FederationError> {
    change(manager, purchase.id, ended).await
}

/// Nothing of it is left at the partner.
pub(super) fn ended(
    connection: &mut Connection,
    purchase: &mut Purchase,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
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
