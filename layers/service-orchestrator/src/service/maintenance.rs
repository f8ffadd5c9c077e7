//! What becomes of the applications on a node or a site that is to be empty.

use super::ServiceOrchestrator;
use crate::{error::OrchestratorError, store};
use hansa_mco::{Departure, Fate, MaintenanceTarget, NewMaintenance};
use hansa_ontology::ApplicationId;
use std::collections::BTreeMap;

/// A machine on a node that is to be empty, with its application's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// What its tenant calls the application. Empty: a partner's order that has not come yet.
    pub name: String,
    /// Where it is, and what becomes of it.
    pub departure: Departure,
}

/// Applications whose way is planned for one answer; planning takes its time.
const MOST_PLANNED: usize = 200;

impl ServiceOrchestrator {
    /// What is on a node or a site, and what becomes of it when that is
    /// drained. With `supposed` as if that maintenance had begun. Writes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn moves(
        &self,
        target: &MaintenanceTarget,
        supposed: Option<&NewMaintenance>,
    ) -> Result<Vec<Move>, OrchestratorError> {
        let mut by_application: BTreeMap<ApplicationId, Vec<_>> = BTreeMap::new();
        for (machine, node) in self.mco.machines_on(target).await? {
            by_application.entry(machine.application).or_default().push((machine, node));
        }
        let mut moves = Vec::new();
        for (number, (id, machines)) in by_application.into_iter().enumerate() {
            let application =
                self.database.read(move |connection| Ok::<_, OrchestratorError>(store::get(connection, id)?)).await?;
            let (name, departures) = match application {
                Some(found) if number < MOST_PLANNED => {
                    let found = self.effective(found).await?;
                    (found.name, self.mco.departures(id, &found.model, machines, supposed).await?)
                }
                found => (found.map(|found| found.name).unwrap_or_default(), unplanned(id, machines)),
            };
            moves.extend(departures.into_iter().map(|departure| Move { name: name.clone(), departure }));
        }
        Ok(moves)
    }
}

/// Machines of which it isn't said where they go.
fn unplanned(application: ApplicationId, machines: Vec<(hansa_mco::model::Machine, String)>) -> Vec<Departure> {
    use hansa_mco::model::MachineState;
    let fate = |state: &MachineState| match state {
        MachineState::Releasing => Fate::Going,
        MachineState::Held { until } => {
            Fate::Stays(format!("it is kept for a partner's order until {}", until.format("%Y-%m-%d %H:%M:%S UTC")))
        }
        _ => Fate::Stays("where it could go is not planned yet: too much is on its way before it".to_owned()),
    };
    let departure = |(machine, node): (hansa_mco::model::Machine, String)| Departure {
        machine: machine.id,
        application,
        fate: fate(&machine.state),
        customer: machine.customer,
        node,
        instances: Vec::new(),
    };
    machines.into_iter().map(departure).collect()
}
