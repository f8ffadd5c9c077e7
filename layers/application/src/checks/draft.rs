//! The sound parts of a descriptor. What the schema refused is cut out; what
//! then still fits its type is checked further.

use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::Finding,
};
use hansa_ontology::resource_model::contract::volume_variable;
use hansa_ontology::resource_model::{
    Component, Constraints, Link, MachineGroup, Objective, Replicas, Rule, ServiceLevel, UpdatePolicy,
    scaling::{MicadoAlert, MicadoPolicy},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The sound parts of a descriptor.
pub(super) struct Draft {
    /// Every component that the text names, sound or not.
    pub(super) components: BTreeMap<String, Part>,
    /// Every machine group that the text names, as far as it is sound.
    pub(super) groups: BTreeMap<String, Option<MachineGroup>>,
    /// MiCADO's policies, where all are sound.
    pub(super) micado: Option<Vec<MicadoPolicy>>,
    /// The alerts, where all are sound.
    pub(super) alerts: Option<Vec<MicadoAlert>>,
    /// Whether those are all: names can be looked up among them.
    pub(super) complete: bool,
    pub(super) links: Vec<Sound<Link>>,
    /// Those service levels that are sound.
    pub(super) service_levels: Vec<Sound<ServiceLevel>>,
    pub(super) rules: Vec<Sound<Rule>>,
    /// Whether every rule is sound.
    pub(super) rules_complete: bool,
    pub(super) constraints: Option<Constraints>,
    pub(super) objective: Option<Objective>,
    /// How it is updated, where that is said and sound.
    pub(super) update: Option<UpdatePolicy>,
}

/// A part of the descriptor that fits its type.
pub(super) struct Sound<T> {
    pub(super) pointer: String,
    pub(super) value: T,
}

/// A component, as far as it is sound.
pub(super) struct Part {
    pub(super) pointer: String,
    pub(super) component: Option<Component>,
    /// The names of its ports, sound or not.
    pub(super) ports: BTreeSet<String>,
    /// The variables that its environment and its volumes set, sound or not.
    pub(super) variables: BTreeSet<String>,
    /// How many there are, where that is sound.
    pub(super) replicas: Option<Replicas>,
}

impl Draft {
    pub(super) fn of(value: &Value, found: &[Finding]) -> Self {
        let mut rest = value.clone();
        // These leave the value at their pointer sound, but for what they name.
        let harmless = |code| {
            matches!(
                code,
                Code::MissingField | Code::DuplicateKey | Code::KeyNotText | Code::InvalidMerge | Code::UnknownTag
            )
        };
        let damaged: Vec<&Finding> = found.iter().filter(|finding| !harmless(finding.code)).collect();
        for finding in &damaged {
            cut(&mut rest, &finding.pointer);
        }
        let whole = |pointer: &str| !found.iter().any(|finding| finding.pointer.starts_with(pointer));
        let components = value.get("components").and_then(Value::as_object);
        let groups = value.get("machines").and_then(Value::as_object);
        let levels = value.get("serviceLevels").and_then(Value::as_object);
        let (rules, rules_complete) = list::<Rule>(&rest, "rules");
        Self {
            components: components
                .into_iter()
                .flatten()
                .map(|(name, given)| (name.clone(), Part::of(&rest, name, given, whole)))
                .collect(),
            groups: groups
                .into_iter()
                .flatten()
                .map(|(name, _)| (name.clone(), part(rest.pointer(&field("/machines", name)))))
                .collect(),
            micado: part(rest.get("micado")),
            alerts: part(rest.get("alerts")),
            complete: components.is_some(),
            links: list(&rest, "links").0,
            service_levels: levels
                .into_iter()
                .flatten()
                .map(|(name, _)| field("/serviceLevels", name))
                .filter_map(|pointer| Some(Sound { value: part(rest.pointer(&pointer))?, pointer }))
                .collect(),
            rules,
            rules_complete: rules_complete && whole("/rules"),
            constraints: part(rest.get("constraints")),
            objective: part(rest.get("objective")),
            update: part(rest.get("update")),
        }
    }
}

impl Part {
    fn of(rest: &Value, name: &str, given: &Value, whole: impl Fn(&str) -> bool) -> Self {
        let pointer = field("/components", name);
        let component = rest.pointer(&pointer).and_then(salvaged);
        let ports = given.get("ports").and_then(Value::as_object);
        let sound = whole(&field(&pointer, "replicas"));
        Self {
            ports: ports.into_iter().flat_map(|ports| ports.keys().cloned()).collect(),
            variables: variables(given),
            replicas: component.as_ref().filter(|_| sound).map(|component| component.replicas),
            component,
            pointer,
        }
    }
}

fn variables(component: &Value) -> BTreeSet<String> {
    let entries = |kind: &str| component.get(kind).and_then(Value::as_object).into_iter().flatten();
    let own = entries("environment").map(|(name, _)| name.clone());
    let volumes = entries("volumes").map(|(name, volume)| match volume.get("variable").and_then(Value::as_str) {
        Some(variable) => variable.to_owned(),
        None => volume_variable(name),
    });
    own.chain(volumes).collect()
}

/// A component of its sound fields. A package that is missing or unsound is
/// replaced by one that no check has anything to say about.
fn salvaged(value: &Value) -> Option<Component> {
    const PACKAGE: &str = "package";
    let fits = |fields: &Map<String, Value>| part::<Component>(Some(&Value::Object(fields.clone())));
    let mut sound = Map::new();
    sound.insert(PACKAGE.to_owned(), json!({ "container": { "image": "-" } }));
    for (name, given) in value.as_object()? {
        let mut given = given.clone();
        let mut alone = sound.clone();
        if let (Some(entries), "ports" | "volumes" | "files") = (given.as_object_mut(), name.as_str()) {
            entries.retain(|entry, value| {
                alone.insert(name.clone(), json!({ entry: value }));
                fits(&alone).is_some()
            });
        }
        alone.insert(name.clone(), given.clone());
        if fits(&alone).is_some() {
            sound.insert(name.clone(), given);
        }
    }
    fits(&sound)
}

fn part<T: DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    serde_json::from_value(value?.clone()).ok()
}

/// The sound entries of a list, and whether all are.
fn list<T: DeserializeOwned>(root: &Value, name: &str) -> (Vec<Sound<T>>, bool) {
    let base = field("", name);
    let items = root.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let sound: Vec<Sound<T>> = items
        .iter()
        .enumerate()
        .filter_map(|(index, value)| Some(Sound { pointer: item(&base, index), value: part(Some(value))? }))
        .collect();
    let all = sound.len() == items.len();
    (sound, all)
}

/// Takes a field away; an entry of a list leaves a gap, so that the others keep their places.
fn cut(root: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = last.replace("~1", "/").replace("~0", "~");
    match root.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.remove(&name);
        }
        Some(Value::Array(items)) => {
            if let Some(entry) = name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *entry = Value::Null;
            }
        }
        _ => {}
    }
}
