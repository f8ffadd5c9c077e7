//! Holds what a plan rents: the machines of an adopted plan are rows, so that
//! nobody else counts on the same units.

use super::{Mco, MovedVolumes};
use crate::{
    error::McoError,
    model::{Machine, MachineState, Plan},
    store,
};
use hansa_ontology::{Actor, ApplicationId, MachineId, Money, Offer, OfferId};
use hansa_repository::{Connection, RepositoryError, event};
use serde_json::json;
use std::collections::BTreeMap;

impl Mco {
    /// Makes a plan the one in force, in one transaction: rents its new
    /// machines, keeps the held ones, marks those it doesn't want as to be
    /// released. Returns the plan with the ids of all its machines. `customer`
    /// is the partner, by DID, where the application is its order; `volumes`
    /// are those of what moves with it.
    ///
    /// # Errors
    /// `Stale` when a unit was taken or an offer withdrawn since it was
    /// planned; when the database fails. Nothing is held then.
    pub async fn plan_adopt(
        &self,
        application: ApplicationId,
        revision: i64,
        plan: Plan,
        customer: Option<&str>,
        volumes: MovedVolumes,
    ) -> Result<Plan, McoError> {
        let (plan, new) = self.rentals(application, plan, customer).await?;
        let (adopted, now) = (plan.clone(), self.rooms.clock.now());
        self.rooms
            .database
            .write(move |connection| {
                store::rentals_lock(connection)?;
                units_hold(connection, &new)?;
                let beside = store::beside_get(connection, application)?;
                let plans: Vec<&Plan> = beside.iter().map(|beside| &beside.plan).chain([&plan]).collect();
                volumes.ask(connection, application, now)?;
                machines_unwanted(connection, application, &plans)?;
                store::plan_put(connection, application, revision, &plan, now)?;
                event::append(connection, &planned_event(application, revision, &plan, now))?;
                Ok::<_, McoError>(())
            })
            .await?;
        Ok(adopted)
    }

    /// A plan with ids for its new machines, and those with how many units there are of each.
    pub(super) async fn rentals(
        &self,
        application: ApplicationId,
        mut plan: Plan,
        customer: Option<&str>,
    ) -> Result<(Plan, Vec<(Machine, u32)>), McoError> {
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let partners = self.partners().await?;
        let offers: BTreeMap<&OfferId, &Offer> = snapshot.catalogue.offers.iter().map(|o| (&o.id, o)).collect();
        let now = self.rooms.clock.now();
        let mut new = Vec::new();
        for planned in plan.machines.iter_mut().filter(|m| m.held.is_none()) {
            let offer =
                offers.get(&planned.offer).ok_or_else(|| McoError::OfferGone { offer: planned.offer.clone() })?;
            let id = MachineId(self.rooms.ids.next());
            planned.held = Some(id);
            new.push((
                Machine {
                    id,
                    application,
                    terms: Box::new((*offer).clone()),
                    price_per_hour: Money::new(planned.price_per_hour_micros, plan.currency),
                    state: MachineState::Ordered,
                    created_at: now,
                    partner: partners.get(&offer.provider).map(|partner| partner.partner.clone()),
                    customer: customer.map(str::to_owned),
                },
                offer.capacity.available_units,
            ));
        }
        Ok((plan, new))
    }
}

/// Writes the new machines down, if of each offer there are units enough.
pub(super) fn units_hold(connection: &mut Connection, new: &[(Machine, u32)]) -> Result<(), McoError> {
    let mut rented = store::rented_units(connection, None)?;
    for (machine, units) in new {
        let count = rented.entry(machine.terms.id.clone()).or_default();
        *count += 1;
        if *count > *units {
            return Err(McoError::CapacityTaken { offer: machine.terms.id.clone() });
        }
        store::machine_insert(connection, machine)?;
    }
    Ok(())
}

/// Marks the machines that none of these plans wants as to be released.
pub(super) fn machines_unwanted(
    connection: &mut Connection,
    application: ApplicationId,
    plans: &[&Plan],
) -> Result<(), RepositoryError> {
    // What volumes are copied from is needed until they are, and to go back to where that fails.
    let sources = hansa_wdm::volumes_sources(connection, application)?;
    for machine in store::machine_list(connection, Some(application))? {
        let wanted = sources.contains(&machine.id)
            || plans.iter().flat_map(|plan| &plan.machines).any(|planned| planned.held == Some(machine.id));
        // A lost one stays known as lost, so that nobody believes what was last told of it.
        if !wanted && !matches!(machine.state, MachineState::Releasing | MachineState::Lost) {
            store::machine_state_set(connection, machine.id, &MachineState::Releasing)?;
        }
    }
    Ok(())
}

pub(super) fn planned_event(
    application: ApplicationId,
    revision: i64,
    plan: &Plan,
    now: chrono::DateTime<chrono::Utc>,
) -> event::NewEvent {
    let price = Money::new(plan.price_per_hour_micros, plan.currency);
    let count = plan.machines.len();
    let machines = if count == 1 { "machine" } else { "machines" };
    event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(application),
        subject: format!("application/{application}"),
        kind: "application.planned".to_owned(),
        message: format!("revision {revision} runs on {count} {machines} for {price} an hour"),
        data: json!({
            "revision": revision,
            "pricePerHourMicros": plan.price_per_hour_micros,
            "currency": plan.currency,
            "proof": plan.proof,
            "machines": plan.machines.iter().map(|m| json!({"machine": m.held, "offer": m.offer, "site": m.site})).collect::<Vec<_>>(),
        }),
    }
}
