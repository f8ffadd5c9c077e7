//! What is written into a management cluster: one Cluster with a topology, and
//! what has to change of it. Values; nothing here asks anybody.

use super::template::Template;
use hansa_pim::MachineOrder;
use kube::core::ObjectMeta;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whose a cluster is: the broker's id.
pub(super) const BROKER: &str = "hansa.internal/broker";
/// The machine that it is.
pub(super) const MACHINE: &str = "hansa.internal/machine";
/// Who rents it.
pub(super) const APPLICATION: &str = "hansa.internal/application";
/// The owner's name of what it was made as.
pub(super) const TEMPLATE: &str = "hansa.internal/template";
/// Where its nodes are reached, as this was first found: an annotation, which
/// also says that it could be used once.
pub(super) const ADDRESS: &str = "hansa.internal/node-address";
/// Cluster API's own label on all that belongs to a cluster.
pub(super) const OF_CLUSTER: &str = "cluster.x-k8s.io/cluster-name";
/// The only group of workers in a cluster of ours.
const WORKERS: &str = "workers";

/// The labels of the cluster of an order.
pub(super) fn labels(broker: &str, order: &MachineOrder, template: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (BROKER.to_owned(), broker.to_owned()),
        (MACHINE.to_owned(), order.machine.to_string()),
        (APPLICATION.to_owned(), order.application.to_string()),
        (TEMPLATE.to_owned(), template.to_owned()),
        ("app.kubernetes.io/managed-by".to_owned(), "hansa".to_owned()),
    ])
}

/// Whether this broker made it, for this machine.
pub(super) fn is_ours(meta: &ObjectMeta, broker: &str) -> bool {
    let label = |key: &str| meta.labels.as_ref().and_then(|all| all.get(key)).map(String::as_str);
    let name = label(MACHINE).map(|machine| format!("hansa-{machine}"));
    label(BROKER) == Some(broker) && name.is_some() && name == meta.name
}

/// The Cluster, in this version of its API.
pub(super) fn cluster(
    version: &str,
    meta: (&str, &BTreeMap<String, String>),
    template: &Template,
    workers: u32,
) -> Value {
    let (name, labels) = meta;
    let mut topology = Map::new();
    topology.insert("version".to_owned(), json!(template.version));
    topology.insert("variables".to_owned(), json!(variables(template)));
    let group = json!({ "class": template.workers.class, "name": WORKERS, "replicas": workers });
    topology.insert("workers".to_owned(), json!({ "machineDeployments": [group] }));
    if version == "v1beta1" {
        topology.insert("class".to_owned(), json!(template.class));
        if let Some(namespace) = &template.class_namespace {
            topology.insert("classNamespace".to_owned(), json!(namespace));
        }
    } else {
        let mut class = Map::from_iter([("name".to_owned(), json!(template.class))]);
        class.extend(template.class_namespace.iter().map(|namespace| ("namespace".to_owned(), json!(namespace))));
        topology.insert("classRef".to_owned(), Value::Object(class));
    }
    if template.control_plane > 0 {
        topology.insert("controlPlane".to_owned(), json!({ "replicas": template.control_plane }));
    }
    let mut spec = Map::from_iter([("topology".to_owned(), Value::Object(topology))]);
    spec.extend(template.cluster_network.iter().map(|network| ("clusterNetwork".to_owned(), network.clone())));
    json!({
        "apiVersion": format!("cluster.x-k8s.io/{version}"), "kind": "Cluster",
        "metadata": { "name": name, "labels": labels },
        "spec": spec,
    })
}

fn variables(template: &Template) -> Vec<Value> {
    template.variables.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// What has to change of a cluster that is there, as a merge patch; None:
/// nothing. Its class stays what it was, and what others have added stays too.
pub(super) fn change(found: &Value, template: &Template, workers: u32) -> Option<Value> {
    let topology = found.pointer("/spec/topology")?;
    let mut changed = Map::new();
    if topology.get("version") != Some(&json!(template.version)) {
        changed.insert("version".to_owned(), json!(template.version));
    }
    let replicas = topology.pointer("/controlPlane/replicas");
    if template.control_plane > 0 && replicas != Some(&json!(template.control_plane)) {
        changed.insert("controlPlane".to_owned(), json!({ "replicas": template.control_plane }));
    }
    let groups = with(topology.pointer("/workers/machineDeployments"), WORKERS, "replicas", &json!(workers));
    if let Some(groups) = groups {
        changed.insert("workers".to_owned(), json!({ "machineDeployments": groups }));
    }
    let (known, mut variables) = (topology.get("variables"), None);
    for (name, value) in &template.variables {
        let now = variables.as_ref().or(known);
        variables = match now.and_then(Value::as_array) {
            Some(all) if all.iter().any(|one| one.get("name") == Some(&json!(name))) => {
                with(now, name, "value", value).or(variables)
            }
            all => {
                let mut all = all.cloned().unwrap_or_default();
                all.push(json!({ "name": name, "value": value }));
                Some(Value::Array(all))
            }
        };
    }
    if let Some(variables) = variables {
        changed.insert("variables".to_owned(), variables);
    }
    // Only of this very state: somebody may change it at the same time.
    let version = found.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    (!changed.is_empty())
        .then(|| json!({ "metadata": { "resourceVersion": version }, "spec": { "topology": changed } }))
}

/// The list with one field of one of its items as wished; None where it is so, or there is no such item.
fn with(list: Option<&Value>, name: &str, field: &str, wish: &Value) -> Option<Value> {
    let mut all = list.and_then(Value::as_array)?.clone();
    let one = all.iter_mut().find(|one| one.get("name") == Some(&json!(name)))?.as_object_mut()?;
    if one.get(field) == Some(wish) {
        return None;
    }
    one.insert(field.to_owned(), wish.clone());
    Some(Value::Array(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::cluster_api::template::read;

    fn template(more: &str) -> Template {
        let text = format!(
            "t: {{class: quick, version: v1.31.2, workers: {{count: 2, cpu: 2, memory: 4Gi}}, variables: {{a: 1}}{more}}}"
        );
        read(&text).unwrap().remove("t").unwrap()
    }

    #[test]
    fn both_versions_name_their_class() {
        let labels = BTreeMap::new();
        let older = cluster("v1beta1", ("c", &labels), &template(", classNamespace: shared"), 2);
        assert_eq!(older.pointer("/spec/topology/class"), Some(&json!("quick")));
        assert_eq!(older.pointer("/spec/topology/classNamespace"), Some(&json!("shared")));
        let newer = cluster("v1beta2", ("c", &labels), &template(", controlPlane: 0"), 2);
        assert_eq!(newer.pointer("/spec/topology/classRef"), Some(&json!({ "name": "quick" })));
        assert_eq!(newer.pointer("/spec/topology/controlPlane"), None, "the class has none to count");
    }

    #[test]
    fn only_what_differs_is_changed() {
        let labels = BTreeMap::new();
        let mut found = cluster("v1beta2", ("c", &labels), &template(""), 2);
        assert_eq!(change(&found, &template(""), 2), None);
        // What others have added stays.
        found["metadata"]["resourceVersion"] = json!("7");
        found["spec"]["topology"]["variables"] = json!([{ "name": "theirs", "value": 1 }, { "name": "a", "value": 2 }]);
        let others = json!({ "class": "x", "name": "theirs", "replicas": 1 });
        found["spec"]["topology"]["workers"]["machineDeployments"].as_array_mut().unwrap().push(others.clone());
        let mut newer = template(", controlPlane: 3");
        newer.version = "v1.32.0".to_owned();
        newer.variables.insert("b".to_owned(), json!("new"));
        let patch = change(&found, &newer, 5).unwrap();
        assert_eq!(patch.pointer("/metadata/resourceVersion"), Some(&json!("7")));
        let of = |path: &str| patch.pointer(&format!("/spec/topology{path}")).cloned().unwrap_or_default();
        assert_eq!((of("/version"), of("/controlPlane/replicas")), (json!("v1.32.0"), json!(3)));
        assert_eq!(
            (of("/workers/machineDeployments/0/replicas"), of("/workers/machineDeployments/1")),
            (json!(5), others)
        );
        let variables =
            json!([{ "name": "theirs", "value": 1 }, { "name": "a", "value": 1 }, { "name": "b", "value": "new" }]);
        assert_eq!(of("/variables"), variables);
    }

    #[test]
    fn ours_has_our_label_and_our_name() {
        let meta = |name: &str, broker: &str, machine: &str| -> ObjectMeta {
            serde_json::from_value(json!({ "name": name, "labels": { BROKER: broker, MACHINE: machine } })).unwrap()
        };
        assert!(is_ours(&meta("hansa-1", "b", "1"), "b"));
        assert!(!is_ours(&meta("hansa-1", "another", "1"), "b"));
        assert!(!is_ours(&meta("hansa-1", "b", "2"), "b"));
        assert!(!is_ours(&ObjectMeta { name: Some("hansa-1".to_owned()), ..ObjectMeta::default() }, "b"));
    }
}
