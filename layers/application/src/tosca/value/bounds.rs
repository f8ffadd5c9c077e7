//! Whether a value keeps within its constraints.

use super::scalar;
use crate::{
    descriptor::node::{Data, Node},
    diagnostic::Code,
    suggestion::shown,
    tosca::{
        functions::{contains_call, pure},
        report::Fault,
        types::{
            Schema, ValueType,
            constraint::{Constraint, Rule},
        },
        world::World,
    },
};
use std::cmp::Ordering;

impl World {
    /// Says which constraints a value breaks.
    pub(super) fn check_constraints(&mut self, value: &Node, schema: &Schema, constraints: &[Constraint], what: &str) {
        if constraints.is_empty() || contains_call(value) {
            return;
        }
        for constraint in constraints {
            let broken = match &constraint.rule {
                Rule::Validation(call) => match pure::holds(call, value) {
                    Some(true) | None => None,
                    Some(false) => Some("what its validation asks".to_owned()),
                },
                rule => self.broken(value, schema.value_type, rule),
            };
            if let Some(wanted) = broken {
                let given = value.scalar().map_or_else(|| value.what().to_owned(), |text| format!("`{}`", shown(text)));
                let message = format!("{what} must be {wanted}, not {given}");
                self.report.say(Fault::error(value.at, Code::ConstraintViolated, message));
            }
        }
    }

    /// What the value should have been.
    fn broken(&mut self, value: &Node, of: ValueType, rule: &Rule) -> Option<String> {
        let text = |node: &Node| shown(node.scalar().unwrap_or_default());
        let mut order = |bound: &Node| self.compare(value, bound, of);
        let wrong = |found: Option<Ordering>, good: &[Ordering]| found.is_some_and(|found| !good.contains(&found));
        use Ordering::{Equal, Greater, Less};
        let (bad, wanted) = match rule {
            Rule::Equal(bound) => (
                wrong(order(bound), &[Equal]) || order(bound).is_none() && !value.same(bound),
                format!("`{}`", text(bound)),
            ),
            Rule::GreaterThan(bound) => (wrong(order(bound), &[Greater]), format!("greater than `{}`", text(bound))),
            Rule::GreaterOrEqual(bound) => {
                (wrong(order(bound), &[Greater, Equal]), format!("at least `{}`", text(bound)))
            }
            Rule::LessThan(bound) => (wrong(order(bound), &[Less]), format!("less than `{}`", text(bound))),
            Rule::LessOrEqual(bound) => (wrong(order(bound), &[Less, Equal]), format!("at most `{}`", text(bound))),
            Rule::InRange(low, high) => return self.outside(value, of, low, high),
            Rule::ValidValues(values) => {
                let bad =
                    !values.iter().any(|one| order(one) == Some(Equal) || value.same(one) || same_text(value, one));
                let list: Vec<String> = values.iter().take(20).map(|one| format!("`{}`", text(one))).collect();
                (bad, format!("one of {}", list.join(", ")))
            }
            Rule::Length(length) => (size(value).is_some_and(|size| size != *length), format!("{length} long")),
            Rule::MinLength(length) => {
                (size(value).is_some_and(|size| size < *length), format!("at least {length} long"))
            }
            Rule::MaxLength(length) => {
                (size(value).is_some_and(|size| size > *length), format!("at most {length} long"))
            }
            Rule::Pattern(pattern) => {
                let bad = value.scalar().is_some_and(|text| !pattern.is_match(text));
                (
                    bad,
                    format!(
                        "in the form `{}`",
                        shown(pattern.as_str().trim_start_matches("^(?:").trim_end_matches(")$"))
                    ),
                )
            }
            Rule::Validation(_) => return None,
        };
        bad.then_some(wanted)
    }

    fn outside(&mut self, value: &Node, of: ValueType, low: &Node, high: &Node) -> Option<String> {
        // The constraint of a range bounds both of its ends.
        let ends: Vec<&Node> = if of == ValueType::Range { value.items().iter().collect() } else { vec![value] };
        let open = |bound: &Node| bound.text().is_some_and(|text| text.eq_ignore_ascii_case("UNBOUNDED"));
        let of = if of == ValueType::Range { ValueType::Integer } else { of };
        let bad = ends.iter().any(|end| {
            let below = !open(low) && self.compare(end, low, of) == Some(Ordering::Less);
            let above = !open(high) && self.compare(end, high, of) == Some(Ordering::Greater);
            below || above
        });
        let text = |node: &Node| shown(node.scalar().unwrap_or_default());
        bad.then(|| format!("from `{}` to `{}`", text(low), text(high)))
    }

    /// How two values of a type stand to each other. None: they can't be compared.
    pub(crate) fn compare(&mut self, a: &Node, b: &Node, of: ValueType) -> Option<Ordering> {
        match of {
            ValueType::Data(id) => {
                let flat = self.flat(id);
                if flat.units.is_empty() {
                    return self.compare(a, b, flat.primitive?);
                }
                let of = |node: &Node| scalar::amount_of(node.scalar()?, &flat.units);
                of(a)?.partial_cmp(&of(b)?)
            }
            ValueType::Scalar(units) => {
                let of = |node: &Node| scalar::amount(node.scalar()?, units);
                of(a)?.partial_cmp(&of(b)?)
            }
            ValueType::Version => Some(scalar::version(a.scalar()?)?.cmp(&scalar::version(b.scalar()?)?)),
            ValueType::Timestamp => Some(a.scalar()?.cmp(b.scalar()?)),
            _ => numbers(a)?.partial_cmp(&numbers(b)?),
        }
    }
}

fn numbers(node: &Node) -> Option<f64> {
    node.number().or_else(|| node.text()?.trim().parse().ok())
}

/// `"4"` and `4`, `true` and `"true"`.
fn same_text(a: &Node, b: &Node) -> bool {
    matches!((a.scalar(), b.scalar()), (Some(a), Some(b)) if a == b)
}

/// How long: characters of a text, entries of a collection.
fn size(node: &Node) -> Option<u64> {
    let count = match &node.data {
        Data::Text(text) | Data::Number(_, text) | Data::Bool(_, text) => text.chars().count(),
        Data::Sequence(items) => items.len(),
        Data::Mapping(entries) => entries.len(),
        Data::Null => return None,
    };
    u64::try_from(count).ok()
}
