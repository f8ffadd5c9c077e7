//! Constraints of a value: the clauses of 1.x (1.3, clause 3.6.3), and the
//! validation of 2.0, which is a function.

use super::schema::{Schema, ValueType};
use crate::{
    descriptor::node::{Data, Node, Position},
    diagnostic::Code,
    suggestion::{closest, shown},
    tosca::{report::Fault, world::World},
};
use regex::Regex;

/// One constraint.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) at: Position,
    pub(crate) rule: Rule,
}

/// What it asks.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Equal(Node),
    GreaterThan(Node),
    GreaterOrEqual(Node),
    LessThan(Node),
    LessOrEqual(Node),
    InRange(Node, Node),
    ValidValues(Vec<Node>),
    Length(u64),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Regex),
    /// A function of 2.0 that must be true of `$value`.
    Validation(Node),
}

pub(crate) const NAMES: [&str; 12] = [
    "equal",
    "greater_than",
    "greater_or_equal",
    "less_than",
    "less_or_equal",
    "in_range",
    "valid_values",
    "length",
    "min_length",
    "max_length",
    "pattern",
    "schema",
];

/// How large a compiled pattern may be, in bytes.
const LARGEST_PATTERN: usize = 1 << 18;

/// The constraints of a definition.
pub(crate) fn read(world: &mut World, unit: usize, node: &Node, schema: &Schema, what: &str) -> Vec<Constraint> {
    let mut found = Vec::new();
    if let Some(validation) = node.given("validation") {
        found.push(Constraint { at: validation.at, rule: Rule::Validation(validation.clone()) });
    }
    let Some(list) = node.given("constraints") else {
        return found;
    };
    // A map of clauses is what several samples have.
    let clauses: Vec<(&str, &Node, Position)> = match &list.data {
        Data::Sequence(items) => {
            let each = items.iter().flat_map(Node::entries).map(|entry| (entry.key.as_str(), &entry.value, entry.at));
            let clauses = each.collect();
            for item in items.iter().filter(|item| item.entries().len() != 1) {
                let message = format!("each constraint of {what} is a map of one clause, such as `greater_than: 1`");
                world.report.say(Fault::error(item.at, Code::WrongType, message));
            }
            clauses
        }
        Data::Mapping(entries) => entries.iter().map(|e| (e.key.as_str(), &e.value, e.at)).collect(),
        _ => {
            let message = format!("`constraints` of {what} must be a list, not {}", list.what());
            world.report.say(Fault::error(list.at, Code::WrongType, message));
            return found;
        }
    };
    for (name, value, at) in clauses {
        match clause(name, value, schema.value_type) {
            Ok(Some(rule)) => found.push(Constraint { at, rule }),
            Ok(None) => {}
            Err((message, hint)) if world.speaks_of(unit) => {
                let code = if NAMES.contains(&name) { Code::WrongType } else { Code::UnknownField };
                let message = format!("{message}, in {what}");
                world.report.say(Fault::error(at, code, message).maybe_hint(hint));
            }
            Err(_) => {}
        }
    }
    found
}

type Refused = (String, Option<String>);

/// One clause. None: it says nothing that is checked here.
pub(crate) fn clause(name: &str, value: &Node, of: ValueType) -> Result<Option<Rule>, Refused> {
    fits(name, of)?;
    let two = |value: &Node| match value.items() {
        [low, high] => Some((low.clone(), high.clone())),
        _ => None,
    };
    let whole = |value: &Node| {
        let found = value.integer().and_then(|length| u64::try_from(length).ok());
        found.ok_or_else(|| (format!("`{name}` takes a whole number"), None))
    };
    Ok(Some(match name {
        "equal" => Rule::Equal(value.clone()),
        "greater_than" => Rule::GreaterThan(value.clone()),
        "greater_or_equal" => Rule::GreaterOrEqual(value.clone()),
        "less_than" => Rule::LessThan(value.clone()),
        "less_or_equal" => Rule::LessOrEqual(value.clone()),
        "in_range" => {
            let range = two(value).ok_or_else(|| ("`in_range` takes a list of two values".to_owned(), None))?;
            Rule::InRange(range.0, range.1)
        }
        "valid_values" if value.is_list() => Rule::ValidValues(value.items().to_vec()),
        "valid_values" => return Err(("`valid_values` takes a list".to_owned(), None)),
        "length" => Rule::Length(whole(value)?),
        "min_length" => Rule::MinLength(whole(value)?),
        "max_length" => Rule::MaxLength(whole(value)?),
        "pattern" => Rule::Pattern(pattern(value)?),
        "schema" => return Ok(None),
        _ => {
            let hint = closest(name, NAMES).map(|name| format!("did you mean `{name}`?"));
            let hint = hint.unwrap_or_else(|| format!("there are: {}", NAMES.join(", ")));
            return Err((format!("there is no constraint `{}`", shown(name)), Some(hint)));
        }
    }))
}

/// Whole texts must match, as in XML Schema, which the standard's patterns follow.
pub(crate) fn pattern(value: &Node) -> Result<Regex, Refused> {
    let text = value.scalar().unwrap_or_default();
    let built = regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(LARGEST_PATTERN).build();
    built.map_err(|error| {
        let said = error.to_string();
        let said = said.lines().last().unwrap_or_default().to_owned();
        (format!("`{}` is no pattern that this broker reads: {said}", shown(text)), None)
    })
}

fn fits(name: &str, of: ValueType) -> Result<(), Refused> {
    let ordered = matches!(
        of,
        ValueType::Integer
            | ValueType::Float
            | ValueType::Timestamp
            | ValueType::Scalar(_)
            | ValueType::Version
            | ValueType::Data(_)
            | ValueType::Unknown
    );
    let sized = matches!(
        of,
        ValueType::String
            | ValueType::List
            | ValueType::Map
            | ValueType::Bytes
            | ValueType::Data(_)
            | ValueType::Unknown
    );
    let good = match name {
        "greater_than" | "greater_or_equal" | "less_than" | "less_or_equal" => ordered,
        "in_range" => ordered || of == ValueType::Range,
        "length" | "min_length" | "max_length" => sized,
        "pattern" | "schema" => matches!(of, ValueType::String | ValueType::Data(_) | ValueType::Unknown),
        _ => true,
    };
    if good { Ok(()) } else { Err((format!("`{name}` does not fit {}", of.what()), None)) }
}
