//! Draining: what is written here is all that planning and reconciling need to
//! know. A drained node stays empty until its maintenance ends.

use super::Pim;
use crate::{
    error::PimError,
    model::{Maintenance, MaintenanceTarget, NewMaintenance, NodeUsage},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, NewEvent},
};
use serde_json::json;
use uuid::Uuid;

impl Pim {
    /// Begins to drain a node or a site: from now on it gives nothing new, and
    /// what runs there moves. With `dry_run` it only says how it would be.
    ///
    /// # Errors
    /// `NoNode` where there is no such node or the site has none; `InUse` when it is being drained already.
    pub async fn maintenance_begin(&self, new: NewMaintenance, dry_run: bool) -> Result<Maintenance, PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let machines = machines_of(connection, &new.target)?;
                if let Some(known) = of_target(connection, &new.target)? {
                    let begun = known.begun_at.format("%Y-%m-%d %H:%M:%S UTC");
                    return Err(PimError::InUse(format!("{} is under maintenance since {begun}", new.target)));
                }
                let maintenance = Maintenance {
                    id: new.id,
                    target: new.target,
                    reason: new.reason,
                    deadline: new.deadline,
                    leave_volumes: new.leave_volumes,
                    machines_at_begin: machines as u64,
                    begun_at: now,
                    begun_by: new.actor,
                    drained_at: (machines == 0).then_some(now),
                    overdue_told: false,
                    version: 1,
                };
                if !dry_run {
                    store::maintenance_insert(connection, &maintenance)?;
                    let message = format!("{} is to be empty; {machines} machines are there", maintenance.target);
                    told(connection, &maintenance, "maintenance.begun", message, maintenance.begun_by.clone(), now)?;
                }
                Ok(maintenance)
            })
            .await
    }

    /// Everything under maintenance, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn maintenance_list(&self) -> Result<Vec<Maintenance>, PimError> {
        self.database.read(|connection| Ok(store::maintenance_list(connection)?)).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `NoMaintenance`.
    pub async fn maintenance(&self, id: Uuid) -> Result<Maintenance, PimError> {
        self.database.read(move |connection| get(connection, id)).await
    }

    /// Ends a maintenance: the node or site gives machines again. What has
    /// moved stays where it is.
    ///
    /// # Errors
    /// `NoMaintenance`; `Changed` when it isn't of the expected version.
    pub async fn maintenance_end(
        &self,
        id: Uuid,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<Maintenance, PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let known = get(connection, id)?;
                if expected.is_some_and(|expected| expected != known.version) {
                    return Err(PimError::Changed(format!("the maintenance of {}", known.target)));
                }
                if !dry_run {
                    store::maintenance_delete(connection, id)?;
                    let message = format!("{} may be used again", known.target);
                    told(connection, &known, "maintenance.ended", message, actor, now)?;
                }
                Ok(known)
            })
            .await
    }

    /// Looks which of them are empty now, and which are not although their
    /// deadline has passed; each is told once, with an event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn maintenance_watch(&self) -> Result<(), PimError> {
        let open = self.maintenance_list().await?;
        if open.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                for known in store::maintenance_list(connection)? {
                    let machines = machines_of(connection, &known.target).unwrap_or_default();
                    watch(connection, known, machines, now)?;
                }
                Ok(())
            })
            .await
    }
}

fn watch(
    connection: &mut Connection,
    known: Maintenance,
    machines: usize,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let (target, version) = (known.target.clone(), known.version + 1);
    let changed = match (machines, known.drained_at) {
        (0, None) => Maintenance { drained_at: Some(now), version, ..known },
        (1.., Some(_)) => Maintenance { drained_at: None, version, ..known },
        (1.., None) if !known.overdue_told && known.deadline.is_some_and(|deadline| deadline < now) => {
            Maintenance { overdue_told: true, version, ..known }
        }
        _ => return Ok(()),
    };
    store::maintenance_update(connection, &changed)?;
    let (kind, message) = match (machines, changed.overdue_told) {
        (0, _) => ("maintenance.drained", format!("{target} is empty")),
        (_, true) => ("maintenance.overdue", format!("{target} should be empty by now; {machines} machines are there")),
        (_, false) => return Ok(()),
    };
    told(connection, &changed, kind, message, Actor::Broker, now)
}

fn get(connection: &mut Connection, id: Uuid) -> Result<Maintenance, PimError> {
    store::maintenance_get(connection, id)?.ok_or(PimError::NoMaintenance(id))
}

fn of_target(connection: &mut Connection, target: &MaintenanceTarget) -> Result<Option<Maintenance>, RepositoryError> {
    Ok(store::maintenance_list(connection)?.into_iter().find(|known| known.target == *target))
}

fn machines_of(connection: &mut Connection, target: &MaintenanceTarget) -> Result<usize, PimError> {
    let nodes = store::node_list(connection, None)?;
    let meant = |usage: &&NodeUsage| target.covers(&usage.node);
    let mut found = nodes.iter().filter(meant).peekable();
    match (found.peek(), target) {
        (None, MaintenanceTarget::Node(name)) => Err(PimError::NoNode(name.clone())),
        (None, MaintenanceTarget::Site(site)) => {
            Err(PimError::Field { field: "/site", message: format!("site {site} has no nodes of this broker") })
        }
        (Some(_), _) => Ok(found.map(|usage| usage.machines.len()).sum()),
    }
}

fn told(
    connection: &mut Connection,
    maintenance: &Maintenance,
    kind: &str,
    message: String,
    actor: Actor,
    at: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let data = json!({
        "maintenance": maintenance.id,
        "target": maintenance.target.to_string(),
        "reason": maintenance.reason,
        "deadline": maintenance.deadline,
    });
    let subject = maintenance.target.to_string();
    let new = NewEvent { at, actor, application: None, subject, kind: kind.to_owned(), message, data };
    event::append(connection, &new).map(drop)
}
