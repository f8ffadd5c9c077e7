//! Settings (config maps): files in containers, and variables.

use super::{
    Conversion,
    container::Settings,
    shape::{CONFIG, manifest},
};
use crate::{
    descriptor::node::{Data, Entry, Node},
    suggestion::as_name,
    tosca::{
        functions::contains_call,
        template::{NodeTemplate, Requirement},
    },
};
use hansa_ontology::resource_model::{Environment, FileSet, MOST_OF_FILES, is_base64, is_file_name, is_mount};
use std::collections::{BTreeMap, BTreeSet};

/// Where MiCADO puts settings of which the template doesn't say where.
const PLACE: &str = "/etc/micado/configs";

impl<'a> Conversion<'a> {
    /// The settings that are attached to a container.
    pub(super) fn files(&mut self, settings: &Settings<'_>) -> BTreeMap<String, FileSet> {
        let mut found = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for requirement in &settings.node.requirements {
            let Some(name) = requirement.target.as_deref() else { continue };
            let Some(node) = self.topology.nodes.get(name) else { continue };
            if self.is(node, CONFIG) {
                found.extend(self.file_set(settings.name, (name, node), requirement, &mut taken));
            }
        }
        let long: usize = found
            .values()
            .flat_map(|set: &FileSet| set.text.values().chain(set.base64.values()))
            .map(String::len)
            .sum();
        if long > MOST_OF_FILES {
            let what = format!("the settings of `{}`", settings.name);
            let why = format!("they are {long} bytes together, and {MOST_OF_FILES} is the most");
            self.remarks.left_out(settings.node.at, what, why, "put the great files into the image");
            found.clear();
        }
        found
    }

    fn file_set(
        &mut self,
        owner: &str,
        (name, node): (&str, &NodeTemplate),
        requirement: &Requirement,
        taken: &mut BTreeSet<String>,
    ) -> Option<(String, FileSet)> {
        let label = as_name(name)?;
        let what = format!("the settings `{name}` of `{owner}`");
        let mount = place(node, requirement).unwrap_or(PLACE).to_owned();
        let mut set = FileSet::default();
        for (field, files) in [("data", &mut set.text), ("binaryData", &mut set.base64)] {
            for entry in data(node, field) {
                if let Some(text) = self.content(entry, field, &what) {
                    files.insert(entry.key.clone(), text);
                }
            }
        }
        // The same key in both: the text holds, as it did.
        let FileSet { text, base64, .. } = &mut set;
        base64.retain(|file, _| !text.contains_key(file));
        let places: Vec<String> = set.names().map(|file| format!("{}/{file}", mount.trim_end_matches('/'))).collect();
        if is_mount(&mount) && !places.iter().any(|place| taken.contains(place)) {
            taken.extend(places);
            set.mount = Some(mount);
        }
        let told: Vec<String> = set.names().map(|file| format!("`{file}`")).collect();
        let told = if told.is_empty() { "no files".to_owned() } else { told.join(", ") };
        match &set.mount {
            Some(mount) => {
                let why = format!("{told} stand in `{mount}`, next to what the image has there");
                self.remarks.derived(requirement.at, what, why);
            }
            None => {
                let why = format!("{told} stand in `$HANSA_FILES/{label}`: the place that it names is not to be had");
                self.remarks.changed(requirement.at, what, why, "let the program read them there");
            }
        }
        Some((label, set))
    }

    /// The text of an entry, where it has one.
    fn content(&mut self, entry: &Entry, field: &str, what: &str) -> Option<String> {
        let what = format!("`{}` in {what}", entry.key);
        if !is_file_name(&entry.key) {
            let remedy = "use letters, digits, dots, hyphens and underscores";
            self.remarks.left_out(entry.at, what, "it is no name of a file", remedy);
            return None;
        }
        let text = entry.value.scalar().filter(|_| !contains_call(&entry.value));
        if text.is_none() && !matches!(entry.value.data, Data::Null) {
            let why = "it is no text, or only known when a value is given for it";
            self.remarks.unbound(entry.at, what, why);
            return None;
        }
        if field == "binaryData" && !text.is_some_and(is_base64) {
            self.remarks.left_out(entry.at, what, "it is no base64", "encode the file's bytes as `base64 FILE` does");
            return None;
        }
        Some(text.unwrap_or_default().to_owned())
    }

    /// `envFrom`: every entry of settings becomes a variable.
    pub(super) fn environment_from(&mut self, found: &mut Environment, settings: &mut Settings<'_>) {
        let Some(list) = settings.take("envFrom") else { return };
        for item in list.items() {
            let prefix = item.given("prefix").and_then(Node::scalar).unwrap_or_default();
            let name = item.given("configMapRef").and_then(|map| map.given("name")).and_then(Node::text);
            let config = name.and_then(|name| self.config_named(name));
            let Some((node, config)) = config else {
                let what = format!("variables of `{}`", settings.name);
                let (why, remedy) = match name {
                    Some(name) => (format!("the template has no settings `{name}`"), "name a node of the template"),
                    None => (
                        "they come of an object of Kubernetes, which is not there".to_owned(),
                        "write the variables into `env`",
                    ),
                };
                self.remarks.left_out(item.at, what, why, remedy);
                continue;
            };
            let entries: Vec<Entry> = data(config, "data").to_vec();
            self.configs_read.insert(node);
            for entry in entries {
                self.variable(found, &format!("{prefix}{}", entry.key), Some(&entry.value), entry.at, settings.name);
            }
        }
    }

    /// `configMapKeyRef`: the value of one entry of settings.
    pub(super) fn key_of_config(&mut self, from: &Node) -> Option<Node> {
        let wanted = from.given("configMapKeyRef")?;
        let (node, config) = self.config_named(wanted.given("name")?.text()?)?;
        let key = wanted.given("key")?.scalar()?;
        let found = data(config, "data").iter().find(|entry| entry.key == key)?.value.clone();
        self.configs_read.insert(node);
        Some(found)
    }

    /// Settings by the name of their node, or by that which they have in Kubernetes.
    fn config_named(&mut self, name: &str) -> Option<(String, &'a NodeTemplate)> {
        let topology = self.topology;
        let called = |node: &NodeTemplate| {
            let given = manifest(node).and_then(|inputs| inputs.given("metadata")?.given("name")?.text());
            given.or_else(|| node.properties.get("name").and_then(Node::text)) == Some(name)
        };
        let own = topology.nodes.get_key_value(name).filter(|(_, node)| self.is(node, CONFIG));
        let found = own.or_else(|| topology.nodes.iter().find(|(_, node)| called(node) && self.is(node, CONFIG)));
        found.map(|(name, node)| (name.clone(), node))
    }
}

/// The entries of settings: the property, or what the node gives its orchestrator.
fn data<'n>(node: &'n NodeTemplate, field: &str) -> &'n [Entry] {
    let property = node.properties.get(field).filter(|value| value.is_mapping());
    let found = property.or_else(|| manifest(node)?.given(field));
    found.map(Node::entries).unwrap_or_default()
}

/// Where something that is attached is to stand: what the relationship says,
/// else the node's own path.
pub(super) fn place<'n>(node: &'n NodeTemplate, requirement: &'n Requirement) -> Option<&'n str> {
    let location = requirement.relationship.properties.get("location").or_else(|| node.properties.get("path"));
    location.and_then(Node::text)
}
