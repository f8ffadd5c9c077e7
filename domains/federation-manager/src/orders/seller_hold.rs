//! Holds that partners have here. A hold is written down first, then the room
//! is taken by whoever delivers here, then it is granted: a kill between two of
//! these leaves a hold that is asked for again or whose time runs out.

use super::{Fulfilment, FulfilmentError, Hold, Sale, SaleHold, Want, limit, note};
use crate::{FederationError, FederationManager, Peer, contracts, outbox, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::wire::{HoldAnswer, HoldRequest, HoldState};
use hansa_ontology::{MachineId, Offer};
use hansa_repository::{Connection, time};
use serde_json::json;
use std::sync::Arc;

/// A hold shorter than this is no use.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);
/// A hold may be so many times as long as our own: clocks of others may be ahead.
const LONGEST_FACTOR: i32 = 5;

/// What is known when a hold is asked for.
enum Begun {
    /// It stands as it was asked for.
    Stands(HoldAnswer),
    /// The room is to be taken.
    Take(Hold),
}

impl FederationManager {
    /// `POST reservations`: keeps a unit for a partner. True: it is new. The
    /// same again is answered alike; a later end prolongs it.
    ///
    /// # Errors
    /// [`FederationError::SoldOut`] without room, [`FederationError::Agreement`]
    /// without an agreement that stands, [`FederationError::Forbidden`] past a
    /// limit or for a partner that isn't active, [`FederationError::Conflict`]
    /// for the same id with other content, [`FederationError::Gone`] for an
    /// order that was ended.
    pub async fn hold_place(&self, peer: &Peer, request: &HoldRequest) -> Result<(HoldAnswer, bool), FederationError> {
        if !peer.state.is_active() {
            return Err(FederationError::forbidden(format!("you are {} here; nothing new is held", peer.state)));
        }
        if request.units != 1 {
            return Err(FederationError::invalid("units", "an order is one unit: send 1"));
        }
        let offer = self.offer_for(peer, request).await?;
        let now = self.now();
        let until = self.hold_end(request.until, now);
        let (partner, asked) = (peer.did.clone(), request.clone());
        let begun =
            self.database().write(move |connection| begin(connection, &partner, &asked, offer, until, now)).await?;
        match begun {
            Begun::Stands(answer) => Ok((answer, false)),
            Begun::Take(hold) => self.room_take(peer, hold).await.map(|answer| (answer, true)),
        }
    }

    /// The offer as it is published now, if the partner may have it.
    async fn offer_for(&self, peer: &Peer, request: &HoldRequest) -> Result<Offer, FederationError> {
        let did = peer.did.clone();
        let partner = self.database().read(move |connection| store::partners::get(connection, &did)).await?;
        let found = self.own_offer(&request.offer).await?;
        let missing = || FederationError::NotFound(format!("the offer {}", request.offer));
        let known = found.filter(|known| partner.policy.offered.shows(&known.offer)).ok_or_else(missing)?;
        let (did, agreement, now) = (peer.did.clone(), request.agreement.clone(), self.now());
        let agreed = self
            .database()
            .read(move |connection| contracts::agreement_usable(connection, &did, &agreement, now))
            .await?;
        if agreed.offer != request.offer {
            return Err(FederationError::Agreement("the agreement is about another offer".to_owned()));
        }
        if agreed.digest != known.digest {
            return Err(FederationError::Agreement(
                "the offer has changed since it was agreed on; negotiate anew".to_owned(),
            ));
        }
        Ok(known.offer)
    }

    /// The end of a hold: what was asked for, within our own bounds. An end
    /// that is past here comes from a clock that is behind; it gets our own length.
    fn hold_end(&self, asked: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let length = TimeDelta::from_std(self.options().hold_time).unwrap_or(TimeDelta::minutes(2));
        let until = if asked < now + SHORTEST { now + length } else { asked.min(now + length * LONGEST_FACTOR) };
        time::from_column(time::to_column(until))
    }

    /// Has the room taken, then grants the hold.
    pub(super) async fn room_take(&self, peer: &Peer, hold: Hold) -> Result<HoldAnswer, FederationError> {
        let fulfilment = Arc::clone(self.fulfilment()?);
        let taken = fulfilment.hold_place(&hold).await;
        let (now, actor) = (self.now(), peer.actor());
        let key = hold.clone();
        let written = self
            .database()
            .write(move |connection| {
                let Some(mut sale) = store::orders::sale(connection, &key.partner, key.order)? else {
                    return Ok(None);
                };
                if sale.hold != SaleHold::Placing || sale.until != key.until {
                    return Ok(None);
                }
                match &taken {
                    Ok(()) => {
                        sale.hold = SaleHold::Held;
                        let message =
                            format!("a unit of {} is kept for {} until {}", key.offer, key.partner, key.until);
                        let data = json!({ "partner": key.partner, "offer": key.offer, "until": key.until });
                        let what = ("hold.placed", format!("order/{}", key.order));
                        note(connection, now, (actor, None), what, message, data)?;
                    }
                    Err(FulfilmentError::Unavailable(_)) => {}
                    Err(_) => sale.hold = SaleHold::Released,
                }
                store::orders::sale_save(connection, &sale, now)?;
                Ok::<_, FederationError>(Some((sale, taken)))
            })
            .await?;
        let Some((sale, taken)) = written else {
            return self.room_give_back(&fulfilment, &hold).await;
        };
        match taken {
            Ok(()) => Ok(answer(&sale)),
            Err(FulfilmentError::Refused { reason }) => Err(FederationError::SoldOut(reason)),
            Err(FulfilmentError::NotFound) => {
                Err(FederationError::SoldOut("this offer isn't delivered here now".to_owned()))
            }
            Err(FulfilmentError::Unavailable(why)) => Err(FederationError::Unavailable(why)),
        }
    }

    /// The hold was given back, or asked for otherwise, while the room was taken.
    async fn room_give_back(
        &self,
        fulfilment: &Arc<dyn Fulfilment>,
        hold: &Hold,
    ) -> Result<HoldAnswer, FederationError> {
        let (partner, id) = (hold.partner.clone(), hold.order);
        let now_sale = self.database().read(move |connection| store::orders::sale(connection, &partner, id)).await?;
        let living = now_sale.filter(Sale::is_living);
        if living.is_none() {
            fulfilment.hold_release(&hold.partner, hold.order).await.map_err(unavailable)?;
            return Err(FederationError::Conflict("the hold was given back meanwhile".to_owned()));
        }
        living.map(|sale| answer(&sale)).ok_or_else(|| FederationError::NotFound(format!("the hold {}", hold.order)))
    }

    /// `GET reservations/{id}`.
    ///
    /// # Errors
    /// [`FederationError::NotFound`], also for other partners' holds.
    pub async fn hold_get(&self, peer: &Peer, id: MachineId) -> Result<HoldAnswer, FederationError> {
        let (partner, now) = (peer.did.clone(), self.now());
        let found = self.database().read(move |connection| store::orders::sale(connection, &partner, id)).await?;
        let sale = found.filter(|sale| sale.hold != SaleHold::Placing || sale.until <= now);
        sale.map(|sale| answer_at(&sale, now)).ok_or_else(|| FederationError::NotFound(format!("the hold {id}")))
    }

    /// `DELETE reservations/{id}`: gives a unit back that no order came for. Again: changes nothing.
    ///
    /// # Errors
    /// [`FederationError::NotFound`]; [`FederationError::Conflict`] when an
    /// order has come: end that.
    pub async fn hold_release(&self, peer: &Peer, id: MachineId) -> Result<HoldAnswer, FederationError> {
        let (partner, now) = (peer.did.clone(), self.now());
        self.database()
            .write(move |connection| {
                let Some(mut sale) = store::orders::sale(connection, &partner, id)? else {
                    // One that is still on its way must not come after this.
                    store::orders::tombstone_set(connection, &partner, id, now)?;
                    return Ok(None);
                };
                if sale.wish != Want::Hold {
                    return Err(FederationError::Conflict(format!(
                        "an order has come for the hold {id}; end the order"
                    )));
                }
                if matches!(sale.hold, SaleHold::Placing | SaleHold::Held) {
                    sale.hold = SaleHold::Releasing;
                    store::orders::sale_save(connection, &sale, now)?;
                    outbox::sale_enqueue(connection, &partner, &id.to_string(), now)?;
                }
                Ok(Some(answer_at(&sale, now)))
            })
            .await?
            .ok_or_else(|| FederationError::NotFound(format!("the hold {id}")))
    }
}

/// Writes a hold down that is asked for, or says that it stands.
fn begin(
    connection: &mut Connection,
    partner: &str,
    request: &HoldRequest,
    offer: Offer,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Begun, FederationError> {
    if store::orders::tombstone_exists(connection, partner, request.id)? {
        return Err(FederationError::Gone(format!("the order {}", request.id)));
    }
    let known = store::orders::sale(connection, partner, request.id)?;
    if let Some(known) = &known {
        if known.agreement != request.agreement || known.offer.id != request.offer {
            return Err(FederationError::Conflict(format!(
                "the hold {} is for another offer or agreement",
                request.id
            )));
        }
        match (known.wish, known.hold) {
            (Want::End, _) => return Err(FederationError::Gone(format!("the order {}", request.id))),
            (Want::Deliver, _) => return Ok(Begun::Stands(answer(known))),
            (Want::Hold, SaleHold::Releasing) => {
                return Err(FederationError::Unavailable("the hold is being given back; ask again".to_owned()));
            }
            (Want::Hold, SaleHold::Held) if known.until > now && until <= known.until => {
                return Ok(Begun::Stands(answer(known)));
            }
            (Want::Hold, _) => {}
        }
    }
    let others = store::orders::sales_living(connection, Some(partner))?;
    let others = others.iter().filter(|other| other.id != request.id).map(|other| other.offer.as_ref());
    let policy = store::partners::get(connection, partner)?.policy;
    if let Some(most) = limit::exceeded(&policy.offered.limits, &offer, others) {
        return Err(FederationError::forbidden(format!("you may have {most} here")));
    }
    let created_at = known.map_or(now, |known| known.created_at);
    let sale = Sale::held(partner, request, offer, until, created_at);
    store::orders::sale_save(connection, &sale, now)?;
    outbox::sale_enqueue(connection, partner, &request.id.to_string(), until)?;
    Ok(Begun::Take(Hold { order: sale.id, partner: sale.partner, offer: sale.offer.id, until }))
}

impl Sale {
    fn held(
        partner: &str,
        request: &HoldRequest,
        offer: Offer,
        until: DateTime<Utc>,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            partner: partner.to_owned(),
            id: request.id,
            agreement: request.agreement.clone(),
            offer: Box::new(offer),
            wish: Want::Hold,
            hold: SaleHold::Placing,
            until,
            request: None,
            placed: 0,
            failure: None,
            told: None,
            begun_at: None,
            ended_at: None,
            over: false,
            recorded_to: None,
            created_at,
        }
    }
}

pub(super) fn unavailable(error: FulfilmentError) -> FederationError {
    match error {
        FulfilmentError::Refused { reason } => FederationError::Conflict(reason),
        FulfilmentError::NotFound => FederationError::NotFound("the order".to_owned()),
        FulfilmentError::Unavailable(why) => FederationError::Unavailable(why),
    }
}

fn answer(sale: &Sale) -> HoldAnswer {
    let state = match sale.hold {
        SaleHold::Placing | SaleHold::Held => HoldState::Held,
        SaleHold::Committed => HoldState::Committed,
        SaleHold::Releasing | SaleHold::Released => HoldState::Released,
        SaleHold::Expired => HoldState::Expired,
    };
    HoldAnswer { id: sale.id, state, until: sale.until }
}

/// A hold whose time is over has expired, whether or not that was noticed yet.
fn answer_at(sale: &Sale, now: DateTime<Utc>) -> HoldAnswer {
    let over = matches!(sale.hold, SaleHold::Placing | SaleHold::Held) && sale.until <= now;
    let answer = answer(sale);
    if over { HoldAnswer { state: HoldState::Expired, ..answer } } else { answer }
}
