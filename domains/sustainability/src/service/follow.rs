//! Follows the event log: what it tells of lives becomes courses of machines, and
//! their hours become cells once they are over.

use super::{ServiceError, Sustainability, count::count};
use crate::{
    course::{Machine, PATIENCE, Stay, Terms},
    energy::{Coefficients, HOUR, hour_of},
    store::{self, Cells, Machines},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::ProjectId;
use hansa_repository::{
    Connection, RepositoryError,
    catalogue::partner,
    event::{self, Event, EventFilter, Order},
    follow::{self, Position},
    life::{Life, LifeChange, Rental, Thing},
};
use std::collections::{BTreeMap, BTreeSet};

/// This follower's name.
const NAME: &str = "sustainability";
/// How many events a round reads.
const EVENTS: usize = 1_000;
/// How many machines a round counts on, once there are no events left.
const MACHINES: i64 = 200;
/// How many hours of each at most, after a time in which nobody followed.
const STRETCH: usize = 48;
/// How long after an hour it is counted: who writes an event has read the clock before.
pub(super) const LATE: TimeDelta = TimeDelta::seconds(60);

/// What a round has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Followed {
    /// Events that were read.
    pub events: usize,
    /// Machines of which hours were counted.
    pub machines: usize,
    /// Cells that were written.
    pub cells: usize,
}

impl Followed {
    /// Whether there was nothing left to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.events == 0 && self.machines == 0
    }
}

/// What is to be written.
struct Round {
    from: Position,
    to: i64,
    now: DateTime<Utc>,
    machines: Machines,
    touched: BTreeSet<String>,
    /// In which machine each workload is that was told of.
    workloads: BTreeMap<String, Option<String>>,
    cells: Cells,
    done: Followed,
}

impl Sustainability {
    /// One round: some events of the log, or some machines whose hours are over. Call
    /// it again until it is idle; and whenever the log grows, and at least once in some
    /// minutes.
    ///
    /// # Errors
    /// When the database fails; the same call again goes on.
    pub async fn follow(&self) -> Result<Followed, ServiceError> {
        let (now, options) = (self.clock.now(), self.options.clone());
        let round = self.database.read(move |connection| Round::read(connection, now, &options.coefficients)).await?;
        if round.done.is_idle() {
            return Ok(round.done);
        }
        // Where nothing but the position changes, a failure of power may forget it.
        if round.touched.is_empty() {
            self.database.write_relaxed(move |connection| round.write(connection)).await
        } else {
            self.database.write(move |connection| round.write(connection)).await
        }
    }
}

impl Round {
    fn read(
        connection: &mut Connection,
        now: DateTime<Utc>,
        coefficients: &Coefficients,
    ) -> Result<Self, ServiceError> {
        let from = follow::position(connection, NAME)?;
        let filter = EventFilter { after: Some(from.sequence), ..EventFilter::default() };
        let events = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
        let mut round = Self {
            from,
            to: events.last().map_or(from.sequence, |event| event.sequence),
            now,
            machines: Machines::new(),
            touched: BTreeSet::new(),
            workloads: BTreeMap::new(),
            cells: Cells::new(),
            done: Followed { events: events.len(), ..Followed::default() },
        };
        round.take(connection, &events)?;
        // Only where the log was read to its end: there it would say what has ended.
        if events.len() < EVENTS {
            round.go_on(connection, coefficients)?;
        }
        round.done.cells = round.cells.len();
        Ok(round)
    }

    /// What the log tells.
    fn take(&mut self, connection: &mut Connection, events: &[Event]) -> Result<(), ServiceError> {
        let mut lives = Vec::new();
        for event in events {
            match Life::read(event) {
                Ok(life) => lives.extend(life.map(|life| (event, life))),
                Err(error) => tracing::warn!(event = event.sequence, %error, "an event can't be counted"),
            }
        }
        let (mut machines, mut workloads) = (BTreeSet::new(), BTreeSet::new());
        for (_, life) in &lives {
            match &life.thing {
                Thing::Machine(machine) => _ = machines.insert(machine.to_string()),
                Thing::Workload(workload) => _ = workloads.insert(workload.to_string()),
                // What it keeps lies on the machine's own disk, which is counted with it.
                Thing::Volume(_) => {}
            }
            if let LifeChange::Placed(placement) = &life.change {
                machines.insert(placement.machine.to_string());
            }
        }
        let known = store::workloads_get(connection, &workloads.into_iter().collect::<Vec<_>>())?;
        machines.extend(known.values().cloned());
        self.workloads = known.into_iter().map(|(workload, machine)| (workload, Some(machine))).collect();
        self.machines = store::machines_get(connection, &machines.into_iter().collect::<Vec<_>>())?;
        for (event, life) in &lives {
            self.change(connection, event, life)?;
        }
        Ok(())
    }

    fn change(&mut self, connection: &mut Connection, event: &Event, life: &Life) -> Result<(), ServiceError> {
        let at = event.at.min(self.now).timestamp();
        match (&life.thing, &life.change) {
            (Thing::Machine(machine), LifeChange::Rented(rental)) => {
                let terms = terms(connection, event, rental)?;
                self.machine(machine.to_string()).rented(at, terms);
            }
            (Thing::Machine(machine), change) => {
                // Who makes it tells of it too: nothing before it is rented.
                let id = machine.to_string();
                if let Some(machine) = self.machines.get_mut(&id) {
                    match change {
                        LifeChange::Resumed => machine.resumed(at),
                        LifeChange::Ended | LifeChange::Lost => machine.ended(at),
                        LifeChange::Rented(_) | LifeChange::Placed(_) => {}
                    }
                    self.touched.insert(id);
                }
            }
            (Thing::Workload(workload), LifeChange::Placed(placement)) => {
                let (workload, machine) = (workload.to_string(), placement.machine.to_string());
                if self.workloads.get(&workload).is_some_and(|known| known.as_ref() != Some(&machine)) {
                    self.left(&workload, at);
                }
                self.machine(machine.clone()).placed(&workload, stay(event, at));
                self.workloads.insert(workload, Some(machine));
            }
            (Thing::Workload(workload), LifeChange::Ended | LifeChange::Lost) => self.left(&workload.to_string(), at),
            (Thing::Workload(_) | Thing::Volume(_), _) => {}
        }
        Ok(())
    }

    fn machine(&mut self, id: String) -> &mut Machine {
        self.touched.insert(id.clone());
        self.machines.entry(id).or_default()
    }

    fn left(&mut self, workload: &str, at: i64) {
        if let Some(Some(machine)) = self.workloads.insert(workload.to_owned(), None) {
            self.machine(machine).left(workload, at);
        }
    }

    /// What is over, hour by hour.
    fn go_on(&mut self, connection: &mut Connection, coefficients: &Coefficients) -> Result<(), ServiceError> {
        let over = hour_of((self.now - LATE).timestamp());
        for (id, machine) in store::machines_due(connection, over, MACHINES)? {
            // What the log has just told of it is known here alone.
            let machine = self.machines.entry(id.clone()).or_insert(machine);
            let hours = machine.hours(over, STRETCH);
            let Some(last) = hours.last() else { continue };
            self.cells.extend(count(connection, (&id, machine), (&hours, over), coefficients)?);
            machine.forget(last + HOUR);
            self.touched.insert(id);
            self.done.machines += 1;
        }
        Ok(())
    }

    /// Writes all of it, or nothing where somebody else was faster.
    fn write(mut self, connection: &mut Connection) -> Result<Followed, ServiceError> {
        if !follow::position_move(connection, NAME, self.from, self.to)? {
            return Ok(self.done);
        }
        self.machines.retain(|id, _| self.touched.contains(id));
        store::machines_put(connection, &self.machines)?;
        store::workloads_put(connection, &self.workloads)?;
        store::cells_add(connection, &self.cells)?;
        if self.done.machines > 0 {
            // All hours of this round are over; those that wait for the next ones keep theirs.
            let patience = i64::try_from(PATIENCE).unwrap_or_default();
            let first = store::machines_first(connection)?.unwrap_or_else(|| hour_of(self.now.timestamp()));
            store::readings_forget(connection, first * 1_000 - patience)?;
        }
        Ok(self.done)
    }
}

/// The terms of a rental. Where the offer says nothing of energy its site does.
fn terms(connection: &mut Connection, event: &Event, rental: &Rental) -> Result<Terms, RepositoryError> {
    let site = partner::sites(connection, &[rental.site.to_string()])?.remove(&rental.site);
    Ok(Terms {
        // What belongs to nobody here was ordered by a partner.
        project: event.project.clone().unwrap_or_else(ProjectId::orders),
        application: event.application,
        provider: rental.provider.clone(),
        site: rental.site.clone(),
        country: site.as_ref().map(|site| site.country.clone()),
        offer: rental.offer.clone(),
        kind: rental.kind,
        flavour: rental.flavour.clone(),
        energy: rental.energy.clone().or_else(|| site.and_then(|site| site.energy)),
    })
}

fn stay(event: &Event, at: i64) -> Stay {
    Stay {
        from: at,
        to: None,
        application: event.application,
        component: event.data.get("component").and_then(|name| name.as_str()).map(str::to_owned),
        cpu_milli: event.data.get("cpuMilli").and_then(serde_json::Value::as_u64),
    }
}
