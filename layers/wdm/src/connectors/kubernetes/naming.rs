//! How what Hansa makes in a cluster is named and labelled: all of it follows
//! from our own ids, so that nothing has to be remembered.

use crate::model::WorkloadSpec;
use hansa_ontology::{ApplicationId, WorkloadId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who owns the fields that Hansa sets.
pub(super) const MANAGER: &str = "hansa";
/// The broker's id. The prefix of all our keys lies in `.internal`, which
/// nobody can own in the public DNS, so that no other program uses it.
pub(super) const BROKER: &str = "hansa.internal/broker";
/// The application's id.
pub(super) const APPLICATION: &str = "hansa.internal/application";
/// The workload's id.
pub(super) const WORKLOAD: &str = "hansa.internal/workload";
/// The component's name.
pub(super) const COMPONENT: &str = "hansa.internal/component";
/// Which of the component's instances.
pub(super) const ORDINAL: &str = "hansa.internal/ordinal";
/// The number of the run, an annotation.
pub(super) const RUN: &str = "hansa.internal/run";
/// The revision that runs, an annotation.
pub(super) const REVISION: &str = "hansa.internal/revision";
/// What the peers' file holds, an annotation of pods: a change makes the
/// node's agent look at the file's source at once, not within a minute.
pub(super) const PEERS: &str = "hansa.internal/peers";
/// A list of objects that were applied, a label.
pub(super) const INVENTORY: &str = "hansa.internal/inventory";
/// The entrances of a component by host names, an annotation.
pub(super) const HOSTED: &str = "hansa.internal/hosted";
/// A run of manifests that was asked to end, an annotation.
pub(super) const STOPPED: &str = "hansa.internal/stopped";
/// The container that is the component, in a pod where others may stand beside it.
pub(super) const CONTAINER: &str = "main";

/// The name of every object of one workload.
pub(super) fn object(workload: WorkloadId) -> String {
    format!("hansa-{workload}")
}

/// The namespace of an application: its name for people, its id for being
/// its own. The id's end, since the beginning of some ids is the time.
pub(super) fn namespace(name: &str, application: ApplicationId) -> String {
    let letters = name.to_ascii_lowercase();
    let kept: String = letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let (id, kept) = (application.0.simple().to_string(), kept.trim_matches('-'));
    let end = id.get(20..).unwrap_or_default();
    if kept.is_empty() { format!("hansa-{end}") } else { format!("hansa-{kept}-{end}") }
}

/// The name of a claim: of the instance and not of the workload, whose id
/// changes with every copy.
pub(super) fn claim(application: ApplicationId, component: &str, ordinal: u32, volume: &str) -> String {
    let key = format!("{application}/{component}/{ordinal}/{volume}");
    format!("hansa-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()))
}

/// The name of an entrance: of the component's port.
pub(super) fn entrance(application: ApplicationId, component: &str, port: &str) -> String {
    let key = format!("entrance of {application}/{component}/{port}");
    format!("hansa-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()))
}

/// The labels of all that is an application's.
pub(super) fn of_application(broker: &str, application: ApplicationId) -> BTreeMap<String, String> {
    BTreeMap::from([
        (BROKER.to_owned(), broker.to_owned()),
        (APPLICATION.to_owned(), application.to_string()),
        ("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned()),
    ])
}

/// The labels of all that is one instance's, whichever workload it is now.
pub(super) fn of_instance(broker: &str, spec: &WorkloadSpec) -> BTreeMap<String, String> {
    let mut all = of_application(broker, spec.application);
    all.insert(COMPONENT.to_owned(), spec.component.clone());
    all.insert(ORDINAL.to_owned(), spec.ordinal.to_string());
    all.insert("app.kubernetes.io/name".to_owned(), spec.component.clone());
    all
}

/// The labels of all that is one workload's.
pub(super) fn of_workload(broker: &str, spec: &WorkloadSpec) -> BTreeMap<String, String> {
    let mut all = of_instance(broker, spec);
    all.insert(WORKLOAD.to_owned(), spec.id.to_string());
    all
}

/// Labels as JSON.
pub(super) fn json(labels: &BTreeMap<String, String>) -> Value {
    Value::Object(labels.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect::<Map<_, _>>())
}

/// A selector of labels, as a query asks.
pub(super) fn selector(labels: &[(&str, &str)]) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_names() {
        let id = ApplicationId(Uuid::from_u128(0x0192_0000_0000_7000_8000_1234_5678_9abc));
        assert_eq!(namespace("Shop", id), "hansa-shop-123456789abc");
        assert_eq!(namespace("-Ä-", id), "hansa-123456789abc");
        let long = namespace(&"x".repeat(200), id);
        assert!(long.len() <= 63, "{long}");
    }

    #[test]
    fn a_claim_outlives_its_workload() {
        let id = ApplicationId(Uuid::from_u128(1));
        assert_eq!(claim(id, "db", 0, "data"), claim(id, "db", 0, "data"));
        assert_ne!(claim(id, "db", 0, "data"), claim(id, "db", 1, "data"));
    }
}
