//! Packages of manifests: applied with our labels, followed until they work,
//! and removed by the inventory of what was applied.

use super::{
    Kubernetes, apply, documents,
    hooks::Bundle,
    inventory::{self, Entry, Inventory},
    judge::{failed, limits},
    naming::{COMPONENT, MANAGER, STOPPED, WORKLOAD},
    refused,
    rollout::{self, Progress},
};
use crate::{
    WdmError,
    connectors::{Activity, Launch, Observation, Place},
    model::{Removal, WorkloadSpec},
};
use futures_util::{StreamExt as _, stream};
use hansa_kubernetes_client::error;
use hansa_ontology::{WorkloadId, resource_model::KubernetesPackage};
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PropagationPolicy},
    core::GroupVersionKind,
    discovery::{Scope, pinned_kind},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So long what was seen holds: of what works, and of what doesn't yet.
const HOLDS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(1));
/// So many objects are looked at side by side.
const SIDE_BY_SIDE: usize = 8;

/// What was last seen of each package.
pub(super) type Seen = Mutex<HashMap<WorkloadId, (Instant, Observation)>>;

/// What can't be brought, before anything is made of it.
pub(super) fn check(spec: &WorkloadSpec, package: &KubernetesPackage, cluster_scoped: bool) -> Result<(), WdmError> {
    check_said(spec, "manifests")?;
    documents::read(&package.manifests, cluster_scoped).map(drop)
}

/// What a component of objects may not ask of Hansa, since the package says it.
pub(super) fn check_said(spec: &WorkloadSpec, where_it_is_said: &str) -> Result<(), WdmError> {
    let has = [
        (!spec.ports.is_empty(), "ports", "a Service"),
        (!spec.volumes.is_empty(), "volumes", "a PersistentVolumeClaim"),
        (!spec.environment.is_empty(), "environment", "it"),
        (!spec.run.is_service(), "run", "a Job"),
        (spec.health.is_some(), "health", "probes (their readiness is what counts)"),
        (spec.ordinal > 0, "replicas", "the number of pods (the package is there once)"),
    ];
    if let Some((_, field, what)) = has.iter().find(|(has, ..)| *has) {
        let kind = spec.package.kind();
        let problem = format!("says nothing to a {kind} package: write {what} into the {where_it_is_said}");
        return Err(WdmError::Invalid { field: (*field).to_owned(), problem });
    }
    Ok(())
}

impl Kubernetes {
    pub(super) fn dynamic(&self, namespace: &str, entry: &Entry) -> Api<DynamicObject> {
        let resource = entry.resource();
        if entry.namespaced {
            Api::namespaced_with(self.cluster.client(), namespace, &resource)
        } else {
            Api::all_with(self.cluster.client(), &resource)
        }
    }

    /// What the cluster's API calls an object's kind, and whether it may be
    /// applied. `more` is all that is applied with it: it may define the kind.
    pub(super) async fn entry(&self, object: &Value, more: &[&Value]) -> Result<Entry, SystemError> {
        let (kind, name) = apply::named(object);
        let api_version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let wanted = GroupVersionKind::gvk(group, version, kind);
        let action = format!("apply {kind} {name}");
        let found =
            self.cluster.call(&action, async { Ok(pinned_kind(&self.cluster.client(), &wanted).await) }).await?;
        let (plural, namespaced) = match found {
            Ok((resource, capabilities)) => (resource.plural, capabilities.scope == Scope::Namespaced),
            Err(failed) => {
                let told = error(self.cluster.system(), &action, &failed);
                let unknown = told.kind == SystemErrorKind::NotFound || matches!(failed, kube::Error::Discovery(_));
                match documents::defined(more, group, kind).filter(|_| unknown) {
                    Some(defined) => defined,
                    None if unknown => {
                        let remedy = format!("the cluster knows no {kind} of {api_version}");
                        return Err(SystemError { kind: SystemErrorKind::Unsupported, remedy, ..told });
                    }
                    None => return Err(told),
                }
            }
        };
        if !namespaced && !self.settings.cluster_scoped {
            let remedy = "it belongs to no namespace, and the system's setting `clusterScoped` does not allow that";
            return Err(refused(self.cluster.system(), SystemErrorKind::Forbidden, action, remedy.to_owned()));
        }
        Ok(Entry {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural,
            name: name.to_owned(),
            namespaced,
            hook: false,
            passing: object.pointer("/spec/ttlSecondsAfterFinished").is_some_and(Value::is_u64),
        })
    }

    /// Applies all, removes what is no longer named, and writes down what there is.
    pub(super) async fn deploy_manifests(&self, launch: &Launch, package: &KubernetesPackage) -> Result<(), WdmError> {
        let known = self.cache.inventory(launch.spec.id);
        if known.is_some_and(|it| it.run >= launch.run && !it.stopped) {
            return Ok(());
        }
        let objects = documents::read(&package.manifests, self.settings.cluster_scoped)?;
        let namespace = self.namespace(&launch.spec).await?;
        self.deploy_bundle(launch, &namespace, &Bundle::plain(objects)).await.map(drop)
    }

    /// An object of another component is not taken over; one of an earlier copy of this one is.
    pub(super) async fn is_free(
        &self,
        api: &Api<DynamicObject>,
        entry: &Entry,
        spec: &WorkloadSpec,
    ) -> Result<(), SystemError> {
        let action = format!("apply {} {}", entry.kind, entry.name);
        let there = self.cluster.maybe(&action, api.get_metadata(&entry.name)).await?;
        let owner = there.as_ref().and_then(|it| it.labels().get(COMPONENT));
        match owner {
            Some(owner) if *owner != spec.component => {
                let remedy = format!("it is of the component `{owner}` already; give one of them another name");
                Err(refused(self.cluster.system(), SystemErrorKind::Conflict, action, remedy))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn write_inventory(
        &self,
        namespace: &str,
        spec: &WorkloadSpec,
        run: u64,
        stopped: bool,
        entries: &[Entry],
    ) -> Result<(), SystemError> {
        let wish = inventory::written(spec, &self.broker, run, stopped, entries);
        let api: Api<ConfigMap> = self.api(namespace);
        // The mark of a stopped run goes with it.
        let unmarked = Patch::Merge(json!({ "metadata": { "annotations": { STOPPED: null } } }));
        let made = apply::apply(&self.cluster, &self.broker, &api, &wish).await?;
        let marked = made.annotations().contains_key(STOPPED) && !stopped;
        let made = if marked {
            let name = inventory::name(spec.id);
            self.cluster.call(&format!("apply ConfigMap {name}"), api.patch(&name, &ours(), &unmarked)).await?
        } else {
            made
        };
        if let Some(seen) = Inventory::of(&made) {
            self.cache.saw_inventory(seen);
        }
        Ok(())
    }

    pub(super) fn seen_manifests(&self) -> std::sync::MutexGuard<'_, HashMap<WorkloadId, (Instant, Observation)>> {
        self.manifests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a package is.
    pub(super) async fn observe_manifests(&self, inventory: &Inventory) -> Result<Observation, SystemError> {
        if let Some((at, known)) = self.seen_manifests().get(&inventory.workload) {
            let holds = if known.verdict == Some(Ok(())) { HOLDS.0 } else { HOLDS.1 };
            if at.elapsed() < holds && known.run == inventory.run {
                return Ok(known.clone());
            }
        }
        let lasting: Vec<Entry> = inventory.entries.iter().filter(|entry| !entry.hook).cloned().collect();
        let looks = stream::iter(lasting).map(|entry| self.look(inventory, entry));
        let found: Vec<Result<Progress, SystemError>> = looks.buffered(SIDE_BY_SIDE).collect().await;
        let mut activity = Activity::Running { pid: 0 };
        let mut verdict = Ok(());
        for progress in found {
            match progress? {
                Progress::Done => {}
                Progress::Waiting(why) => verdict = verdict.and(Err(why)),
                Progress::Failed(why) => activity = failed(&why),
            }
        }
        if inventory.stopped {
            activity = Activity::Nothing;
        }
        let seen = Observation { run: inventory.run, activity, limits: Some(limits()), verdict: Some(verdict) };
        self.seen_manifests().insert(inventory.workload, (Instant::now(), seen.clone()));
        Ok(seen)
    }

    async fn look(&self, inventory: &Inventory, entry: Entry) -> Result<Progress, SystemError> {
        let (api, action) =
            (self.dynamic(&inventory.namespace, &entry), format!("look at {} {}", entry.kind, entry.name));
        let Some(there) = self.cluster.maybe(&action, api.get(&entry.name)).await? else {
            if entry.passing {
                return Ok(Progress::Done);
            }
            return Ok(Progress::Failed(format!("{} {} was deleted by somebody else", entry.kind, entry.name)));
        };
        if !is_of(there.labels().get(WORKLOAD), inventory.workload) {
            // A later copy of the component has taken it over.
            return Ok(Progress::Done);
        }
        let mut object = serde_json::to_value(&there).unwrap_or_default();
        super::pod::set(&mut object, "kind", entry.kind.clone().into());
        Ok(rollout::progress(&object))
    }

    /// Nothing is taken away for a new revision: it is applied over the old one.
    pub(super) async fn stop_manifests(&self, inventory: &Inventory) -> Result<(), SystemError> {
        let (api, name) = (self.api::<ConfigMap>(&inventory.namespace), inventory::name(inventory.workload));
        let mark = Patch::Merge(json!({ "metadata": { "annotations": { STOPPED: "true" } } }));
        let marked = self.cluster.maybe(&format!("stop {name}"), api.patch(&name, &ours(), &mark)).await?;
        if let Some(seen) = marked.as_ref().and_then(Inventory::of) {
            self.cache.saw_inventory(seen);
        }
        self.seen_manifests().remove(&inventory.workload);
        Ok(())
    }

    /// Removes all of a package; call it until it is gone.
    pub(super) async fn remove_manifests(&self, place: &Place, inventory: &Inventory) -> Result<Removal, SystemError> {
        let mut left = false;
        for entry in inventory.entries.iter().rev() {
            left |= self.delete_entry(&inventory.namespace, entry, place.workload).await?;
        }
        if left {
            return Ok(Removal::Stopping);
        }
        let (api, name) = (self.api::<ConfigMap>(&inventory.namespace), inventory::name(place.workload));
        let (params, action) = (DeleteParams::default(), format!("delete ConfigMap {name}"));
        Ok(match self.cluster.maybe(&action, api.delete(&name, &params)).await? {
            Some(_) => Removal::Stopping,
            None => Removal::Gone,
        })
    }

    /// Deletes an object that is this workload's. Whether it is still there.
    pub(super) async fn delete_entry(
        &self,
        namespace: &str,
        entry: &Entry,
        of: WorkloadId,
    ) -> Result<bool, SystemError> {
        let (api, action) = (self.dynamic(namespace, entry), format!("delete {} {}", entry.kind, entry.name));
        let Some(there) = self.cluster.maybe(&action, api.get_metadata(&entry.name)).await? else { return Ok(false) };
        let mine = apply::is_ours(&there.metadata, &self.broker) && is_of(there.labels().get(WORKLOAD), of);
        if !mine {
            return Ok(false);
        }
        if there.metadata.deletion_timestamp.is_none() {
            let policy = Some(PropagationPolicy::Foreground);
            let params = DeleteParams { propagation_policy: policy, ..DeleteParams::default() };
            self.cluster.maybe(&action, api.delete(&entry.name, &params)).await?;
        }
        Ok(true)
    }
}

fn is_of(label: Option<&String>, workload: WorkloadId) -> bool {
    label.is_some_and(|label| *label == workload.to_string())
}

fn ours() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}
