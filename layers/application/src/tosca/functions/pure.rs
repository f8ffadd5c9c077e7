//! Functions that need nothing but their arguments: texts, truth values, numbers, collections.

use super::{Call, call};
use crate::{
    descriptor::node::{Data, Node, Position},
    tosca::{types::constraint, value::scalar},
};
use std::cmp::Ordering;

/// The longest text that a function makes, in bytes.
const LONGEST: usize = 1 << 20;
/// How deeply calls may stand in calls.
const DEEPEST: usize = 60;

/// Whether a validation of 2.0 holds for a value. None: that can't be told here.
pub(crate) fn holds(validation: &Node, value: &Node) -> Option<bool> {
    match with_value(validation, value, 0)?.data {
        Data::Bool(truth, _) => Some(truth),
        _ => None,
    }
}

/// The result of an expression in which `$value` stands for a value.
fn with_value(node: &Node, value: &Node, depth: usize) -> Option<Node> {
    if depth > DEEPEST {
        return None;
    }
    if node.text() == Some("$value") {
        return Some(value.clone());
    }
    if let Some(found) = call(node) {
        if found.name == "value" {
            // `$value: [a, 0]` is a part of it.
            return found.arguments.iter().try_fold(value.clone(), |inside, step| part(&inside, step).cloned());
        }
        let arguments: Option<Vec<Node>> =
            found.arguments.iter().map(|argument| with_value(argument, value, depth + 1)).collect();
        let arguments = arguments?;
        return apply(&Call { arguments: arguments.iter().collect(), ..found }, node.at).ok().flatten();
    }
    let data = match &node.data {
        Data::Sequence(items) => {
            Data::Sequence(items.iter().map(|item| with_value(item, value, depth + 1)).collect::<Option<_>>()?)
        }
        other => other.clone(),
    };
    Some(Node { at: node.at, data })
}

/// The part of a value that an index or a key names.
pub(crate) fn part<'a>(node: &'a Node, step: &Node) -> Option<&'a Node> {
    match &node.data {
        Data::Sequence(items) => {
            let index = step.integer().or_else(|| step.text()?.parse().ok())?;
            items.get(usize::try_from(index).ok()?)
        }
        Data::Mapping(_) => node.get(step.scalar()?),
        _ => None,
    }
}

/// The result. None: a function that isn't one of these, or one that waits for
/// what isn't known. Err: what is wrong with the arguments.
pub(crate) fn apply(call: &Call<'_>, at: Position) -> Result<Option<Node>, String> {
    let arguments = call.arguments.as_slice();
    if arguments.iter().any(|argument| super::contains_call(argument)) {
        return shape(call).map(|()| None);
    }
    shape(call)?;
    Ok(match call.name {
        "concat" => concat(arguments, at)?,
        "join" => join(arguments, at)?,
        "token" => token(arguments, at)?,
        _ => truth(call.name, arguments)
            .map(|truth| Node::of_bool(at, truth))
            .or_else(|| numbers(call.name, arguments).map(|number| Node::of_number(at, number)))
            .or_else(|| collections(call.name, arguments, at)),
    })
}

/// Whether the arguments are as many and of such kinds as the function takes.
fn shape(call: &Call<'_>) -> Result<(), String> {
    let count = call.arguments.len();
    let wrong = |wanted: &str| Err(format!("`{}` takes {wanted}", call.name));
    match call.name {
        "concat" if count == 0 => wrong("a list of texts"),
        "join" if !(1..=2).contains(&count) => wrong("a list of texts, and what stands between them"),
        "token" if count != 3 => wrong("a text, the characters that part it, and the number of the part, from 0"),
        "token" if call.arguments.get(2).is_some_and(|index| index.integer().is_none() && !super::is_call(index)) => {
            wrong("the number of the part, from 0, as its third argument")
        }
        "token" if call.arguments.get(1).is_some_and(|parting| parting.text() == Some("")) => {
            wrong("the characters that part the text as its second argument")
        }
        _ => Ok(()),
    }
}

fn concat(arguments: &[&Node], at: Position) -> Result<Option<Node>, String> {
    // 2.0 lets lists be joined too.
    if !arguments.is_empty() && arguments.iter().all(|argument| argument.is_list()) {
        let items = arguments.iter().flat_map(|argument| argument.items().iter().cloned()).collect();
        return Ok(Some(Node { at, data: Data::Sequence(items) }));
    }
    glue(arguments.iter().copied(), "", at, "concat")
}

fn join(arguments: &[&Node], at: Position) -> Result<Option<Node>, String> {
    let between = arguments.get(1).and_then(|between| between.scalar()).unwrap_or_default();
    let list = arguments.first().map(|list| list.items()).unwrap_or_default();
    glue(list.iter(), between, at, "join")
}

fn glue<'a>(
    parts: impl Iterator<Item = &'a Node>,
    between: &str,
    at: Position,
    name: &str,
) -> Result<Option<Node>, String> {
    let mut text = String::new();
    for (index, part) in parts.enumerate() {
        let Some(part) = part.scalar() else {
            return Err(format!("`{name}` takes texts, not {}", part.what()));
        };
        if index > 0 {
            text.push_str(between);
        }
        text.push_str(part);
        if text.len() > LONGEST {
            return Err(format!("`{name}` makes a text of more than {} KiB", LONGEST >> 10));
        }
    }
    Ok(Some(Node::of_text(at, text)))
}

fn token(arguments: &[&Node], at: Position) -> Result<Option<Node>, String> {
    let [text, parting, index] = arguments else { return Ok(None) };
    let (Some(text), Some(parting), Some(index)) = (text.scalar(), parting.scalar(), index.integer()) else {
        return Err("`token` takes a text, the characters that part it, and the number of the part".to_owned());
    };
    let found = usize::try_from(index).ok().and_then(|index| text.split(|c| parting.contains(c)).nth(index));
    match found {
        Some(part) => Ok(Some(Node::of_text(at, part))),
        None => Err(format!("`token` finds no part number {index} in this text")),
    }
}

/// Numbers first, then versions, then texts.
fn order(a: &Node, b: &Node) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return a.partial_cmp(&b);
    }
    let (a, b) = (a.scalar()?, b.scalar()?);
    use crate::tosca::types::schema::Units::{Bitrate, Frequency, Size, Time};
    for units in [Size, Time, Frequency, Bitrate] {
        if let (Some(a), Some(b)) = (scalar::amount(a, units), scalar::amount(b, units)) {
            return a.partial_cmp(&b);
        }
    }
    match (scalar::version(a), scalar::version(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => Some(a.cmp(b)),
    }
}

fn same(a: &Node, b: &Node) -> bool {
    a.same(b) || (a.scalar().is_some() && order(a, b) == Some(Ordering::Equal))
}

fn truth(name: &str, arguments: &[&Node]) -> Option<bool> {
    let truths = || -> Option<Vec<bool>> {
        let truth = |node: &&Node| if let Data::Bool(truth, _) = node.data { Some(truth) } else { None };
        arguments.iter().map(truth).collect()
    };
    let texts = || Some((arguments.first()?.scalar()?, arguments.get(1)?.scalar()?));
    let ordered = |good: &[Ordering]| Some(good.contains(&order(arguments.first()?, arguments.get(1)?)?));
    let length = || {
        let long = match &arguments.first()?.data {
            Data::Text(text) => text.chars().count(),
            Data::Sequence(items) => items.len(),
            Data::Mapping(entries) => entries.len(),
            _ => return None,
        };
        Some((i64::try_from(long).ok()?, arguments.get(1)?.integer()?))
    };
    use Ordering::{Equal, Greater, Less};
    Some(match name {
        "and" => truths()?.into_iter().all(|truth| truth),
        "or" => truths()?.into_iter().any(|truth| truth),
        "not" => !*truths()?.first()?,
        "xor" => truths()?.into_iter().filter(|truth| *truth).count() == 1,
        "equal" => same(arguments.first()?, arguments.get(1)?),
        "greater_than" => ordered(&[Greater])?,
        "greater_or_equal" => ordered(&[Greater, Equal])?,
        "less_than" => ordered(&[Less])?,
        "less_or_equal" => ordered(&[Less, Equal])?,
        "in_range" => in_range(arguments)?,
        "valid_values" => arguments.get(1)?.items().iter().any(|one| same(arguments.first().unwrap_or(&one), one)),
        "matches" | "pattern" => constraint::pattern(arguments.get(1)?).ok()?.is_match(texts()?.0),
        "length" if arguments.len() == 2 => length().map(|(long, wanted)| long == wanted)?,
        "min_length" => length().map(|(long, wanted)| long >= wanted)?,
        "max_length" => length().map(|(long, wanted)| long <= wanted)?,
        "has_prefix" if arguments.first()?.text().is_some() => texts().map(|(text, part)| text.starts_with(part))?,
        "has_suffix" if arguments.first()?.text().is_some() => texts().map(|(text, part)| text.ends_with(part))?,
        "contains" if arguments.first()?.text().is_some() => texts().map(|(text, part)| text.contains(part))?,
        "contains" | "has_entry" => {
            entries(arguments.first()?).iter().any(|one| arguments.get(1).is_some_and(|b| same(one, b)))
        }
        "has_key" => arguments.first()?.get(arguments.get(1)?.scalar()?).is_some(),
        "has_all_keys" => arguments.get(1)?.items().iter().all(|key| has_key(arguments, key)),
        "has_any_key" => arguments.get(1)?.items().iter().any(|key| has_key(arguments, key)),
        "has_all_entries" => arguments.get(1)?.items().iter().all(|wanted| has_entry(arguments, wanted)),
        "has_any_entry" => arguments.get(1)?.items().iter().any(|wanted| has_entry(arguments, wanted)),
        _ => return None,
    })
}

fn in_range(arguments: &[&Node]) -> Option<bool> {
    let [value, range @ ..] = arguments else { return None };
    let (low, high) = match range {
        [range] => (range.items().first()?, range.items().get(1)?),
        [low, high] => (*low, *high),
        _ => return None,
    };
    Some(order(value, low)? != Ordering::Less && order(value, high)? != Ordering::Greater)
}

fn entries(node: &Node) -> Vec<&Node> {
    match &node.data {
        Data::Sequence(items) => items.iter().collect(),
        Data::Mapping(entries) => entries.iter().map(|entry| &entry.value).collect(),
        _ => Vec::new(),
    }
}

fn has_key(arguments: &[&Node], key: &Node) -> bool {
    arguments.first().zip(key.scalar()).is_some_and(|(node, key)| node.get(key).is_some())
}

fn has_entry(arguments: &[&Node], wanted: &Node) -> bool {
    arguments.first().is_some_and(|node| entries(node).iter().any(|one| same(one, wanted)))
}

fn numbers(name: &str, arguments: &[&Node]) -> Option<f64> {
    let all: Option<Vec<f64>> = arguments.iter().map(|node| node.number()).collect();
    if name == "length" {
        let one = arguments.first()?;
        let long = one.text().map_or_else(|| entries(one).len(), |text| text.chars().count());
        return u32::try_from(long).ok().map(f64::from);
    }
    let all = all?;
    let (first, second) = (all.first().copied(), all.get(1).copied());
    let result = match name {
        "sum" => all.iter().sum(),
        "product" => all.iter().product(),
        "difference" => first? - second?,
        "quotient" => first? / second.filter(|divisor| *divisor != 0.0)?,
        "remainder" => first? % second.filter(|divisor| *divisor != 0.0)?,
        "round" => first?.round(),
        "floor" => first?.floor(),
        "ceil" => first?.ceil(),
        _ => return None,
    };
    result.is_finite().then_some(result)
}

fn collections(name: &str, arguments: &[&Node], at: Position) -> Option<Node> {
    if !arguments.iter().all(|argument| argument.is_list()) {
        return None;
    }
    let mut result: Vec<Node> = Vec::new();
    let mut put = |node: &Node| {
        if result.len() < 10_000 && !result.iter().any(|other| other.same(node)) {
            result.push(node.clone());
        }
    };
    match name {
        "union" => arguments.iter().flat_map(|list| list.items()).for_each(&mut put),
        "intersection" => {
            let (first, rest) = arguments.split_first()?;
            let everywhere = |node: &&Node| rest.iter().all(|list| list.items().iter().any(|other| other.same(node)));
            first.items().iter().take(10_000).filter(everywhere).for_each(&mut put);
        }
        _ => return None,
    }
    Some(Node { at, data: Data::Sequence(result) })
}
