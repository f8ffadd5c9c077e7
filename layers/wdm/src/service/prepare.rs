//! Writing a workload down and giving it ports, before anything is started.

use super::{Wdm, ports, tell, volumes::tell_volumes};
use crate::{
    Endpoint, Endpoints, LimitSupport, WdmError, WorkloadSpec,
    connectors::PortChoice,
    lifecycle::{Change, Workload},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    WorkloadId,
    resource_model::{Protocol, mount_faults},
};
use hansa_repository::{
    Connection,
    life::{LifeChange, Placement},
};
use std::{collections::BTreeMap, net::IpAddr};

/// How often port numbers are sought again when others were quicker.
const TRIES: u32 = 20;

impl Wdm {
    /// Writes the workload down and allocates its ports, so that its peers
    /// can be told before it runs. Starts nothing.
    ///
    /// # Errors
    /// A specification that can't be carried out; a fixed port that is taken.
    pub async fn workload_prepare(&self, spec: &WorkloadSpec) -> Result<Endpoints, WdmError> {
        let connector = self.connector(spec).await?;
        connector.check(spec)?;
        check_health_port(spec)?;
        if let Some(endpoints) = self.is_prepared(spec).await? {
            return Ok(endpoints);
        }
        check_mounts(spec)?;
        for _ in 0..TRIES {
            let found = match connector.ports() {
                PortChoice::System => connector.expose(spec).await?,
                choice => self.seek_ports(spec, choice).await?,
            };
            if let Some(workload) = self.write_down(spec, found, connector.limits()).await? {
                return Ok(workload.endpoints);
            }
        }
        Err(self.exhausted(spec.target.address))
    }

    /// All of it was done before: the usual case, and nothing is written then.
    async fn is_prepared(&self, spec: &WorkloadSpec) -> Result<Option<Endpoints>, WdmError> {
        let id = spec.id;
        let known = self.database.read(move |connection| store::workload_find(connection, id)).await?;
        Ok(known.filter(|it| it.spec == *spec && !it.progress.removing && it.has_its_ports()).map(|it| it.endpoints))
    }

    pub(super) fn exhausted(&self, address: IpAddr) -> WdmError {
        let (first, last) = (*self.options.ports.start(), *self.options.ports.end());
        WdmError::PortsExhausted { address, first, last }
    }

    /// Numbers for the ports that have none yet. Binding is tried here, outside
    /// of any transaction.
    async fn seek_ports(&self, spec: &WorkloadSpec, choice: PortChoice) -> Result<Endpoints, WdmError> {
        let (id, address) = (spec.id, spec.target.address);
        let (held, table) = self
            .database
            .read(move |connection| -> Result<_, WdmError> {
                let held = store::workload_find(connection, id)?.map(|it| it.endpoints);
                Ok((held.unwrap_or_default(), store::port_table(connection, address)?))
            })
            .await?;
        let (spec, range) = (spec.clone(), self.options.ports.clone());
        let sought = move || ports::seek(&spec, &held, table, range, choice);
        tokio::task::spawn_blocking(sought).await?
    }

    /// `None` where somebody took one of the numbers meanwhile, or where they
    /// are to be sought anew.
    async fn write_down(
        &self,
        spec: &WorkloadSpec,
        found: Endpoints,
        limits: LimitSupport,
    ) -> Result<Option<Workload>, WdmError> {
        let (spec, now) = (spec.clone(), self.clock.now());
        self.database
            .write(move |connection| -> Result<_, WdmError> {
                let workload = match store::workload_find(connection, spec.id)? {
                    Some(known) if has_moved(&known, &spec) => {
                        store::port_delete(connection, spec.id, None)?;
                        let mut moved = known;
                        moved.spec.target.address = spec.target.address;
                        store::workload_update(connection, &moved)?;
                        return Ok(None);
                    }
                    Some(known) => renew(connection, known, &spec, now)?,
                    None => {
                        let new = Workload::new(spec.clone(), limits, now);
                        store::workload_insert(connection, &new, now)?;
                        let change = Change {
                            kind: "workload.prepared",
                            message: format!("is prepared on node {}", spec.target.node),
                        };
                        tell(connection, &new, &[change], now)?;
                        new
                    }
                };
                if !keep_ports(connection, &workload, &found)? {
                    return Ok(None);
                }
                write_volumes(connection, &spec, now)?;
                Ok(store::workload_find(connection, spec.id)?)
            })
            .await
    }
}

impl Workload {
    fn has_its_ports(&self) -> bool {
        let serves = |(name, wish): (&String, _)| {
            self.endpoints.get(name).is_some_and(|held| ports::serves(held, wish, &self.spec))
        };
        self.endpoints.len() == self.spec.ports.len() && self.spec.ports.iter().all(serves)
    }
}

/// Files and volumes have places that they can have.
fn check_mounts(spec: &WorkloadSpec) -> Result<(), WdmError> {
    match mount_faults(&spec.package, &spec.volumes, &spec.files).into_iter().next() {
        None => Ok(()),
        Some(fault) => Err(WdmError::Invalid { field: fault.field.join("."), problem: fault.to_string() }),
    }
}

/// A health check asks on a port that there is.
fn check_health_port(spec: &WorkloadSpec) -> Result<(), WdmError> {
    let Some(check) = &spec.health else {
        return Ok(());
    };
    let port = check.probe.port();
    match spec.ports.get(port) {
        Some(exposed) if exposed.protocol == Protocol::Tcp => Ok(()),
        Some(_) => Err(WdmError::Invalid {
            field: "health.probe".to_owned(),
            problem: format!("port `{port}` isn't TCP; name a TCP port"),
        }),
        None => Err(WdmError::Invalid {
            field: "health.probe".to_owned(),
            problem: format!("there is no port `{port}`; name one of `ports`"),
        }),
    }
}

/// Its machine was made anew by its system, and is reached under another address.
fn has_moved(known: &Workload, spec: &WorkloadSpec) -> bool {
    let (before, after) = (&known.spec.target, &spec.target);
    after.system.is_some()
        && (before.machine, &before.system) == (after.machine, &after.system)
        && before.address != after.address
}

/// Takes over a changed specification; where it runs may not change.
fn renew(
    connection: &mut Connection,
    mut known: Workload,
    spec: &WorkloadSpec,
    now: DateTime<Utc>,
) -> Result<Workload, WdmError> {
    if known.progress.removing {
        return Err(WdmError::BeingRemoved(spec.id));
    }
    let same_place = known.spec.target.directory == spec.target.directory
        && known.spec.target.address == spec.target.address
        && known.spec.target.system == spec.target.system;
    if !same_place || known.spec.application != spec.application {
        return Err(WdmError::Invalid {
            field: "target".to_owned(),
            problem: "can't change for a workload that exists; take a new id and remove this one".to_owned(),
        });
    }
    if known.spec != *spec {
        let renewed = known.spec.revision != spec.revision;
        known.spec = spec.clone();
        store::workload_update(connection, &known)?;
        if renewed {
            let message = format!("gets revision {}", spec.revision);
            tell(connection, &known, &[Change { kind: "workload.renewed", message }], now)?;
        }
    }
    Ok(known)
}

/// Gives back ports that the specification no longer has, and takes the new
/// ones. False where one of those was taken meanwhile.
fn keep_ports(connection: &mut Connection, workload: &Workload, found: &Endpoints) -> Result<bool, WdmError> {
    for (name, held) in &workload.endpoints {
        if workload.spec.ports.get(name).is_none_or(|wish| !ports::serves(held, wish, &workload.spec)) {
            store::port_delete(connection, workload.spec.id, Some(name))?;
        }
    }
    let held = store::port_list(connection, workload.spec.id)?;
    for (name, endpoint) in found.iter().filter(|(name, _)| !held.contains_key(*name)) {
        if store::port_holder(connection, endpoint)?.is_some() {
            // What was taken up to here is kept; the next try seeks the rest.
            let insists = workload.spec.target.system.is_none()
                && workload.spec.ports.get(name).is_some_and(|wish| wish.number.is_some());
            return if insists { Err(ports::taken(&workload.spec, name, endpoint, ANOTHER)) } else { Ok(false) };
        }
        store::port_insert(connection, workload.spec.id, name, endpoint)?;
    }
    Ok(true)
}

/// Who has a number that the database gave away.
pub(super) const ANOTHER: &str = "another workload of this broker";

fn write_volumes(connection: &mut Connection, spec: &WorkloadSpec, now: DateTime<Utc>) -> Result<(), WdmError> {
    if spec.volumes.is_empty() {
        return Ok(());
    }
    let row = store::VolumeRow {
        application: spec.application.to_string(),
        component: spec.component.clone(),
        ordinal: i64::from(spec.ordinal),
        directory: spec.target.directory.display().to_string(),
        system: spec.target.system.clone().unwrap_or_default(),
        void: false,
    };
    if store::volume_insert(connection, &row)? {
        let mebibytes = spec.volumes.values().map(|volume| volume.size.0).fold(0, u64::saturating_add);
        let placed = Placement { machine: spec.target.machine, mebibytes: Some(mebibytes) };
        tell_volumes(connection, spec.application, &row, LifeChange::Placed(placed), now)?;
    }
    Ok(())
}

/// Puts another number in the place of one that was taken while nothing ran.
pub(super) fn replace_port(
    connection: &mut Connection,
    id: WorkloadId,
    fresh: &BTreeMap<String, Endpoint>,
) -> Result<bool, WdmError> {
    for (name, endpoint) in fresh {
        if store::port_holder(connection, endpoint)?.is_some() {
            return Ok(false);
        }
        store::port_delete(connection, id, Some(name))?;
        store::port_insert(connection, id, name, endpoint)?;
    }
    Ok(true)
}
