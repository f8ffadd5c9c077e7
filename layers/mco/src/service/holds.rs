//! What is kept for partners whose order may come: a machine like any other,
//! with its share carved out of a node, which goes again when no order comes.

use super::{Mco, holding::units_hold};
use crate::{
    error::McoError,
    model::{Machine, MachineState},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId, Offer, OfferId};
use hansa_pim::ErrorKind;
use hansa_repository::{Connection, RepositoryError, event};
use serde_json::json;
use std::collections::BTreeMap;

/// One unit of an offer of ours that is kept for a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The application that the order will become.
    pub application: ApplicationId,
    /// The order: the partner's machine.
    pub order: MachineId,
    /// The partner's DID.
    pub customer: String,
    /// Of which offer.
    pub offer: OfferId,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl Mco {
    /// How many units of each offer of this broker's own a partner can have
    /// now, those included that it holds or rents already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn available_units(&self, customer: &str) -> Result<BTreeMap<OfferId, u32>, McoError> {
        let now = self.rooms.clock.now();
        let machines = self.machine_list(None).await?;
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let stock = self.room_now().await?;
        let partners = self.partners().await?;
        let own = snapshot.catalogue.offers.iter().filter(|offer| !partners.contains_key(&offer.provider));
        let units = own.filter_map(|offer| {
            let room = stock.units(offer).ok()?;
            orderable(offer, now).ok()?;
            let (mine, others): (Vec<&Machine>, Vec<&Machine>) = machines
                .iter()
                .filter(|machine| machine.terms.id == offer.id)
                .partition(|machine| machine.customer.as_deref() == Some(customer));
            let unsold = offer.capacity.available_units.saturating_sub(count(&others));
            Some((offer.id.clone(), unsold.min(room.saturating_add(count(&mine)))))
        });
        Ok(units.collect())
    }

    /// Keeps one unit, in one transaction with the count of all units, and
    /// carves its share out of a node. The same hold again extends it; where
    /// the order has come already nothing is changed.
    ///
    /// # Errors
    /// `HoldRefused` with the reason; when the database or a layer below fails:
    /// the same call again ends it then.
    pub async fn hold_place(&self, hold: &Hold) -> Result<(), McoError> {
        // One that has run out is cleared away first.
        self.hold_expire(hold.application).await?;
        let (offer, hold_now) = (self.offer_of_ours(hold).await, hold.clone());
        let now = self.rooms.clock.now();
        let id = MachineId(self.rooms.ids.next());
        let machine = self.rooms.database.write(move |connection| place(connection, &hold_now, offer, id, now)).await?;
        if !matches!(machine.state, MachineState::Held { .. }) {
            return Ok(());
        }
        match self.rooms.infrastructure.provide(&machine).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NoRoom => {
                self.hold_drop(&machine, "machine.hold-released", &error.to_string()).await?;
                return Err(McoError::HoldRefused(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        let left = self.machine_list(Some(hold.application)).await?;
        if left.iter().any(|known| known.id == machine.id) {
            return Ok(());
        }
        // It ran out while its share was being made.
        self.rooms.infrastructure.machine_release(&machine).await?;
        Err(McoError::HoldRefused(format!("the hold for order {} has run out", hold.order)))
    }

    /// Gives back what is held for an order. None is success.
    ///
    /// # Errors
    /// `HoldRefused` when the order has come already.
    pub async fn hold_release(&self, application: ApplicationId) -> Result<(), McoError> {
        for machine in self.machine_list(Some(application)).await? {
            match machine.state {
                MachineState::Held { .. } => {
                    self.hold_drop(&machine, "machine.hold-released", "it was given back").await?
                }
                MachineState::Releasing | MachineState::Lost => {}
                MachineState::Ordered | MachineState::Ready { .. } => {
                    let text = "the order has come already; end the order instead";
                    return Err(McoError::HoldRefused(text.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Gives back what was held for an order that hasn't come in time. Returns
    /// when what is still held runs out.
    ///
    /// # Errors
    /// When the database or a layer below fails.
    pub async fn hold_expire(&self, application: ApplicationId) -> Result<Option<DateTime<Utc>>, McoError> {
        let now = self.rooms.clock.now();
        let mut next: Option<DateTime<Utc>> = None;
        for machine in self.machine_list(Some(application)).await? {
            let MachineState::Held { until } = machine.state else {
                continue;
            };
            if until <= now {
                self.hold_drop(&machine, "machine.hold-expired", "no order came in time").await?;
            } else {
                next = Some(next.map_or(until, |known| known.min(until)));
            }
        }
        Ok(next)
    }

    /// The order has come: what is held for it is its own from now on. Within
    /// the transaction that writes the order down. False: nothing is held.
    ///
    /// # Errors
    /// When the database fails.
    pub fn hold_commit(
        connection: &mut Connection,
        application: ApplicationId,
        now: DateTime<Utc>,
    ) -> Result<bool, RepositoryError> {
        let mut held = false;
        for machine in store::machine_list(connection, Some(application))? {
            match machine.state {
                MachineState::Held { until } if until > now => {
                    store::machine_state_set(connection, machine.id, &MachineState::Ordered)?;
                    tell(connection, &machine, "machine.ordered", "the order has come", now)?;
                    held = true;
                }
                MachineState::Ordered | MachineState::Ready { .. } => held = true,
                MachineState::Held { .. } | MachineState::Releasing | MachineState::Lost => {}
            }
        }
        Ok(held)
    }

    /// The offer that is asked for, if it is one that this broker delivers now.
    async fn offer_of_ours(&self, hold: &Hold) -> Result<Offer, McoError> {
        let refused = |why: &str| McoError::HoldRefused(format!("offer {} {why}", hold.offer));
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let offer = snapshot.catalogue.offers.iter().find(|offer| offer.id == hold.offer);
        let offer = offer.ok_or_else(|| refused("is not in this broker's catalogue"))?;
        let partners = self.partners().await?;
        if partners.contains_key(&offer.provider) {
            return Err(refused("is not delivered by this broker"));
        }
        self.room_now()
            .await?
            .units(offer)
            .map_err(|why| refused(&format!("is not delivered by this broker: {why}")))?;
        orderable(offer, self.rooms.clock.now()).map_err(|why| refused(&why))?;
        Ok(offer.clone())
    }

    /// Gives the share back, then forgets the machine if it is still only held.
    async fn hold_drop(&self, machine: &Machine, kind: &'static str, why: &str) -> Result<(), McoError> {
        self.rooms.infrastructure.machine_release(machine).await?;
        let (machine, why, now) = (machine.clone(), why.to_owned(), self.rooms.clock.now());
        self.rooms
            .database
            .write(move |connection| {
                let known = store::machine_list(connection, Some(machine.application))?;
                if known.iter().any(|known| known.id == machine.id && matches!(known.state, MachineState::Held { .. }))
                {
                    store::machine_delete(connection, machine.id)?;
                    tell(connection, &machine, kind, &why, now)?;
                }
                Ok(())
            })
            .await
    }
}

/// The machine that is held for the order: the one that is there, or a new one
/// if there is a unit. Nobody else writes meanwhile.
fn place(
    connection: &mut Connection,
    hold: &Hold,
    offer: Result<Offer, McoError>,
    id: MachineId,
    now: DateTime<Utc>,
) -> Result<Machine, McoError> {
    let refused = |why: String| Err(McoError::HoldRefused(why));
    if hold.until <= now {
        return refused(format!("the hold for order {} ends before it begins; give a later time", hold.order));
    }
    store::rentals_lock(connection)?;
    if let Some(mut known) = store::machine_list(connection, Some(hold.application))?.into_iter().next() {
        if known.terms.id != hold.offer {
            return refused(format!("order {} holds a unit of offer {}", hold.order, known.terms.id));
        }
        match known.state {
            MachineState::Releasing => return refused(format!("order {} is being ended", hold.order)),
            MachineState::Held { until } if until < hold.until => {
                known.state = MachineState::Held { until: hold.until };
                store::machine_state_set(connection, known.id, &known.state)?;
            }
            _ => {}
        }
        return Ok(known);
    }
    let offer = offer?;
    let units = offer.capacity.available_units;
    let machine = Machine {
        id,
        application: hold.application,
        price_per_hour: offer.price_plan.price_per_hour,
        terms: Box::new(offer),
        state: MachineState::Held { until: hold.until },
        created_at: now,
        partner: None,
        customer: Some(hold.customer.clone()),
    };
    match units_hold(connection, &[(machine.clone(), units)]) {
        Err(McoError::CapacityTaken { offer }) => return refused(format!("offer {offer} has no unit left")),
        other => other?,
    }
    let why = format!("for order {} until {}", hold.order, hold.until.format("%Y-%m-%d %H:%M:%S UTC"));
    tell(connection, &machine, "machine.held", &why, now)?;
    Ok(machine)
}

fn tell(
    connection: &mut Connection,
    machine: &Machine,
    kind: &str,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let customer = machine.customer.clone().unwrap_or_default();
    let event = event::NewEvent {
        at: now,
        actor: if kind == "machine.hold-expired" { Actor::Broker } else { Actor::Partner(customer.clone()) },
        application: Some(machine.application),
        subject: format!("machine/{}", machine.id),
        kind: kind.to_owned(),
        message: format!("a machine of offer {} held for the partner {customer}: {why}", machine.terms.id.short()),
        data: json!({"offer": machine.terms.id, "site": machine.terms.site, "partner": customer}),
    };
    event::append(connection, &event).map(drop)
}

/// Why the offer can't be ordered now.
fn orderable(offer: &Offer, now: DateTime<Utc>) -> Result<(), String> {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    match (offer.valid_from, offer.valid_through) {
        (Some(from), _) if from > now => Err(format!("can be ordered from {} on", day(from))),
        (_, Some(until)) if until < now => Err(format!("could be ordered until {}", day(until))),
        _ => Ok(()),
    }
}

fn count(machines: &[&Machine]) -> u32 {
    u32::try_from(machines.len()).unwrap_or(u32::MAX)
}
