//! The record keeping that servers, virtual machines and places in clusters
//! have in common: what was asked, how far it is, and the events.
//!
//! A machine is written down as asked for before the real system is called and
//! as ready after; it is marked as going before it is taken away and forgotten
//! after. So whatever a crash leaves behind is known, and the same call again
//! ends it.

use crate::{
    connectors::SiteConnectors,
    error::PimError,
    model::{Machine, MachineRequest, MachineState, NodeShare, Transition},
    store,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId, SiteId};
use hansa_repository::{
    Connection, Database, RepositoryError,
    ambient::SharedClock,
    event::{self, NewEvent},
    json, time,
};
use serde_json::json;
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

/// The connector of this very machine's nodes.
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

/// The machines of one room: the records in its table `T`, and its connectors
/// `C`, which make them and take them away.
#[derive(Debug)]
pub struct Machines<T, C: ?Sized> {
    database: Database,
    clock: SharedClock,
    connectors: Arc<SiteConnectors<C>>,
    table: PhantomData<fn() -> T>,
}

impl<T, C: ?Sized> Clone for Machines<T, C> {
    fn clone(&self) -> Self {
        Self {
            database: self.database.clone(),
            clock: self.clock.clone(),
            connectors: Arc::clone(&self.connectors),
            table: PhantomData,
        }
    }
}

impl<T: MachineTable, C: ?Sized> Machines<T, C> {
    /// The machines in this database. `sites` names the connector of each
    /// site that gives such machines, `known` has the connectors that there are.
    ///
    /// # Errors
    /// `UnknownConnector` when a site names one that does not exist.
    pub fn new(
        database: Database,
        clock: SharedClock,
        sites: &BTreeMap<SiteId, String>,
        known: BTreeMap<&'static str, Arc<C>>,
    ) -> Result<Self, PimError> {
        let connectors = Arc::new(SiteConnectors::new(T::MANY, sites, known)?);
        Ok(Self { database, clock, connectors, table: PhantomData })
    }

    /// The connector that serves the site.
    #[must_use]
    pub fn serving(&self, site: &SiteId) -> Option<&Arc<C>> {
        self.connectors.serving(site)
    }

    /// Writes down that the machine is asked for. Answers the connector that
    /// has to make it: the one that it was first asked of.
    ///
    /// # Errors
    /// `Conflict` when it was asked for differently, `Releasing` when it is on
    /// its way out, `NoConnector` when it is new and nobody serves the site.
    pub async fn requested(&self, request: &MachineRequest) -> Result<&Arc<C>, PimError> {
        let known = self.machine(request.machine).await?;
        let name = match known {
            Some(known) => same(known, request)?,
            None => self.record(request).await?,
        };
        self.connectors.named(&request.site, &name)
    }

    /// Adds the record; answers the name of the connector.
    async fn record(&self, request: &MachineRequest) -> Result<String, PimError> {
        let connector = self.connector_name(&request.site).await?;
        let machine = Machine {
            request: request.clone(),
            state: MachineState::Requested,
            connector,
            created_at: self.clock.now(),
        };
        self.database
            .write(move |connection| match find::<T>(connection, machine.request.machine)? {
                Some(known) => same(known, &machine.request),
                None => {
                    T::insert(connection, &MachineRow::new(&machine)?)?;
                    Ok(machine.connector)
                }
            })
            .await
    }

    /// The connector that the site names. A site that names none and has nodes
    /// of this machine, which its owner has added, is served by the local one.
    async fn connector_name(&self, site: &SiteId) -> Result<String, PimError> {
        let named = self.connectors.name(site).map(str::to_owned);
        if named.is_ok() || self.connectors.named(site, LOCAL).is_err() {
            return named;
        }
        let asked = site.clone();
        let has_nodes = self.database.read(move |connection| store::site_has_nodes(connection, &asked)).await?;
        if has_nodes { Ok(LOCAL.to_owned()) } else { named }
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
                            tell(connection, &known.request, now, "machine.ready", message, data)?;
                        }
                        Ok(true)
                    }
                }
            })
            .await
    }

    /// Writes down that the machine is to go. Answers its record and the
    /// connector that has to take it away; None: there is no such machine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn releasing(&self, machine: MachineId) -> Result<Option<(Machine, &Arc<C>)>, PimError> {
        let now = self.clock.now();
        let known = self
            .database
            .write(move |connection| {
                let Some(mut known) = find::<T>(connection, machine)? else {
                    return Ok(None);
                };
                if let Transition::To { state, .. } = known.state.clone().releasing(now) {
                    T::set_state(connection, &machine.to_string(), &json::to_column("state", &state)?)?;
                    known.state = state;
                }
                Ok::<_, PimError>(Some(known))
            })
            .await?;
        let Some(known) = known else { return Ok(None) };
        let connector = self.connectors.named(&known.request.site, &known.connector)?;
        Ok(Some((known, connector)))
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

/// The connector of a known machine, if it is what is asked now.
fn same(known: Machine, request: &MachineRequest) -> Result<String, PimError> {
    let machine = request.machine;
    if matches!(known.state, MachineState::Releasing { .. }) {
        return Err(PimError::Releasing { machine });
    }
    match known.request.difference(request) {
        Some(differs) => Err(PimError::Conflict { machine, differs }),
        None => Ok(known.connector),
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
