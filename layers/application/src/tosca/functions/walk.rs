//! Goes through values and puts results in the place of calls.

use super::{Call, call, contains_call, is_known, names, pure};
use crate::{
    descriptor::node::{Data, Entry, Node, Position},
    diagnostic::Code,
    suggestion::{closest, shown},
    tosca::{report::Fault, template::Topology, world::World},
};
use std::collections::{HashMap, HashSet};

/// Where a value stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context {
    /// The node template, by number; of a relationship, its source.
    pub(crate) node: Option<usize>,
    /// Of a relationship: the target.
    pub(crate) target: Option<usize>,
    /// It is a relationship's.
    pub(crate) relationship: bool,
}

/// A property of a node template, or of one of its capabilities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) node: usize,
    pub(super) capability: Option<String>,
    pub(super) name: String,
}

/// How many values calls may bring in all.
const MOST: usize = 2_000_000;
/// How many calls may wait for each other.
const DEEPEST: usize = 120;

/// Works out values.
pub(crate) struct Evaluator<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) topology: &'a Topology,
    pub(super) known: HashMap<Key, Node>,
    pub(super) begun: HashSet<Key>,
    /// How much the calls have brought so far.
    spent: usize,
    depth: usize,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(world: &'a mut World, topology: &'a Topology) -> Self {
        Self { world, topology, known: HashMap::new(), begun: HashSet::new(), spent: 0, depth: 0 }
    }

    /// The value with its calls worked out, as far as that can be done now.
    pub(crate) fn value(&mut self, node: &Node, context: Context) -> Node {
        if !contains_call(node) {
            return node.clone();
        }
        if self.depth >= DEEPEST || self.spent > MOST {
            let message =
                format!("functions that wait for more than {DEEPEST} others, or bring more than {MOST} values");
            self.say(Fault::error(node.at, Code::TooLarge, message));
            return node.clone();
        }
        self.depth += 1;
        let result = match call(node) {
            Some(found) => self.call(node, &found, context),
            None => self.inside(node, context),
        };
        self.depth -= 1;
        result
    }

    fn inside(&mut self, node: &Node, context: Context) -> Node {
        let data = match &node.data {
            Data::Sequence(items) => Data::Sequence(items.iter().map(|item| self.value(item, context)).collect()),
            Data::Mapping(entries) => Data::Mapping(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: entry.key.clone(),
                        at: entry.at,
                        value: self.value(&entry.value, context),
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Node { at: node.at, data }
    }

    /// The result of a call; the call itself, where that isn't known yet.
    fn call(&mut self, node: &Node, found: &Call<'_>, context: Context) -> Node {
        let two = self.world.version_of(self.topology.unit).is_two();
        if found.dollar && !is_known(found.name) {
            self.unknown(node, found.name, two);
            return node.clone();
        }
        if two != found.dollar && node.at.file < crate::tosca::types::builtin::FIRST {
            let (right, version) =
                if two { (format!("${}", found.name), "2.0") } else { (found.name.to_owned(), "1.x") };
            let message = format!("TOSCA {version} writes this function `{right}`");
            self.say(Fault::warning(node.at, Code::Lenient, message));
        }
        let arguments: Vec<Node> = found.arguments.iter().map(|argument| self.value(argument, context)).collect();
        let worked = Call { name: found.name, arguments: arguments.iter().collect(), dollar: found.dollar };
        let result = match found.name {
            "get_input" => self.get_input(node, &worked),
            "get_property" => self.get_property(node, &worked, context),
            "get_attribute" => self.get_attribute(node, &worked, context),
            "get_operation_output" => self.get_operation_output(node, &worked),
            "get_nodes_of_type" => self.get_nodes_of_type(node, &worked),
            "get_artifact" => self.get_artifact(node, &worked, context),
            _ => match pure::apply(&worked, node.at) {
                Ok(result) => result,
                Err(message) => {
                    self.say(Fault::error(node.at, Code::InvalidFunction, message));
                    None
                }
            },
        };
        match result {
            Some(result) => {
                self.spent += weight(&result);
                if self.spent > MOST { node.clone() } else { result.placed(node.at) }
            }
            None => node.clone(),
        }
    }

    fn unknown(&mut self, node: &Node, name: &str, two: bool) {
        let own =
            self.world.unit(self.topology.unit).and_then(|unit| unit.root.get("functions")?.get(name).map(|_| ()));
        let fault = if own.is_some() {
            let message =
                format!("the function `${}` is the template's own, which this broker doesn't carry out", shown(name));
            Fault::warning(node.at, Code::NoMeaning, message)
        } else if two {
            let hint = closest(name, names()).map(|name| format!("did you mean `${name}`?"));
            let message = format!("there is no function `${}`", shown(name));
            Fault::error(node.at, Code::InvalidFunction, message).maybe_hint(hint)
        } else {
            return;
        };
        self.say(fault);
    }

    pub(super) fn say(&mut self, fault: Fault) {
        // What stands in a file that comes with this program is nobody's fault.
        if fault.at.file < crate::tosca::types::builtin::FIRST {
            self.world.report.say(fault);
        }
    }

    /// Whether this call stands inside of another value.
    pub(super) const fn is_inner(&self) -> bool {
        self.depth > 1
    }

    pub(super) fn wrong(&mut self, at: Position, message: impl Into<String>) {
        self.say(Fault::error(at, Code::InvalidFunction, message));
    }
}

/// How much a value holds: its values, and its text by the 32 bytes.
fn weight(node: &Node) -> usize {
    1 + match &node.data {
        Data::Text(text) => text.len() / 32,
        Data::Sequence(items) => items.iter().map(weight).sum(),
        Data::Mapping(entries) => entries.iter().map(|entry| weight(&entry.value)).sum(),
        _ => 0,
    }
}
