//! What a partner has of ours against what we know: after an outage of either
//! side, or a database restored from a backup, what we know nothing of is
//! ended. What the partner knows nothing of is placed again by its own worker.

use super::note;
use crate::{
    FederationError, FederationManager, Method, contracts,
    outbox::{Next, Outcome},
    partners::PartnerState,
    settlement, store,
};
use chrono::TimeDelta;
use hansa_federation::wire::{self, OrderPage};
use hansa_ontology::{Actor, MachineId, order::OrderState};
use serde_json::json;

/// Between two looks.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// Pages of one look at most.
const PAGES: usize = 1_000;
/// So long it is remembered that an order was ended before it came: longer
/// than any message can be under way.
const TOMBSTONES: TimeDelta = TimeDelta::days(1);
/// So long a negotiation that brought nothing is kept for people to look at.
const NEGOTIATIONS: TimeDelta = TimeDelta::days(7);

/// One round for one partner.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn reconcile_work(manager: &FederationManager, partner: &str) -> Result<Next, FederationError> {
    let (did, now) = (partner.to_owned(), manager.now());
    let state = manager
        .database()
        .write(move |connection| {
            let Some(found) = store::partners::find(connection, &did)? else { return Ok(None) };
            contracts::agreements_expire(connection, &did, now)?;
            store::orders::tombstones_clear(connection, now - TOMBSTONES)?;
            store::orders::holds_clear(connection, &did, now - TOMBSTONES)?;
            store::contracts::negotiations_clear(connection, &did, now - NEGOTIATIONS)?;
            Ok::<_, FederationError>(Some(found.state))
        })
        .await?;
    match state {
        None | Some(PartnerState::Terminated) => return Ok(Next::Never),
        Some(state) if !state.is_connected() => return Ok(Next::After(EVERY)),
        Some(_) => {}
    }
    contracts::agreements_tell(manager, partner).await?;
    settlement::settlements_due(manager, partner).await?;
    let mut after: Option<MachineId> = None;
    for _ in 0..PAGES {
        let query = after.map(|id| format!("?after={id}")).unwrap_or_default();
        let path = format!("{}/orders{query}", wire::BASE);
        let page: OrderPage = manager.partner_json(partner, Method::Get, &path, None).await?;
        for report in
            page.orders.iter().filter(|report| !matches!(report.state, OrderState::Ending | OrderState::Ended))
        {
            if !known(manager, partner, report.id).await? {
                orphan_end(manager, partner, report.id).await?;
            }
        }
        match page.next {
            Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
            _ => break,
        }
    }
    Ok(Next::After(EVERY))
}

/// Whether an order at a partner is one that we want or are ending ourselves.
async fn known(manager: &FederationManager, partner: &str, id: MachineId) -> Result<bool, FederationError> {
    let partner = partner.to_owned();
    manager
        .database()
        .read(move |connection| {
            let found = store::orders::purchase(connection, id)?;
            Ok(found.is_some_and(|purchase| purchase.partner == partner && !purchase.ended))
        })
        .await
}

async fn orphan_end(manager: &FederationManager, partner: &str, id: MachineId) -> Result<(), FederationError> {
    let path = format!("{}/orders/{id}", wire::BASE);
    if let Outcome::Refused { reason, .. } = manager.partner_call(partner, Method::Delete, &path, None).await? {
        tracing::warn!(partner, order = %id, reason, "an order that we know nothing of can't be ended");
        return Ok(());
    }
    let (partner, now) = (partner.to_owned(), manager.now());
    manager
        .database()
        .write(move |connection| {
            note(
                connection,
                now,
                (Actor::Broker, None),
                ("order.ended", format!("order/{id}")),
                format!("{partner} had an order of ours that we know nothing of; it is ended"),
                json!({ "partner": partner, "unknown": true }),
            )
        })
        .await?;
    Ok(())
}
