//! A revision beside the one that callers are led to: planned, held, put in the
//! other's place, ended. What was decided of it is known above this room.

use super::{Mco, holding, leaving::Leaving};
use crate::{
    beside::{Colour, clash},
    error::McoError,
    model::Plan,
    planner::{self, PlanError},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, ResourceModel};
use hansa_repository::{Connection, RepositoryError};

impl Mco {
    /// What stands beside the plan in force of an application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn beside(&self, application: ApplicationId) -> Result<Option<Colour>, McoError> {
        self.rooms.database.read(move |connection| Ok(store::beside_get(connection, application)?)).await
    }

    /// Plans a model beside the revision in force, which keeps all that it has. What
    /// both want stays where it is. Writes nothing.
    ///
    /// # Errors
    /// When there is no room for both, or something can't stand beside itself; when the database fails.
    pub async fn plan_beside(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        serving: &Colour,
    ) -> Result<Plan, McoError> {
        let nodes = self.nodes_by_site(None).await?;
        let leaving = Leaving::of(&nodes).all_stay();
        let (index, options) =
            self.circumstances(Some(application), model, false, &nodes, &leaving, Some(serving)).await?;
        let (wanted, reserved) = (model.clone(), options.reserved.clone());
        let planned = tokio::task::spawn_blocking(move || planner::plan(&wanted, &index, &options));
        let mut plan = planned.await??;
        if let Some(why) = clash(application, serving, model, &plan) {
            return Err(PlanError::Immovable(why).into());
        }
        for machine in &mut plan.machines {
            if let Some(taken) = machine.held.and_then(|id| reserved.get(&id)) {
                machine.capacity.add(*taken);
            }
        }
        Ok(plan)
    }

    /// Rents what a revision needs beside the plan in force, in one transaction with what
    /// is to be written down of it.
    ///
    /// # Errors
    /// `Stale` when a unit was taken or an offer withdrawn since it was planned;
    /// when the database fails. Nothing is held then.
    pub async fn beside_adopt(
        &self,
        application: ApplicationId,
        beside: Colour,
        serving: &Colour,
        also: impl FnOnce(&mut Connection, &Plan) -> Result<(), RepositoryError> + Send + 'static,
    ) -> Result<(), McoError> {
        let (plan, new) = self.rentals(application, beside.plan, None).await?;
        let beside = Colour { plan, ..beside }.beside(application, (&serving.model, &serving.plan));
        let now = self.rooms.clock.now();
        self.rooms
            .database
            .write(move |connection| {
                store::rentals_lock(connection)?;
                holding::units_hold(connection, &new)?;
                let in_force = store::plan_get(connection, application)?;
                let plans: Vec<&Plan> = in_force.iter().map(|(_, plan)| plan).chain([&beside.plan]).collect();
                holding::machines_unwanted(connection, application, &plans)?;
                store::beside_put(connection, application, Some(&beside))?;
                let planned = holding::planned_event(application, beside.revision, &beside.plan, now);
                hansa_repository::event::append(connection, &planned)?;
                Ok::<_, McoError>(also(connection, &beside.plan)?)
            })
            .await
    }
}

/// Leads callers to what stands beside, under this revision's number; what they were led
/// to before stands beside from now on. Within the transaction of whoever decided it.
/// Returns whether anything stood there.
///
/// # Errors
/// When the database fails.
pub fn beside_serves(
    connection: &mut Connection,
    application: ApplicationId,
    revision: i64,
    former: ResourceModel,
    now: DateTime<Utc>,
) -> Result<bool, RepositoryError> {
    let (in_force, beside) = (store::plan_get(connection, application)?, store::beside_get(connection, application)?);
    let (Some((number, plan)), Some(beside)) = (in_force, beside) else {
        return Ok(false);
    };
    store::plan_put(connection, application, revision, &beside.plan, now)?;
    let former = Colour::new(number, former, plan).beside(application, (&beside.model, &beside.plan));
    store::beside_put(connection, application, Some(&former))?;
    Ok(true)
}

/// Gives up what stands beside the plan in force; the next round takes it away. Within the
/// transaction of whoever decided it.
///
/// # Errors
/// When the database fails.
pub fn beside_ended(connection: &mut Connection, application: ApplicationId) -> Result<(), RepositoryError> {
    store::beside_put(connection, application, None)?;
    let in_force = store::plan_get(connection, application)?;
    let plans: Vec<&Plan> = in_force.iter().map(|(_, plan)| plan).collect();
    holding::machines_unwanted(connection, application, &plans)
}
