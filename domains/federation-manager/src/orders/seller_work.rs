//! The worker of partners' orders here: it brings what is written down to
//! whoever delivers, and repeats that until the delivery agrees.

use super::{
    Fulfilment, FulfilmentError, Hold, Sale, SaleHold, SaleStep, Want,
    sale::{look_pause, sale_step},
    seller::told,
    seller_hold::unavailable,
};
use crate::{FederationError, FederationManager, outbox::Next, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{MachineId, order::OrderState};
use hansa_repository::Connection;
use std::sync::Arc;

/// A hold is kept so much longer while its order is handed on.
const HAND_ON: TimeDelta = TimeDelta::minutes(5);

/// One round for one order.
///
/// # Errors
/// When the delivery can't be asked now; the round is repeated.
pub(crate) async fn sale_work(manager: &FederationManager, partner: &str, id: &str) -> Result<Next, FederationError> {
    let Ok(id) = id.parse::<MachineId>() else {
        return Ok(Next::Never);
    };
    let key = partner.to_owned();
    let found = manager.database().read(move |connection| store::orders::sale(connection, &key, id)).await?;
    let Some(sale) = found else {
        return Ok(Next::Never);
    };
    match sale_step(&sale, manager.now()) {
        SaleStep::Rest { until: None } => Ok(Next::Never),
        SaleStep::Rest { until: Some(until) } => Ok(Next::At(until)),
        SaleStep::HoldRelease => hold_release(manager, sale).await,
        SaleStep::Put => put(manager, sale).await,
        SaleStep::Look => look(manager, sale).await,
        SaleStep::End => end(manager, sale).await,
    }
}

/// Changes the order as it is now in the database.
async fn change(
    manager: &FederationManager,
    sale: &Sale,
    change: impl FnOnce(&mut Connection, &mut Sale, DateTime<Utc>) -> Result<(), FederationError> + Send + 'static,
) -> Result<(), FederationError> {
    let (partner, id, now) = (sale.partner.clone(), sale.id, manager.now());
    manager
        .database()
        .write(move |connection| {
            let found = store::orders::sale(connection, &partner, id)?;
            let mut sale = found.ok_or_else(|| FederationError::NotFound(format!("the order {id}")))?;
            change(connection, &mut sale, now)?;
            store::orders::sale_save(connection, &sale, now)?;
            Ok(())
        })
        .await
}

/// Gives a held unit back. From when this is written down until it is done, no
/// order can come for it.
async fn hold_release(manager: &FederationManager, sale: Sale) -> Result<Next, FederationError> {
    let (expired, until) = (sale.hold != SaleHold::Releasing, sale.until);
    if expired {
        let (partner, id, now) = (sale.partner.clone(), sale.id, manager.now());
        let begun = manager
            .database()
            .write(move |connection| {
                let Some(mut sale) = store::orders::sale(connection, &partner, id)? else { return Ok(false) };
                let over = sale.wish == Want::Hold && sale.until == until && sale.until <= now;
                if over {
                    sale.hold = SaleHold::Releasing;
                    store::orders::sale_save(connection, &sale, now)?;
                }
                Ok::<_, FederationError>(over)
            })
            .await?;
        if !begun {
            return Ok(Next::After(TimeDelta::zero()));
        }
    }
    release(manager.fulfilment()?, &sale).await?;
    let over = sale.until <= manager.now();
    change(manager, &sale, move |connection, sale, now| {
        if sale.hold != SaleHold::Releasing {
            return Ok(());
        }
        sale.hold = if over { SaleHold::Expired } else { SaleHold::Released };
        let (kind, message) = if over {
            ("hold.expired", "no order came in time")
        } else {
            ("hold.released", "the partner gave it back")
        };
        told(connection, sale, kind, message.to_owned(), None, now)
    })
    .await?;
    Ok(Next::Never)
}

async fn release(fulfilment: &Arc<dyn Fulfilment>, sale: &Sale) -> Result<(), FederationError> {
    match fulfilment.hold_release(&sale.partner, sale.id).await {
        Ok(()) | Err(FulfilmentError::NotFound) => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

/// Hands an order on, or its change.
async fn put(manager: &FederationManager, sale: Sale) -> Result<Next, FederationError> {
    let fulfilment = manager.fulfilment()?;
    let Some(request) = sale.request.clone() else {
        return Ok(Next::Never);
    };
    if sale.placed == 0 {
        let hold = Hold {
            order: sale.id,
            partner: sale.partner.clone(),
            offer: sale.offer.id.clone(),
            until: sale.until.max(manager.now() + HAND_ON),
        };
        match fulfilment.hold_place(&hold).await {
            Ok(()) => {}
            Err(FulfilmentError::Unavailable(why)) => return Err(FederationError::Unavailable(why)),
            Err(FulfilmentError::Refused { reason }) => return fail(manager, &sale, reason).await,
            Err(FulfilmentError::NotFound) => {
                return fail(manager, &sale, "this offer isn't delivered here now".to_owned()).await;
            }
        }
    }
    let generation = request.generation;
    match fulfilment.order_put(&sale.partner, &request).await {
        Ok(()) => {
            change(manager, &sale, move |connection, sale, now| {
                if sale.placed == 0 {
                    sale.begun_at = sale.begun_at.or(Some(now));
                    sale.recorded_to = sale.recorded_to.or(sale.begun_at);
                    told(connection, sale, "order.placed", format!("generation {generation}"), None, now)?;
                }
                sale.placed = sale.placed.max(generation);
                Ok(())
            })
            .await?;
            Ok(Next::After(TimeDelta::milliseconds(100)))
        }
        Err(FulfilmentError::Unavailable(why)) => Err(FederationError::Unavailable(why)),
        Err(FulfilmentError::Refused { reason }) => fail(manager, &sale, reason).await,
        Err(FulfilmentError::NotFound) => fail(manager, &sale, "the order can't be delivered here".to_owned()).await,
    }
}

/// The order can't be delivered as it is. The partner is told by its report, and decides.
async fn fail(manager: &FederationManager, sale: &Sale, reason: String) -> Result<Next, FederationError> {
    let generation = sale.generation();
    change(manager, sale, move |connection, sale, now| {
        if sale.generation() != generation {
            return Ok(());
        }
        sale.failure = Some(reason.clone());
        sale.told = Some(OrderState::Failed);
        told(connection, sale, "order.failed", reason, None, now)
    })
    .await?;
    Ok(Next::After(TimeDelta::seconds(5)))
}

/// Looks how the delivery stands: a lost one is handed on again, news become
/// events, and closed periods become usage records.
async fn look(manager: &FederationManager, sale: Sale) -> Result<Next, FederationError> {
    manager.usage_record(&sale).await?;
    if sale.placed == 0 {
        return Ok(Next::After(TimeDelta::seconds(5)));
    }
    let report = manager.fulfilment()?.order_report(&sale.partner, sale.id).await.map_err(unavailable)?;
    let Some(report) = report.filter(|report| report.state != OrderState::Ended) else {
        change(manager, &sale, |connection, sale, now| {
            if sale.wish == Want::Deliver {
                sale.placed = 0;
                told(
                    connection,
                    sale,
                    "order.repeated",
                    "the delivery was gone and is made again".to_owned(),
                    None,
                    now,
                )?;
            }
            Ok(())
        })
        .await?;
        return Ok(Next::After(TimeDelta::milliseconds(100)));
    };
    let state = report.state;
    if sale.told != Some(state) && matches!(state, OrderState::Completed | OrderState::Failed) {
        change(manager, &sale, move |connection, sale, now| {
            let kind = if state == OrderState::Completed { "order.completed" } else { "order.failed" };
            sale.told = Some(state);
            told(connection, sale, kind, report.reason.unwrap_or_else(|| "as it was ordered".to_owned()), None, now)
        })
        .await?;
    }
    Ok(Next::After(look_pause(state)))
}

/// Takes an order away, and closes its usage when nothing is left.
async fn end(manager: &FederationManager, sale: Sale) -> Result<Next, FederationError> {
    let fulfilment = manager.fulfilment()?;
    match fulfilment.order_end(&sale.partner, sale.id).await {
        Ok(()) | Err(FulfilmentError::NotFound) => {}
        Err(error) => return Err(unavailable(error)),
    }
    let report = fulfilment.order_report(&sale.partner, sale.id).await.map_err(unavailable)?;
    if report.is_some_and(|report| report.state != OrderState::Ended) {
        return Ok(Next::After(TimeDelta::milliseconds(300)));
    }
    // Nothing that was never handed on is left in a mere hold.
    release(fulfilment, &sale).await?;
    if !manager.usage_record(&sale).await? {
        return Ok(Next::After(TimeDelta::zero()));
    }
    change(manager, &sale, |connection, sale, now| {
        if sale.over {
            return Ok(());
        }
        sale.over = true;
        told(connection, sale, "order.ended", "nothing of it is left".to_owned(), None, now)
    })
    .await?;
    Ok(Next::Never)
}
