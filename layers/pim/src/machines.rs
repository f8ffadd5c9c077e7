//! The record keeping that servers, virtual machines and places in clusters
//! have in common: what was asked, how far it is, and the events.
//!
//! A machine is written down as asked for before the real system is called and
//! as ready after; it is marked as going before it is taken away and forgotten
//! after. So whatever a crash leaves behind is known, and the same call again
//! ends it.

use crate::{
    error::PimError,
    model::{Machine, MachineRequest, MachineState, NodeShare, Transition},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId};
use hansa_repository::{
    Connection, Database, RepositoryError,
    ambient::SharedClock,
    event::{self, NewEvent},
    json,
    life::{Life, LifeChange},
    time,
};
use serde_json::json;
use std::marker::PhantomData;

/// What gives the shares of this very machine's nodes.
const LOCAL: &str = "local";

/// A room's own table of machines. Made by [`machine_table!`](crate::machine_table).
pub trait MachineTable: Send + Sync + 'static {
    /// What one of its machines is called.
    const ONE: &'static str;
    /// What several of them are called.
    const MANY: &'static str;

    /// One machine.
    ///
    /// # Errors
    /// When the database fails; so for all of these.
    fn find(connection: &mut Connection, machine: &str) -> Result<Option<MachineRow>, RepositoryError>;
    /// The machines of an application, or all.
    fn list(connection: &mut Connection, application: Option<&str>) -> Result<Vec<MachineRow>, RepositoryError>;
    /// Adds a machine.
    fn insert(connection: &mut Connection, row: &MachineRow) -> Result<(), RepositoryError>;
    /// Writes a machine's state.
    fn set_state(connection: &mut Connection, machine: &str, state: &str) -> Result<(), RepositoryError>;
    /// Forgets a machine; whether it was there.
    fn delete(connection: &mut Connection, machine: &str) -> Result<bool, RepositoryError>;
}

/// A machine as its table keeps it.
#[derive(Debug, Clone)]
pub struct MachineRow {
    /// Its identifier.
    pub machine: String,
    /// Who rents it.
    pub application: String,
    /// Which connector makes it and takes it away.
    pub connector: String,
    /// [`MachineRequest`] as JSON.
    pub request: String,
    /// [`MachineState`] as JSON.
    pub state: String,
    /// When it was first asked for.
    pub created_at: NaiveDateTime,
}

/// The columns in their order.
#[doc(hidden)]
pub type MachineColumns = (String, String, String, String, String, NaiveDateTime);

impl From<MachineColumns> for MachineRow {
    fn from((machine, application, connector, request, state, created_at): MachineColumns) -> Self {
        Self { machine, application, connector, request, state, created_at }
    }
}

impl MachineRow {
    fn new(machine: &Machine) -> Result<Self, RepositoryError> {
        Ok(Self {
            machine: machine.request.machine.to_string(),
            application: machine.request.application.to_string(),
            connector: machine.connector.clone(),
            request: json::to_column("request", &machine.request)?,
            state: json::to_column("state", &machine.state)?,
            created_at: time::to_column(machine.created_at),
        })
    }

    fn machine(self) -> Result<Machine, RepositoryError> {
        Ok(Machine {
            request: json::from_column("request of a machine", &self.request)?,
            state: json::from_column("state of a machine", &self.state)?,
            connector: self.connector,
            created_at: time::from_column(self.created_at),
        })
    }
}

/// The machines of one room: the records in its table `T`.
#[derive(Debug)]
pub struct Machines<T> {
    database: Database,
    clock: SharedClock,
    table: PhantomData<fn() -> T>,
}

impl<T> Clone for Machines<T> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), clock: self.clock.clone(), table: PhantomData }
    }
}

impl<T: MachineTable> Machines<T> {
    /// The machines in this database.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock, table: PhantomData }
    }

    /// Writes down that the machine is asked for. Answers it as it was first
    /// asked for: the system that began to make it is the one that ends it.
    ///
    /// # Errors
    /// `Conflict` when it was asked for differently, `Releasing` when it is on its way out.
    pub async fn requested(&self, request: &MachineRequest) -> Result<Machine, PimError> {
        if let Some(known) = self.machine(request.machine).await? {
            return same(known, request);
        }
        let machine = Machine {
            request: request.clone(),
            state: MachineState::Requested,
            connector: request.system.clone().unwrap_or_else(|| LOCAL.to_owned()),
            created_at: self.clock.now(),
        };
        self.database
            .write(move |connection| match find::<T>(connection, machine.request.machine)? {
                Some(known) => same(known, &machine.request),
                None => {
                    T::insert(connection, &MachineRow::new(&machine)?)?;
                    Ok(machine)
                }
            })
            .await
    }

    /// Writes down that the machine can be used, with the event `machine.ready`
    /// the first time. False when the machine has been released meanwhile:
    /// then it has to be taken away again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ready(&self, machine: MachineId, share: NodeShare) -> Result<bool, PimError> {
        let known = self.machine(machine).await?;
        let now = self.clock.now();
        if known.is_some_and(|known| known.state.made_ready(share.clone(), now) == Transition::Stay) {
            return Ok(true);
        }
        self.database
            .write(move |connection| {
                let Some(known) = find::<T>(connection, machine)? else { return Ok(false) };
                let message = format!("{} {machine} is ready on node {} of site {}", T::ONE, share.node, share.site);
                let data =
                    json!({ "service": T::ONE, "node": share.node, "site": share.site, "amounts": share.amounts });
                match known.state.made_ready(share, now) {
                    Transition::Stay => Ok(true),
                    Transition::Refused => Ok(false),
                    Transition::To { state, first } => {
                        T::set_state(connection, &machine.to_string(), &json::to_column("state", &state)?)?;
                        if first {
                            let data = Life::of_machine(machine, LifeChange::Resumed).tell(data)?;
                            tell(connection, &known.request, now, "machine.ready", message, data)?;
                        }
                        Ok(true)
                    }
                }
            })
            .await
    }

    /// Writes down that the machine is no longer there, with the event
    /// `machine.lost`: somebody took it away, or it broke. It is made again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lost(&self, machine: MachineId, why: &str) -> Result<(), PimError> {
        let (now, why) = (self.clock.now(), why.to_owned());
        self.database
            .write(move |connection| {
                let Some(known) = find::<T>(connection, machine)? else { return Ok(()) };
                if let MachineState::Ready { share, .. } = &known.state {
                    let message = format!("{} {machine} on node {} is no longer there: {why}", T::ONE, share.node);
                    let data = json!({ "service": T::ONE, "node": share.node, "site": share.site });
                    let state = json::to_column("state", &MachineState::Requested)?;
                    T::set_state(connection, &machine.to_string(), &state)?;
                    let data = Life::of_machine(machine, LifeChange::Lost).tell(data)?;
                    tell(connection, &known.request, now, "machine.lost", message, data)?;
                }
                Ok(())
            })
            .await
    }

    /// Writes down that the machine is to go. Answers its record; None: there is no such machine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn releasing(&self, machine: MachineId) -> Result<Option<Machine>, PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let Some(mut known) = find::<T>(connection, machine)? else {
                    return Ok(None);
                };
                if let Transition::To { state, .. } = known.state.clone().releasing(now) {
                    T::set_state(connection, &machine.to_string(), &json::to_column("state", &state)?)?;
                    known.state = state;
                }
                Ok(Some(known))
            })
            .await
    }

    /// Forgets a machine that is gone, with the event `machine.released`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn released(&self, machine: Machine) -> Result<(), PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let request = machine.request;
                if T::delete(connection, &request.machine.to_string())? {
                    let message = format!("{} {} at site {} was released", T::ONE, request.machine, request.site);
                    let data = json!({ "service": T::ONE, "site": request.site, "amounts": request.amounts });
                    let data = Life::of_machine(request.machine, LifeChange::Ended).tell(data)?;
                    tell(connection, &request, now, "machine.released", message, data)?;
                }
                Ok(())
            })
            .await
    }

    /// One machine; None when it was never asked for or is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine(&self, machine: MachineId) -> Result<Option<Machine>, PimError> {
        self.database.read(move |connection| find::<T>(connection, machine)).await
    }

    /// The machines of an application, or all of this room, by identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, application: Option<ApplicationId>) -> Result<Vec<Machine>, PimError> {
        self.database
            .read(move |connection| {
                let application = application.map(|application| application.to_string());
                let rows = T::list(connection, application.as_deref())?;
                rows.into_iter().map(|row| row.machine().map_err(PimError::from)).collect()
            })
            .await
    }
}

fn find<T: MachineTable>(connection: &mut Connection, machine: MachineId) -> Result<Option<Machine>, PimError> {
    Ok(T::find(connection, &machine.to_string())?.map(MachineRow::machine).transpose()?)
}

/// A known machine, if it is what is asked now.
fn same(known: Machine, request: &MachineRequest) -> Result<Machine, PimError> {
    let machine = request.machine;
    if matches!(known.state, MachineState::Releasing { .. }) {
        return Err(PimError::Releasing { machine });
    }
    match known.request.difference(request) {
        Some(differs) => Err(PimError::Conflict { machine, differs }),
        None => Ok(known),
    }
}

fn tell(
    connection: &mut Connection,
    request: &MachineRequest,
    at: DateTime<Utc>,
    kind: &str,
    message: String,
    data: serde_json::Value,
) -> Result<(), RepositoryError> {
    let event = NewEvent {
        at,
        actor: Actor::Broker,
        application: Some(request.application),
        subject: format!("machine/{}", request.machine),
        kind: kind.to_owned(),
        message,
        data,
    };
    event::append(connection, &event).map(drop)
}
