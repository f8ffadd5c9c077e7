//! Functions: what is a call, and what becomes of it. What is only known when
//! the application runs stays a call.

mod lookup;
pub(crate) mod pure;
mod walk;

pub(crate) use walk::{Context, Evaluator};

use crate::descriptor::node::{Data, Node};

/// A call: its name without the `$` of 2.0, and its arguments.
pub(crate) struct Call<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<&'a Node>,
    /// Written with the `$` of 2.0.
    pub(crate) dollar: bool,
}

/// The functions that look something up.
const LOOKUPS: [&str; 7] = [
    "get_input",
    "get_property",
    "get_attribute",
    "get_operation_output",
    "get_nodes_of_type",
    "get_artifact",
    "get_target_name",
];

/// The functions of 2.0 that work with their arguments alone (clause 10).
const PURE: [&str; 42] = [
    "value",
    "concat",
    "join",
    "token",
    "and",
    "or",
    "not",
    "xor",
    "equal",
    "greater_than",
    "greater_or_equal",
    "less_than",
    "less_or_equal",
    "in_range",
    "valid_values",
    "matches",
    "pattern",
    "length",
    "min_length",
    "max_length",
    "has_suffix",
    "has_prefix",
    "contains",
    "has_entry",
    "has_key",
    "has_all_entries",
    "has_all_keys",
    "has_any_entry",
    "has_any_key",
    "sum",
    "difference",
    "product",
    "quotient",
    "remainder",
    "round",
    "floor",
    "ceil",
    "union",
    "intersection",
    "node_index",
    "relationship_index",
    "available_allocation",
];

/// The call that a value is, if it is one.
pub(crate) fn call(node: &Node) -> Option<Call<'_>> {
    let [entry] = node.entries() else { return None };
    let (name, dollar) = match entry.key.strip_prefix('$') {
        // `$$x` is the text `$x`.
        Some(name) if name.starts_with('$') => return None,
        Some(name) => (name, true),
        None => (entry.key.as_str(), false),
    };
    let arguments = &entry.value;
    let is = dollar
        || LOOKUPS.contains(&name)
        // These words are also names of fields: a credential has a `token`.
        || match name {
            "concat" => arguments.is_list(),
            "join" => arguments.items().first().is_some_and(Node::is_list),
            "token" => arguments.items().len() == 3,
            _ => false,
        };
    let arguments = match &arguments.data {
        Data::Sequence(items) => items.iter().collect(),
        Data::Null => Vec::new(),
        _ => vec![arguments],
    };
    is.then_some(Call { name, arguments, dollar })
}

pub(crate) fn is_call(node: &Node) -> bool {
    call(node).is_some() || node.text() == Some("$value")
}

/// Whether a value is a call or holds one.
pub(crate) fn contains_call(node: &Node) -> bool {
    is_call(node)
        || match &node.data {
            Data::Sequence(items) => items.iter().any(contains_call),
            Data::Mapping(entries) => entries.iter().any(|entry| contains_call(&entry.value)),
            _ => false,
        }
}

/// Whether there is such a function.
pub(crate) fn is_known(name: &str) -> bool {
    LOOKUPS.contains(&name) || PURE.contains(&name)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    LOOKUPS.into_iter().chain(PURE)
}
