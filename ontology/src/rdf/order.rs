//! RDF knows sets, Rust lists. Where a list is in its natural order, reading
//! puts it in that order again; where it isn't, each item says its position.

use super::node::{Node, Value};
use crate::vocabulary::SCHEMA;

/// The items as nodes, with their positions if their order isn't the natural one.
pub(super) fn written<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K, node: impl Fn(&T) -> Node) -> Vec<Value> {
    let natural = items.is_sorted_by_key(key);
    let positioned = |(node, position): (Node, u64)| {
        let node = if natural { node } else { node.with(SCHEMA::POSITION, [Value::integer(position)]) };
        Value::Node(node)
    };
    items.iter().map(node).zip(1..).map(positioned).collect()
}

/// The items in the order that their positions say, else in the natural one.
pub(super) fn read<T, K: Ord>(mut items: Vec<(Option<u32>, T)>, key: impl Fn(&T) -> K) -> Vec<T> {
    items.sort_by_cached_key(|(position, item)| (position.unwrap_or(u32::MAX), key(item)));
    items.into_iter().map(|(_, item)| item).collect()
}
