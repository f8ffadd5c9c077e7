//! Orders that partners give here. What is asked for is written down before it
//! is answered; a worker brings it about.

use super::{DeliveredLogLine, LogRequest, Sale, SaleHold, Want, note, seller_hold::unavailable};
use crate::{FederationError, FederationManager, Peer, contracts, outbox, store};
use chrono::{DateTime, Utc};
use hansa_federation::wire::{HoldRequest, LogLine, OrderLogs, OrderPage, OrderPut};
use hansa_ontology::{
    MachineId,
    order::{OrderReport, OrderRequest},
};
use hansa_repository::Connection;
use serde_json::json;

/// Orders on one page.
const PAGE: usize = 100;
/// Lines of a log that are given at most.
const MOST_LINES: u32 = 5_000;

/// What became of an order that came.
enum Taken {
    /// It is written down, or was already.
    Yes(Box<Sale>),
    /// It needs a hold first.
    Unheld,
}

impl FederationManager {
    /// `PUT orders/{id}`: takes an order or a change of one. The same or an
    /// older generation changes nothing.
    ///
    /// # Errors
    /// As [`FederationManager::hold_place`]; [`FederationError::Conflict`] for
    /// the same generation with other content.
    pub async fn order_receive(&self, peer: &Peer, put: OrderPut) -> Result<OrderReport, FederationError> {
        let (id, offer) = (put.order.id, checked(&put.order)?);
        let now = self.now();
        match self.order_take(peer, put.clone(), now).await? {
            Taken::Yes(sale) => return self.sale_report(&sale).await,
            Taken::Unheld => {}
        }
        let length = chrono::TimeDelta::from_std(self.options().hold_time).unwrap_or(chrono::TimeDelta::minutes(1));
        let request = HoldRequest { id, agreement: put.agreement.clone(), offer, units: 1, until: self.now() + length };
        self.hold_place(peer, &request).await?;
        match self.order_take(peer, put, now).await? {
            Taken::Yes(sale) => self.sale_report(&sale).await,
            Taken::Unheld => {
                Err(FederationError::Unavailable("the hold ended before the order came; send it again".to_owned()))
            }
        }
    }

    async fn order_take(&self, peer: &Peer, put: OrderPut, now: DateTime<Utc>) -> Result<Taken, FederationError> {
        let peer = peer.clone();
        self.database()
            .write(move |connection| {
                let (partner, id) = (peer.did.as_str(), put.order.id);
                if store::orders::tombstone_exists(connection, partner, id)? {
                    return Err(FederationError::Gone(format!("the order {id}")));
                }
                let Some(mut sale) = store::orders::sale(connection, partner, id)? else {
                    return unheld(&peer);
                };
                if sale.wish == Want::End {
                    return Err(FederationError::Gone(format!("the order {id}")));
                }
                if sale.agreement != put.agreement {
                    return Err(FederationError::Conflict(format!("the order {id} goes under another agreement")));
                }
                if sale.wish == Want::Deliver && put.order.generation <= sale.generation() {
                    if put.order.generation == sale.generation() && sale.request.as_ref() != Some(&put.order) {
                        return Err(FederationError::Conflict(
                            "this generation had other content; raise it".to_owned(),
                        ));
                    }
                    return Ok(Taken::Yes(Box::new(sale)));
                }
                if sale.wish == Want::Hold {
                    if !peer.state.is_active() {
                        return unheld(&peer);
                    }
                    contracts::agreement_usable(connection, partner, &put.agreement, now)?;
                    if !sale.is_held(now) {
                        return Ok(Taken::Unheld);
                    }
                } else if !peer.state.is_connected() {
                    return unheld(&peer);
                }
                commit(connection, &mut sale, put.order, &peer, now)?;
                Ok(Taken::Yes(Box::new(sale)))
            })
            .await
    }

    /// `GET orders/{id}`.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], also for other partners' orders and for mere holds.
    pub async fn order_get(&self, peer: &Peer, id: MachineId) -> Result<OrderReport, FederationError> {
        let sale = self.sale_of(peer, id).await?;
        self.sale_report(&sale).await
    }

    /// `GET orders?after=…`: the partner's orders that aren't ended, by id.
    ///
    /// # Errors
    /// When the database or the delivery can't be asked.
    pub async fn order_list(&self, peer: &Peer, after: Option<MachineId>) -> Result<OrderPage, FederationError> {
        let partner = peer.did.clone();
        let after = after.map(|id| id.to_string());
        let sales = self
            .database()
            .read(move |connection| store::orders::sales_page(connection, &partner, after.as_deref(), PAGE))
            .await?;
        let next = if sales.len() == PAGE { sales.last().map(|sale| sale.id) } else { None };
        let mut orders = Vec::with_capacity(sales.len());
        for sale in &sales {
            orders.push(self.sale_report(sale).await?);
        }
        Ok(OrderPage { orders, next })
    }

    /// `DELETE orders/{id}`: ends an order. Again: changes nothing. One that
    /// never came can't come after this.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], also for other partners' orders.
    pub async fn order_end(&self, peer: &Peer, id: MachineId) -> Result<OrderReport, FederationError> {
        let (peer_kept, now) = (peer.clone(), self.now());
        let sale = self
            .database()
            .write(move |connection| {
                let partner = peer_kept.did.as_str();
                let Some(mut sale) = store::orders::sale(connection, partner, id)? else {
                    store::orders::tombstone_set(connection, partner, id, now)?;
                    return Ok(None);
                };
                if sale.wish != Want::End {
                    sale.wish = Want::End;
                    sale.ended_at = Some(now);
                    store::orders::sale_save(connection, &sale, now)?;
                    told(connection, &sale, "order.ending", "the partner ends it".to_owned(), Some(&peer_kept), now)?;
                }
                outbox::sale_enqueue(connection, partner, &id.to_string(), now)?;
                Ok::<_, FederationError>(Some(sale))
            })
            .await?;
        let sale = sale.ok_or_else(|| FederationError::NotFound(format!("the order {id}")))?;
        Ok(sale.own_report(now))
    }

    /// `GET orders/{id}/logs`.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], also for other partners' orders.
    pub async fn order_output(
        &self,
        peer: &Peer,
        id: MachineId,
        request: &LogRequest,
    ) -> Result<OrderLogs, FederationError> {
        self.sale_of(peer, id).await?;
        let request = LogRequest { tail: request.tail.min(MOST_LINES), ..request.clone() };
        let lines = self.fulfilment()?.order_logs(&peer.did, id, &request).await.map_err(unavailable)?;
        let line = |line: DeliveredLogLine| LogLine {
            component: request.component.clone(),
            ordinal: request.ordinal,
            time: Some(line.at),
            stream: line.source,
            text: line.text,
        };
        Ok(OrderLogs { id, lines: lines.into_iter().map(line).collect() })
    }

    /// The holds and orders that partners have here and that aren't over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sale_list(&self) -> Result<Vec<Sale>, FederationError> {
        Ok(self.database().read(|connection| store::orders::sales_living(connection, None)).await?)
    }

    async fn sale_of(&self, peer: &Peer, id: MachineId) -> Result<Sale, FederationError> {
        let partner = peer.did.clone();
        let found = self.database().read(move |connection| store::orders::sale(connection, &partner, id)).await?;
        let found = found.filter(|sale| sale.request.is_some());
        found.ok_or_else(|| FederationError::NotFound(format!("the order {id}")))
    }

    /// The report as whoever delivers has it now, or our own before there is one.
    ///
    /// # Errors
    /// When the delivery can't be asked.
    pub async fn sale_report(&self, sale: &Sale) -> Result<OrderReport, FederationError> {
        let now = self.now();
        let own = sale.own_report(now);
        if sale.over || sale.placed == 0 {
            return Ok(own);
        }
        let live = self.fulfilment()?.order_report(&sale.partner, sale.id).await.map_err(unavailable)?;
        let Some(mut live) = live else { return Ok(own) };
        if sale.wish == Want::End || sale.failure.is_some() {
            live.state = own.state;
            live.reason = own.reason.or(live.reason);
            live.generation = own.generation;
        }
        Ok(live)
    }
}

/// An order without a hold: it can get one only from a partner that is active.
fn unheld(peer: &Peer) -> Result<Taken, FederationError> {
    if peer.state.is_active() {
        Ok(Taken::Unheld)
    } else {
        Err(FederationError::forbidden(format!("you are {} here; nothing new is delivered", peer.state)))
    }
}

fn checked(order: &OrderRequest) -> Result<hansa_ontology::OfferId, FederationError> {
    if order.generation < 1 {
        return Err(FederationError::invalid("order.generation", "generations begin at 1"));
    }
    let Some(delivery) = &order.model.delivery else {
        return Err(FederationError::invalid(
            "order.model.delivery",
            "say what is to be delivered, and of which offer",
        ));
    };
    Ok(delivery.offer.clone())
}

/// Writes an order down in the place of its hold.
fn commit(
    connection: &mut Connection,
    sale: &mut Sale,
    order: OrderRequest,
    peer: &Peer,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    if order.model.delivery.as_ref().is_none_or(|delivery| delivery.offer != sale.offer.id) {
        return Err(FederationError::Conflict(format!("the order {} is of another offer", sale.id)));
    }
    let first = sale.wish == Want::Hold;
    let generation = order.generation;
    sale.wish = Want::Deliver;
    sale.hold = SaleHold::Committed;
    sale.request = Some(order);
    sale.failure = None;
    store::orders::sale_save(connection, sale, now)?;
    if first {
        told(connection, sale, "hold.committed", "the order came for the hold".to_owned(), Some(peer), now)?;
    }
    told(connection, sale, "order.received", format!("generation {generation}"), Some(peer), now)?;
    outbox::sale_enqueue(connection, &sale.partner, &sale.id.to_string(), now)?;
    Ok(())
}

/// Writes an event about a partner's order. Without a peer the broker acts.
pub(super) fn told(
    connection: &mut Connection,
    sale: &Sale,
    kind: &str,
    message: String,
    peer: Option<&Peer>,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let actor = peer.map_or(hansa_ontology::Actor::Broker, Peer::actor);
    note(
        connection,
        now,
        (actor, None),
        (kind, format!("order/{}", sale.id)),
        format!("order of {} for {}: {message}", sale.partner, sale.offer.id),
        json!({ "partner": sale.partner, "offer": sale.offer.id, "generation": sale.generation() }),
    )?;
    Ok(())
}
