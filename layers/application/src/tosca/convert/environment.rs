//! Environment variables, in the words of Kubernetes and of Compose.

use super::{Conversion, container::Settings};
use crate::{
    descriptor::node::{Data, Node, Position},
    tosca::{functions::contains_call, value::is_placeholder},
};
use hansa_ontology::resource_model::{
    Environment,
    contract::{BROKER_VARIABLES, RESERVED_PREFIXES, is_variable_name},
};

impl Conversion<'_> {
    pub(super) fn environment(&mut self, settings: &mut Settings<'_>) -> Environment {
        let mut found = Environment::new();
        // What the container states itself holds.
        self.environment_from(&mut found, settings);
        for field in ["environment", "env"] {
            let Some(node) = settings.take(field) else { continue };
            match &node.data {
                Data::Mapping(entries) => {
                    for entry in entries {
                        self.variable(&mut found, &entry.key, Some(&entry.value), entry.at, settings.name);
                    }
                }
                Data::Sequence(items) => items.iter().for_each(|item| self.listed(&mut found, item, settings.name)),
                _ => {
                    let why = "it is neither a list nor a map";
                    self.remarks.left_out(
                        node.at,
                        format!("`{field}` of `{}`", settings.name),
                        why,
                        "write a list of `name` and `value`",
                    );
                }
            }
        }
        found
    }

    /// `{ name: A, value: B }`, or `A=B`.
    fn listed(&mut self, found: &mut Environment, item: &Node, owner: &str) {
        if let Some((name, value)) = item.text().and_then(|text| text.split_once('=')) {
            let value = Node::of_text(item.at, value);
            self.variable(found, name.trim(), Some(&value), item.at, owner);
            return;
        }
        let Some(name) = item.get("name").and_then(Node::scalar) else {
            let why = "it is neither a name with a value nor `NAME=VALUE`";
            self.remarks.left_out(item.at, format!("a variable of `{owner}`"), why, "write `name` and `value`");
            return;
        };
        if let Some(from) = item.given("valueFrom") {
            if let Some(value) = self.key_of_config(from) {
                return self.variable(found, name.trim(), Some(&value), item.at, owner);
            }
            let why = "its value comes of an object of Kubernetes, which is not there";
            let remedy = "write the value itself, or give the program its secrets another way";
            self.remarks.left_out(from.at, format!("the variable `{name}` of `{owner}`"), why, remedy);
            return;
        }
        self.variable(found, name.trim(), item.get("value"), item.at, owner);
    }

    pub(super) fn variable(
        &mut self,
        found: &mut Environment,
        name: &str,
        value: Option<&Node>,
        at: Position,
        owner: &str,
    ) {
        let what = || format!("the variable `{name}` of `{owner}`");
        if !is_variable_name(name) {
            let remedy = "use letters, digits and underscores, no digit first";
            self.remarks.left_out(at, what(), "no system takes such a name", remedy);
            return;
        }
        if is_reserved(name) {
            let remedy = "let the program read another one, or set it in the image";
            self.remarks.left_out(at, what(), "names that begin so belong to the broker", remedy);
            return;
        }
        let text = match value.map(|value| (&value.data, value)) {
            None | Some((Data::Null, _)) => String::new(),
            Some((Data::Text(text) | Data::Number(_, text) | Data::Bool(_, text), node)) => {
                if is_placeholder(text) {
                    self.remarks.unbound(node.at, what(), "the template leaves it to be filled in");
                }
                text.clone()
            }
            Some((_, node)) if contains_call(node) => {
                self.remarks.unbound(
                    node.at,
                    what(),
                    "its value is only known when an input is given or the application runs",
                );
                return;
            }
            // An array of JSON, as some programs want it.
            Some((_, node)) => {
                self.remarks.changed(
                    node.at,
                    what(),
                    "a variable is text: it is the value as JSON",
                    "put it in quotes",
                );
                node.to_value().to_string()
            }
        };
        if text.contains('\0') {
            self.remarks.left_out(at, what(), "no environment can hold its value", "remove the zero byte");
            return;
        }
        found.insert(name.to_owned(), text);
    }
}

/// Whether a variable belongs to the broker.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || BROKER_VARIABLES.iter().any(|(known, _)| *known == name)
}
