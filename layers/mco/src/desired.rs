//! Which workloads a plan asks for. Pure: the same plan and model always name
//! the same workloads, so that whoever carries the plan out may forget
//! everything and begin again.

use crate::model::{Instance, Plan};
use hansa_ontology::{ApplicationId, MachineId, ResourceModel, WorkloadId, resource_model::RunPolicy};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A workload that the plan asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredWorkload {
    /// Follows from application, component, ordinal, machine and revision: a
    /// changed package or a move is another workload, which replaces this one.
    pub id: WorkloadId,
    /// The component.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// Where it runs.
    pub machine: MachineId,
    /// Fingerprint of what runs.
    pub revision: String,
}

/// What of a component is seen by a running instance, and so asks for a new
/// one when it changes. Replicas and constraints are not among it.
#[derive(Serialize)]
struct Running<'a> {
    package: &'a hansa_ontology::resource_model::Package,
    resources: &'a hansa_ontology::resource_model::Resources,
    ports: &'a BTreeMap<String, hansa_ontology::resource_model::ExposedPort>,
    environment: &'a BTreeMap<String, String>,
    volumes: &'a BTreeMap<String, hansa_ontology::resource_model::Volume>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: &'a BTreeMap<String, hansa_ontology::resource_model::FileSet>,
    health: &'a Option<hansa_ontology::resource_model::HealthCheck>,
    calls: Vec<(&'a str, Option<&'a str>)>,
    #[serde(skip_serializing_if = "RunPolicy::is_service")]
    run: RunPolicy,
}

/// The workloads that an adopted plan asks for, by component and ordinal.
/// Machines without an id (of a plan that wasn't adopted) have none.
#[must_use]
pub fn workload_list(application: ApplicationId, model: &ResourceModel, plan: &Plan) -> Vec<DesiredWorkload> {
    let revisions: BTreeMap<&str, Uuid> = model
        .components
        .keys()
        .filter_map(|name| Some((name.as_str(), fingerprint(application, model, name)?)))
        .collect();
    let mut workloads: Vec<DesiredWorkload> = plan
        .machines
        .iter()
        .filter_map(|machine| Some((machine.held?, machine)))
        .flat_map(|(id, machine)| machine.instances.iter().map(move |instance| (id, instance)))
        .filter_map(|(machine, instance)| {
            let revision = revisions.get(instance.component.as_str())?;
            Some(named(*revision, instance, machine))
        })
        .collect();
    workloads.sort_by(|a, b| (&a.component, a.ordinal).cmp(&(&b.component, b.ordinal)));
    workloads
}

/// The workload of an instance in a machine, as the model describes it; None
/// where the model has no such component.
#[must_use]
pub fn workload(
    application: ApplicationId,
    model: &ResourceModel,
    instance: &Instance,
    machine: MachineId,
) -> Option<DesiredWorkload> {
    Some(named(fingerprint(application, model, &instance.component)?, instance, machine))
}

fn named(revision: Uuid, instance: &Instance, machine: MachineId) -> DesiredWorkload {
    let name = format!("{}/{}/{machine}", instance.component, instance.ordinal);
    DesiredWorkload {
        id: WorkloadId(Uuid::new_v5(&revision, name.as_bytes())),
        component: instance.component.clone(),
        ordinal: instance.ordinal,
        machine,
        revision: revision_of(revision),
    }
}

/// What workloads of a component carry as their revision: another one is another job.
/// None where the model has no such component.
#[must_use]
pub fn revision(application: ApplicationId, model: &ResourceModel, component: &str) -> Option<String> {
    fingerprint(application, model, component).map(revision_of)
}

/// A fingerprint as workloads carry it.
pub(crate) fn revision_of(fingerprint: Uuid) -> String {
    fingerprint.simple().to_string().chars().take(12).collect()
}

/// What of a component its instances see: as long as it is the same, they go on.
pub(crate) fn fingerprint(application: ApplicationId, model: &ResourceModel, name: &str) -> Option<Uuid> {
    let component = model.components.get(name)?;
    let running = Running {
        package: &component.package,
        resources: &component.resources,
        ports: &component.ports,
        environment: &component.environment,
        volumes: &component.volumes,
        files: &component.files,
        health: &component.health,
        calls: model.links.iter().filter(|l| l.from == name).map(|l| (l.to.as_str(), l.port.as_deref())).collect(),
        run: component.run,
    };
    let text = serde_json::to_string(&running).unwrap_or_default();
    Some(Uuid::new_v5(&application.0, format!("{name}\n{text}").as_bytes()))
}
