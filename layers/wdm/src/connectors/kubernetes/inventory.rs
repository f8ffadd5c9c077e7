//! What was applied of a package of manifests: written down in the cluster
//! itself, so that what is no longer named is found and removed.

use super::{
    naming::{INVENTORY, REVISION, RUN, STOPPED, json, object, of_workload},
    pod::set,
    record::{Watched, application, run, workload},
};
use crate::model::WorkloadSpec;
use hansa_ontology::{ApplicationId, WorkloadId};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::ApiResource;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// One object that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) plural: String,
    pub(super) name: String,
    pub(super) namespaced: bool,
    /// It was applied to do something once: that it is gone later is no loss.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) hook: bool,
    /// The cluster itself removes it some time after it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) passing: bool,
}

impl Entry {
    /// How the cluster's API names its kind.
    pub(super) fn resource(&self) -> ApiResource {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", &self.api_version));
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            plural: self.plural.clone(),
        }
    }

    /// The same object, also where another version of its kind was applied.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.resource().group == other.resource().group && self.kind == other.kind && self.name == other.name
    }
}

/// All that was applied for a workload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inventory {
    uid: Box<str>,
    pub(super) workload: WorkloadId,
    pub(super) application: Option<ApplicationId>,
    pub(super) namespace: Box<str>,
    pub(super) run: u64,
    pub(super) stopped: bool,
    pub(super) entries: Vec<Entry>,
}

impl Watched for Inventory {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner(&self) -> Uuid {
        self.workload.0
    }
}

/// Its name.
pub(super) fn name(workload: WorkloadId) -> String {
    format!("{}-manifests", object(workload))
}

impl Inventory {
    pub(super) fn of(written: &ConfigMap) -> Option<Self> {
        let meta = &written.metadata;
        meta.labels.as_ref()?.get(INVENTORY)?;
        let text = written.data.as_ref()?.get("objects.json")?;
        Some(Self {
            uid: meta.uid.as_deref().unwrap_or_default().into(),
            workload: workload(meta)?,
            application: application(meta),
            namespace: meta.namespace.as_deref().unwrap_or_default().into(),
            run: run(meta.annotations.as_ref()),
            stopped: meta.annotations.iter().flatten().any(|(key, _)| key == STOPPED),
            entries: serde_json::from_str(text).ok()?,
        })
    }
}

/// As it is written. `stopped`: what there is of this run is not what is wished.
pub(super) fn written(spec: &WorkloadSpec, broker: &str, run: u64, stopped: bool, entries: &[Entry]) -> Value {
    let mut labels = of_workload(broker, spec);
    labels.insert(INVENTORY.to_owned(), "manifests".to_owned());
    let mut annotations = json!({ RUN: run.to_string(), REVISION: &spec.revision });
    if stopped {
        set(&mut annotations, STOPPED, "true".into());
    }
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name(spec.id), "labels": json(&labels), "annotations": annotations },
        "data": { "objects.json": serde_json::to_string(entries).unwrap_or_else(|_| "[]".to_owned()) },
    })
}
