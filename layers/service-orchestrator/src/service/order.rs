//! What partners ask of this broker: holds, orders, and how they stand. An
//! order is an application like any other, which belongs to the partner.

use super::{
    QUEUE, ServiceOrchestrator,
    change::{SUBMIT, UPDATE, accept, renew},
    order_check,
};
use crate::{
    error::OrchestratorError,
    model::{Application, Change, DesiredState, Phase},
    reconcile::HOLD_MARGIN,
    store,
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use hansa_mco::{Mco, McoError, planner::PlanError};
pub use hansa_ontology::order::Hold;
use hansa_ontology::{
    Actor, ApplicationId, MachineId, OfferId, OperationId, ProjectId, ResourceModel, order::OrderRequest,
};
use hansa_repository::{Connection, project, work};
use hansa_wdm::{LogLine, LogQuery};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The application that a partner's order becomes. Two partners that choose
/// the same id have two orders.
#[must_use]
pub fn order_application(partner: &str, order: MachineId) -> ApplicationId {
    ApplicationId(Uuid::new_v5(&order.0, partner.as_bytes()))
}

impl ServiceOrchestrator {
    /// How many units of each offer of this broker's own can be had now by a
    /// partner: what it holds and rents itself doesn't count as taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn available_units(&self, except_partner: &str) -> Result<BTreeMap<OfferId, u32>, OrchestratorError> {
        Ok(self.mco.available_units(except_partner).await?)
    }

    /// Keeps one unit for an order. Repeating it for the same order extends the
    /// hold; where the order has come already, nothing is changed.
    ///
    /// # Errors
    /// `OrderRefused` with the reason; when the database fails.
    pub async fn hold_place(&self, hold: &Hold) -> Result<(), OrchestratorError> {
        let application = order_application(&hold.partner, hold.order);
        let known = self.database.read(move |connection| store::get(connection, application)).await?;
        if known.is_some_and(|known| known.desired == DesiredState::Removed) {
            return Err(ended(hold.order));
        }
        // Whoever looks after the end is asked first: a hold that nobody ends must not be.
        let due = hold.until + HOLD_MARGIN;
        self.database.write(move |connection| work::enqueue(connection, QUEUE, &application.to_string(), due)).await?;
        let hold = hansa_mco::Hold {
            application,
            order: hold.order,
            customer: hold.partner.clone(),
            offer: hold.offer.clone(),
            until: hold.until,
        };
        self.mco.hold_place(&hold).await.map_err(refused)
    }

    /// Gives back what is kept for an order. None is success.
    ///
    /// # Errors
    /// `OrderRefused` when the order has come already: it can only be ended.
    pub async fn hold_release(&self, partner: &str, order: MachineId) -> Result<(), OrchestratorError> {
        self.mco.hold_release(order_application(partner, order)).await.map_err(refused)
    }

    /// Takes an order on, or changes it. An older generation than the one in
    /// force, and the same again, change nothing.
    ///
    /// # Errors
    /// `OrderRefused` with the reason: nothing is held for it, it was ended,
    /// its model isn't a delivery or doesn't fit its machine.
    pub async fn order_put(&self, partner: &str, request: &OrderRequest) -> Result<(), OrchestratorError> {
        order_check::check(request)?;
        let id = order_application(partner, request.id);
        let mut model = request.model.clone();
        model.name = format!("order-{}", request.id);
        self.check_fit(id, &model).await?;
        let order = Order {
            application: id,
            id: request.id,
            partner: partner.to_owned(),
            generation: request.generation,
            model,
            operation: OperationId(self.ids.next()),
        };
        let now = self.clock.now();
        self.database.write(move |connection| order.take_on(connection, now)).await
    }

    /// What can never be delivered is refused at once; what can't be now, later
    /// and with a report.
    async fn check_fit(&self, id: ApplicationId, model: &ResourceModel) -> Result<(), OrchestratorError> {
        match self.mco.plan(Some(id), model, false).await {
            Ok(_) => Ok(()),
            Err(McoError::Plan(error @ PlanError::Invalid { .. })) => {
                Err(OrchestratorError::OrderRefused(error.to_string()))
            }
            Err(McoError::Plan(error)) => {
                let known = self.database.read(move |connection| store::get(connection, id)).await?;
                if known.is_some() { Ok(()) } else { Err(OrchestratorError::OrderRefused(error.to_string())) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends an order, and what is held for it. Repeating it is harmless.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_end(&self, partner: &str, order: MachineId) -> Result<(), OrchestratorError> {
        let id = order_application(partner, order);
        let change = Change {
            actor: Actor::Partner(partner.to_owned()),
            project: ProjectId::orders(),
            quotas: Vec::new(),
            frozen: None,
            expected_version: None,
            idempotency: None,
        };
        match self.remove(id, change).await {
            Ok(_) => Ok(()),
            Err(OrchestratorError::NotFound(_)) => self.hold_release(partner, order).await,
            Err(error) => Err(error),
        }
    }

    /// The last `tail` lines of the output of one instance, oldest first.
    ///
    /// # Errors
    /// `NotFound` where there is no such order or instance.
    pub async fn order_logs(
        &self,
        partner: &str,
        order: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, OrchestratorError> {
        let id = order_application(partner, order);
        let mut lines = Vec::new();
        let mut found = false;
        for workload in self.mco.workload_list(id).await? {
            if workload.component == component && workload.ordinal == ordinal {
                let query = LogQuery { tail: Some(tail), ..LogQuery::default() };
                let stream = self.mco.logs(&workload, query).await?;
                let own: Vec<LogLine> = stream.try_collect().await.map_err(McoError::from)?;
                lines.extend(own);
                found = true;
            }
        }
        if !found {
            return Err(OrchestratorError::NotFound(format!("{order}/{component}#{ordinal}")));
        }
        lines.sort_by_key(|line| line.at);
        let surplus = lines.len().saturating_sub(tail);
        Ok(lines.split_off(surplus))
    }
}

/// An order on its way in.
struct Order {
    application: ApplicationId,
    id: MachineId,
    partner: String,
    generation: i64,
    model: ResourceModel,
    operation: OperationId,
}

impl Order {
    fn take_on(self, connection: &mut Connection, now: DateTime<Utc>) -> Result<(), OrchestratorError> {
        match store::get(connection, self.application)? {
            None => self.begin(connection, now),
            Some(known) if known.desired == DesiredState::Removed => Err(ended(self.id)),
            Some(known) => {
                let generation = store::generation(connection, self.application)?;
                if generation.is_some_and(|generation| self.generation <= generation) {
                    return Ok(());
                }
                store::generation_set(connection, self.application, self.generation)?;
                self.change(connection, known, now)
            }
        }
    }

    fn begin(self, connection: &mut Connection, now: DateTime<Utc>) -> Result<(), OrchestratorError> {
        if !Mco::hold_commit(connection, self.application, now)? {
            return Err(OrchestratorError::OrderRefused(format!(
                "nothing is held for order {}: it never was, or the hold has run out; hold a unit, then order again",
                self.id
            )));
        }
        let owner = Actor::Partner(self.partner.clone());
        let application = Application {
            scaled: BTreeMap::new(),
            id: self.application,
            name: self.model.name.clone(),
            project: ProjectId::orders(),
            price: None,
            owner: owner.clone(),
            desired: DesiredState::Running,
            revision: 1,
            model: self.model,
            phase: Phase::Planning,
            operation: self.operation,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        project::assign(connection, application.id, &application.project)?;
        store::insert(connection, &application)?;
        store::revision_insert(connection, &application, &owner)?;
        store::order_insert(connection, self.application, self.id, &self.partner, self.generation)?;
        accept(connection, &application, &owner, &SUBMIT, now)?;
        Ok(())
    }

    fn change(
        self,
        connection: &mut Connection,
        mut known: Application,
        now: DateTime<Utc>,
    ) -> Result<(), OrchestratorError> {
        if known.model == self.model {
            return Ok(());
        }
        let owner = Actor::Partner(self.partner);
        let only_peers = without_peers(&known.model) == without_peers(&self.model);
        known.model = self.model;
        if !only_peers {
            renew(connection, known, self.operation, &owner, &UPDATE, now)?;
            return Ok(());
        }
        // Addresses elsewhere: nothing is planned or replaced, who runs is told.
        known.revision += 1;
        known.version += 1;
        known.updated_at = now;
        store::update(connection, &known)?;
        store::revision_insert(connection, &known, &owner)?;
        Ok(work::enqueue(connection, QUEUE, &known.id.to_string(), now)?)
    }
}

fn without_peers(model: &ResourceModel) -> ResourceModel {
    let mut model = model.clone();
    if let Some(delivery) = &mut model.delivery {
        delivery.peers.clear();
    }
    model
}

fn ended(order: MachineId) -> OrchestratorError {
    OrchestratorError::OrderRefused(format!("order {order} was ended; order again under a new id"))
}

fn refused(error: McoError) -> OrchestratorError {
    match error {
        McoError::HoldRefused(why) => OrchestratorError::OrderRefused(why),
        error => error.into(),
    }
}
