//! What is asked of partners' machines, and what is told of them: one order for
//! each machine, written down before it is handed on.

use super::{Mco, machines::Ordered, realising::Round, workloads::Callees};
use crate::{
    error::McoError,
    infrastructure::InfrastructureError,
    model::Machine,
    orders::{Asking, PlacedOrder},
    partner::PartnerError,
    peers, store,
};
use hansa_ontology::{ApplicationId, MachineId};
use std::collections::BTreeMap;

impl Mco {
    /// The partners' machines of an application, as far as is known.
    pub(super) async fn ordered(
        &self,
        application: ApplicationId,
        machines: &[Machine],
    ) -> Result<BTreeMap<MachineId, Ordered>, McoError> {
        let ids: Vec<MachineId> = machines.iter().filter(|m| m.partner.is_some()).map(|m| m.id).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let reports = self.rooms.infrastructure.partner.order_reports(application).await;
        let reports = reports.map_err(InfrastructureError::from)?;
        let mut reports: BTreeMap<MachineId, _> = reports.into_iter().map(|report| (report.id, report)).collect();
        self.rooms
            .database
            .read(move |connection| {
                ids.into_iter()
                    .map(|id| {
                        Ok((id, Ordered { order: store::order_get(connection, id)?, report: reports.remove(&id) }))
                    })
                    .collect()
            })
            .await
    }

    /// Asks partners for what is to run in their machines now.
    pub(super) async fn orders_put(
        &self,
        round: &Round<'_>,
        reached: &Callees,
        problems: &mut Vec<String>,
    ) -> Result<(), McoError> {
        let serving = Asking {
            application: &round.application.name,
            model: round.model,
            desired: &round.desired,
            seen: &round.seen,
            rollout: &round.rollout,
        };
        for machine in round.machines {
            let Some(known) = round.ordered.get(&machine.id) else {
                continue;
            };
            // A machine of a partner has one of the two revisions; what both want is the same in it.
            let stands = round.beside.as_ref().filter(|beside| beside.has_own_in(machine.id));
            let asking = match stands {
                Some(beside) => Asking { model: beside.model, desired: &beside.desired, ..serving },
                None => serving,
            };
            let mut model = asking.model(machine, known.order.as_ref());
            let empty = model.components.is_empty();
            let takes_orders = round.grounds.at_partners.contains(&machine.id);
            // One that no plan wants shrinks until nothing is left in it, and is then given back.
            if !takes_orders && (known.order.is_none() || empty) {
                continue;
            }
            let outside = peers::outside(&model, machine.id, reached.of(stands.is_some()));
            if let Some(delivery) = &mut model.delivery {
                delivery.peers = outside;
            }
            if let Err(error) = self.order_put(machine, known.order.as_ref(), model).await? {
                problems.push(format!("machine {} of a partner: {error}", machine.terms.id.short()));
            }
        }
        Ok(())
    }

    /// Writes the order down and hands it on; nothing where it is the same as before.
    async fn order_put(
        &self,
        machine: &Machine,
        previous: Option<&PlacedOrder>,
        model: hansa_ontology::ResourceModel,
    ) -> Result<Result<(), PartnerError>, McoError> {
        let order = match PlacedOrder::next(previous, machine.application, machine.id, model) {
            Some(order) => {
                let row = order.clone();
                self.rooms.database.write(move |connection| store::order_write(connection, &row)).await?;
                order
            }
            None => match previous {
                Some(order) if !order.handed_on => order.clone(),
                _ => return Ok(Ok(())),
            },
        };
        if let Err(error) = self.rooms.infrastructure.partner.order_put(order.request()).await {
            return Ok(Err(error));
        }
        let (id, generation) = (order.machine, order.generation);
        self.rooms.database.write(move |connection| store::order_handed_on(connection, id, generation)).await?;
        Ok(Ok(()))
    }
}
