//! `label_replace` and `label_join`.

use super::{
    QueryError,
    budget::Budget,
    eval::Item,
    tree::{LabelJoin, LabelReplace},
};

/// Sets a label to what a pattern finds in another; what doesn't match stays.
pub(super) fn replace(budget: &Budget, of: &LabelReplace, items: Vec<Item>) -> Result<Vec<Item>, QueryError> {
    let apply = |item: Item| {
        let source = item.labels.get(&of.source).unwrap_or_default();
        budget.steps(1 + source.len() / 16)?;
        let Some(found) = of.pattern.captures(source) else { return Ok(item) };
        // Each reference stands for no more than the whole.
        let references = of.replacement.matches('$').count();
        budget.text(of.replacement.len().saturating_add(references.saturating_mul(source.len())))?;
        let mut value = String::new();
        found.expand(&of.replacement, &mut value);
        Ok(Item { labels: item.labels.with(&of.target, value.into()), value: item.value })
    };
    items.into_iter().map(apply).collect()
}

/// Sets a label to others, joined.
pub(super) fn join(budget: &Budget, of: &LabelJoin, items: Vec<Item>) -> Result<Vec<Item>, QueryError> {
    let apply = |item: Item| {
        let values: Vec<&str> = of.sources.iter().map(|name| item.labels.get(name).unwrap_or_default()).collect();
        let text = values.iter().map(|value| value.len() + of.separator.len()).sum();
        budget.steps(1 + values.len())?;
        budget.text(text)?;
        let value = values.join(&of.separator);
        Ok(Item { labels: item.labels.with(&of.target, value.into()), value: item.value })
    };
    items.into_iter().map(apply).collect()
}
