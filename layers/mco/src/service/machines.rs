//! The machines of a plan: there or on their way, refused, given back.

use super::{Mco, rental};
use crate::{
    error::McoError,
    infrastructure::Ensured,
    model::{Machine, MachineState, Plan},
    orders::PlacedOrder,
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use hansa_ontology::{
    Actor, MachineId,
    order::{OrderReport, OrderState},
};
use hansa_pim::NodeShare;
use hansa_repository::{event, system::MadeCluster};
use hansa_wdm::WdmError;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How long an offer that was refused isn't asked for again.
const REFUSAL_SECONDS: i64 = 60;

/// What of a plan's machines can be used now.
#[derive(Debug, Clone, Default)]
pub(super) struct Grounds {
    /// Those of this broker.
    pub(super) shares: BTreeMap<MachineId, NodeShare>,
    /// Those for which their partner takes orders.
    pub(super) at_partners: BTreeSet<MachineId>,
    /// A provider refused one: the plan can't be carried out as it is.
    pub(super) refused: bool,
    /// A real system makes one of them, or has made it, in its own time.
    pub(super) making: bool,
    /// What others wait for, for people.
    pub(super) problems: Vec<String>,
}

impl Grounds {
    /// Whether every machine of a plan can be used.
    pub(super) fn have(&self, plan: &Plan) -> bool {
        let usable = |id: &MachineId| self.shares.contains_key(id) || self.at_partners.contains(id);
        plan.machines.iter().all(|machine| machine.held.as_ref().is_some_and(usable))
    }
}

/// A machine of a partner, with what was asked of it and what is told of it.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub(super) order: Option<PlacedOrder>,
    pub(super) report: Option<OrderReport>,
}

impl Ordered {
    /// Why what is asked now can't be delivered.
    fn refusal(&self) -> Option<String> {
        let report = self.report.as_ref()?;
        let reason = || report.reason.clone().unwrap_or_else(|| "it gives no reason".to_owned());
        let current = self.order.as_ref().is_some_and(|order| order.generation == report.generation);
        match report.state {
            OrderState::Failed if current => Some(format!("the partner can't deliver it: {}", reason())),
            OrderState::Ending | OrderState::Ended => Some(format!("the partner has ended it: {}", reason())),
            _ => None,
        }
    }
}

impl Mco {
    /// Sees to it that the plan's machines are there. Notes who refused.
    pub(super) async fn machines_ensure(
        &self,
        plan: &Plan,
        machines: &[Machine],
        ordered: &BTreeMap<MachineId, Ordered>,
    ) -> Result<Grounds, McoError> {
        let wanted: Vec<&Machine> = machines
            .iter()
            .filter(|machine| machine.state != MachineState::Releasing)
            .filter(|machine| plan.machines.iter().any(|planned| planned.held == Some(machine.id)))
            .collect();
        // Where the plan names a machine that is no more it has to be planned again.
        let mut grounds = Grounds { refused: wanted.len() < plan.machines.len(), ..Grounds::default() };
        let answers = join_all(wanted.iter().map(|machine| self.rooms.infrastructure.machine_ensure(machine))).await;
        for (machine, answer) in wanted.into_iter().zip(answers) {
            let answer = self.joined(machine, answer).await;
            if let Some(why) = ordered.get(&machine.id).and_then(Ordered::refusal) {
                let text = told(machine, &why);
                self.machine_declined(machine, &text).await?;
                grounds.refused = true;
                grounds.problems.push(text);
                continue;
            }
            let ordered = ordered.get(&machine.id).is_some_and(|known| known.order.is_some());
            self.machine_found(machine, answer, ordered, &mut grounds).await?;
        }
        Ok(grounds)
    }

    async fn machine_found(
        &self,
        machine: &Machine,
        answer: Result<Ensured, McoError>,
        ordered: bool,
        grounds: &mut Grounds,
    ) -> Result<(), McoError> {
        match answer {
            Ok(Ensured::Here(share)) => {
                self.machine_ready(machine, Some(share.node.clone())).await?;
                grounds.making |= share.host.as_ref().is_some_and(|host| MadeCluster::read(&host.system).is_some());
                grounds.shares.insert(machine.id, share);
            }
            Ok(Ensured::AtPartner) => {
                self.machine_ready(machine, None).await?;
                grounds.at_partners.insert(machine.id);
            }
            Ok(Ensured::Pending(waits_for)) => {
                grounds.making |= machine.partner.is_none();
                grounds.problems.push(told(machine, &waits_for));
            }
            // Something runs in it: a partner that wants it back waits until that runs elsewhere.
            Ok(Ensured::Refused(reason)) if ordered => {
                self.machine_declined(machine, &told(machine, &reason)).await?;
                grounds.refused = true;
                grounds.problems.push(told(machine, &reason));
            }
            Ok(Ensured::Refused(reason)) => {
                self.machine_refused(machine, &told(machine, &reason)).await?;
                grounds.refused = true;
                grounds.problems.push(told(machine, &reason));
            }
            Ok(Ensured::Lost(reason)) => {
                self.machine_lost(machine, &told(machine, &reason)).await?;
                grounds.refused = true;
                grounds.problems.push(told(machine, &reason));
            }
            Err(error) => grounds.problems.push(told(machine, &error.to_string())),
        }
        Ok(())
    }

    async fn machine_ready(&self, machine: &Machine, node: Option<String>) -> Result<(), McoError> {
        let ready = MachineState::Ready { node };
        if machine.state == ready {
            return Ok(());
        }
        let (machine, now) = (machine.clone(), self.rooms.clock.now());
        self.rooms
            .database
            .write(move |connection| {
                if store::machine_state_set(connection, machine.id, &ready)? {
                    rental::begins(connection, &machine, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Gives up a machine that its provider refuses, and keeps the reason for
    /// the next plan. Nothing runs in it.
    async fn machine_refused(&self, machine: &Machine, reason: &str) -> Result<(), McoError> {
        let gone = self.rooms.infrastructure.machine_release(machine).await?;
        self.refusal_write(machine, "machine.refused", reason, (!gone).then_some(MachineState::Releasing)).await
    }

    /// Gives up a machine in which something still works: that goes on until
    /// its replacement works.
    async fn machine_declined(&self, machine: &Machine, reason: &str) -> Result<(), McoError> {
        self.refusal_write(machine, "machine.refused", reason, Some(MachineState::Releasing)).await
    }

    /// Plans without a machine whose partner isn't heard. It is given up with
    /// the next plan: without another place, what is there is better than nothing.
    async fn machine_lost(&self, machine: &Machine, reason: &str) -> Result<(), McoError> {
        if machine.state == MachineState::Lost {
            return Ok(());
        }
        self.refusal_write(machine, "machine.lost", reason, Some(MachineState::Lost)).await
    }

    /// Keeps the reason for the next plan. Without a state the machine is forgotten.
    async fn refusal_write(
        &self,
        machine: &Machine,
        kind: &'static str,
        reason: &str,
        state: Option<MachineState>,
    ) -> Result<(), McoError> {
        let now = self.rooms.clock.now();
        let (machine, reason) = (machine.clone(), reason.to_owned());
        self.rooms
            .database
            .write(move |connection| {
                let until = now + TimeDelta::seconds(REFUSAL_SECONDS);
                store::refusal_put(connection, machine.application, &machine.terms.id, &reason, until)?;
                match state {
                    None => rental::ends(connection, &machine, now)?,
                    Some(MachineState::Lost) => rental::is_lost(connection, &machine, now)?,
                    // What was lost and is declined then doesn't come back.
                    Some(_) if machine.state == MachineState::Lost => rental::ends(connection, &machine, now)?,
                    // Who declines it may still run what is in it, and is paid while it does.
                    Some(_) => {}
                }
                match state {
                    Some(state) => store::machine_state_set(connection, machine.id, &state)?,
                    None => store::machine_delete(connection, machine.id)?,
                };
                event::append(connection, &refused(&machine, kind, reason, now))?;
                Ok(())
            })
            .await
    }

    /// Gives back the machines that no plan wants and nothing runs in. Returns whether none is left.
    pub(super) async fn machines_release(
        &self,
        machines: &[Machine],
        plan: &Plan,
        occupied: &BTreeSet<MachineId>,
    ) -> Result<bool, McoError> {
        let unwanted: Vec<&Machine> = machines
            .iter()
            .filter(|machine| !plan.machines.iter().any(|planned| planned.held == Some(machine.id)))
            .collect();
        let free = unwanted.iter().filter(|machine| !occupied.contains(&machine.id));
        let released = join_all(free.map(|machine| self.machine_release(machine))).await;
        let mut gone = 0;
        for answer in released {
            gone += usize::from(answer?);
        }
        Ok(gone == unwanted.len())
    }

    /// Gives a machine back. False while its partner is still at it.
    pub(super) async fn machine_release(&self, machine: &Machine) -> Result<bool, McoError> {
        // What a cluster keeps in volumes stands elsewhere, and goes before it does.
        if let Some(cluster) = self.rooms.infrastructure.cluster(machine).await? {
            match self.rooms.wdm.volume_remove_in(machine.application, &cluster).await {
                Ok(()) => {}
                // It is said there; all else goes on meanwhile.
                Err(WdmError::System(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        if !self.rooms.infrastructure.machine_release(machine).await? {
            return Ok(false);
        }
        let (machine, now) = (machine.clone(), self.rooms.clock.now());
        self.rooms
            .database
            .write(move |connection| {
                rental::ends(connection, &machine, now)?;
                store::machine_delete(connection, machine.id)?;
                Ok(true)
            })
            .await
    }
}

fn refused(machine: &Machine, kind: &str, reason: String, now: DateTime<Utc>) -> event::NewEvent {
    event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(machine.application),
        subject: format!("machine/{}", machine.id),
        kind: kind.to_owned(),
        message: reason,
        data: json!({"offer": machine.terms.id, "site": machine.terms.site, "partner": machine.partner}),
    }
}

/// Which machine, and at which partner, before what is said of it.
fn told(machine: &Machine, what: &str) -> String {
    let (offer, site) = (machine.terms.id.short(), machine.terms.site.short());
    match &machine.partner {
        Some(partner) => format!("machine {offer} at {site} of partner {partner}: {what}"),
        None => format!("machine {offer} at {site}: {what}"),
    }
}
