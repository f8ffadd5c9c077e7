//! One description of everything becomes two: each has its paths, and of the
//! components only what those lead to.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The description with only the paths that are wanted.
pub(super) fn part(whole: &Value, frame: &Value, wanted: impl Fn(&str) -> bool) -> Value {
    let mut json = whole.clone();
    if let Some(top) = json.as_object_mut() {
        for key in ["info", "tags"] {
            top.extend(frame.get(key).map(|value| (key.to_owned(), value.clone())));
        }
    }
    if let Some(paths) = json.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, _| wanted(path));
    }
    prune(&mut json);
    json
}

/// Takes away tags without operations, and components that nothing leads to.
fn prune(json: &mut Value) {
    let mut tags = BTreeSet::new();
    for operation in operations(json) {
        tags.extend(operation.get("tags").and_then(Value::as_array).into_iter().flatten().cloned().map(text));
    }
    if let Some(list) = json.get_mut("tags").and_then(Value::as_array_mut) {
        list.retain(|tag| tag.get("name").cloned().is_some_and(|name| tags.contains(&text(name))));
    }
    let reached = reached(json);
    let schemes = schemes(json);
    let Some(components) = json.get_mut("components").and_then(Value::as_object_mut) else { return };
    for (kind, entries) in components.iter_mut() {
        let Some(entries) = entries.as_object_mut() else { continue };
        if kind == "securitySchemes" {
            entries.retain(|name, _| schemes.contains(name));
        } else {
            entries.retain(|name, _| reached.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn operations(json: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = json.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::values);
    paths.filter_map(Value::as_object).flat_map(Map::values).filter_map(Value::as_object)
}

/// The names of security schemes that operations ask for.
fn schemes(json: &Value) -> BTreeSet<String> {
    let lists = operations(json).filter_map(|operation| operation.get("security")?.as_array());
    lists.flatten().filter_map(Value::as_object).flat_map(|one| one.keys().cloned()).collect()
}

/// Every reference that the paths lead to, over however many steps.
fn reached(json: &Value) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Value> = json.get("paths").into_iter().collect();
    while let Some(part) = open.pop() {
        match part {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref")
                    && reached.insert(reference.clone())
                {
                    open.extend(reference.strip_prefix('#').and_then(|pointer| json.pointer(pointer)));
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    reached
}
