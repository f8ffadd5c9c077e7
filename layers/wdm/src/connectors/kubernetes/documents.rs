//! Manifests: from text to objects that may be applied.

use super::naming::{COMPONENT, REVISION, RUN, WORKLOAD, of_application};
use crate::{WdmError, model::WorkloadSpec};
use serde_json::{Map, Value, json};

/// Where pods are made from templates in an object.
const TEMPLATES: [&str; 2] = ["/spec/template", "/spec/jobTemplate/spec/template"];
/// Kinds that belong to no namespace in every cluster, told before one is asked.
const OF_THE_CLUSTER: [&str; 9] = [
    "Namespace",
    "Node",
    "PersistentVolume",
    "StorageClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Where manifests stand in a component.
const MANIFESTS: &str = "package.kubernetes.manifests";

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The objects of a text, lists taken apart, in the order in which they stand.
pub(super) fn read(manifests: &str, cluster_scoped: bool) -> Result<Vec<Value>, WdmError> {
    let invalid = |problem| WdmError::Invalid { field: MANIFESTS.to_owned(), problem };
    let objects = taken_apart(manifests).map_err(invalid)?;
    checked(&objects, cluster_scoped).map_err(invalid)?;
    Ok(objects)
}

/// The objects that came of a chart for this namespace. Charts often name it,
/// and that is left out.
pub(super) fn of_chart(rendered: &str, namespace: &str, cluster_scoped: bool) -> Result<Vec<Value>, WdmError> {
    let invalid = |problem: String| WdmError::Invalid {
        field: "package.helm".to_owned(),
        problem: format!("the chart's output {problem}"),
    };
    let mut objects = taken_apart(rendered).map_err(invalid)?;
    for object in &mut objects {
        if text(object, "/metadata/namespace") == namespace
            && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("namespace");
        }
    }
    checked(&objects, cluster_scoped).map_err(invalid)?;
    Ok(objects)
}

fn taken_apart(manifests: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(manifests).map_err(|error| format!("is no YAML: {error}"))?;
    let mut objects = Vec::new();
    for document in documents {
        match document.get("items").and_then(Value::as_array) {
            Some(items) if text(&document, "/kind").ends_with("List") => objects.extend(items.iter().cloned()),
            _ if document.is_null() => {}
            _ => objects.push(document),
        }
    }
    Ok(objects)
}

fn checked(objects: &[Value], cluster_scoped: bool) -> Result<(), String> {
    if objects.is_empty() {
        return Err("holds no object".to_owned());
    }
    for (index, object) in objects.iter().enumerate() {
        check(object, cluster_scoped).map_err(|problem| format!("document {}: {problem}", index + 1))?;
    }
    Ok(())
}

fn check(object: &Value, cluster_scoped: bool) -> Result<(), String> {
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    if kind.is_empty() || text(object, "/apiVersion").is_empty() {
        return Err("`apiVersion` and `kind` are missing".to_owned());
    }
    if name.is_empty() {
        return Err(format!("the {kind} has no `metadata.name`; `generateName` can't be applied twice"));
    }
    if object.pointer("/metadata/namespace").is_some() {
        return Err(format!("{kind} {name} names a namespace; leave it out: each application has its own"));
    }
    if OF_THE_CLUSTER.contains(&kind) && !cluster_scoped {
        return Err(format!(
            "{kind} {name} belongs to no namespace, and this system's setting `clusterScoped` does not allow that"
        ));
    }
    Ok(())
}

/// The object with our labels, also on the pods that it makes.
pub(super) fn labelled(object: &Value, broker: &str, spec: &WorkloadSpec, run: u64) -> Value {
    let mut labels = of_application(broker, spec.application);
    labels.remove("app.kubernetes.io/managed-by");
    labels.insert(WORKLOAD.to_owned(), spec.id.to_string());
    labels.insert(COMPONENT.to_owned(), spec.component.clone());
    let mut object = object.clone();
    for (key, value) in &labels {
        put(&mut object, &["metadata", "labels"], key, value.clone().into());
    }
    for pointer in TEMPLATES {
        if let Some(template) = object.pointer_mut(pointer) {
            for (key, value) in &labels {
                put(template, &["metadata", "labels"], key, value.clone().into());
            }
            // A job's template can't be changed.
            if pointer == "/spec/template" {
                put(template, &["metadata", "annotations"], RUN, run.to_string().into());
                put(template, &["metadata", "annotations"], REVISION, spec.revision.clone().into());
            }
        }
    }
    if text(&object, "/kind") == "Job"
        && let Some(annotations) =
            object.pointer_mut("/spec/template/metadata/annotations").and_then(Value::as_object_mut)
    {
        annotations.remove(RUN);
        annotations.remove(REVISION);
    }
    object
}

/// What one of these definitions says of a kind: its name in paths, and whether it belongs to a namespace.
pub(super) fn defined(all: &[&Value], group: &str, kind: &str) -> Option<(String, bool)> {
    let is_it = |it: &&&Value| {
        text(it, "/kind") == "CustomResourceDefinition"
            && text(it, "/spec/group") == group
            && text(it, "/spec/names/kind") == kind
    };
    let it = all.iter().find(is_it)?;
    Some((text(it, "/spec/names/plural").to_owned(), text(it, "/spec/scope") == "Namespaced"))
}

/// Says for which run something was applied that is made anew with each.
pub(super) fn mark(object: &mut Value, run: u64) {
    put(object, &["metadata", "annotations"], RUN, run.to_string().into());
}

fn put(object: &mut Value, path: &[&str], key: &str, value: Value) {
    let mut place = object;
    for step in path {
        let Some(fields) = place.as_object_mut() else { return };
        let next = fields.entry(*step).or_insert_with(|| Value::Object(Map::new()));
        if next.is_null() {
            *next = json!({});
        }
        place = next;
    }
    if let Some(fields) = place.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_are_taken_apart() {
        let text = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
# nothing but a word
---
apiVersion: v1
kind: List
items: [{apiVersion: v1, kind: Secret, metadata: {name: b}}]
";
        let objects = read(text, false).unwrap();
        let kinds: Vec<&str> = objects.iter().filter_map(|one| one["kind"].as_str()).collect();
        assert_eq!(kinds, ["ConfigMap", "Secret"]);
    }

    #[test]
    fn what_leads_out_of_the_namespace_is_refused() {
        let wrong = |text: &str| read(text, false).unwrap_err().to_string();
        assert!(wrong("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}").contains("names a namespace"));
        assert!(wrong("{apiVersion: v1, kind: Namespace, metadata: {name: a}}").contains("clusterScoped"));
        assert!(wrong("{apiVersion: v1, kind: Pod, metadata: {generateName: a}}").contains("metadata.name"));
        assert!(wrong("{kind: Pod}").contains("apiVersion"));
        assert!(wrong("a: [").contains("is no YAML"));
        assert!(read("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", true).is_ok());
    }
}
