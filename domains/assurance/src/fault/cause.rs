//! Which fault explains which.

use super::{Cause, Fault};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// How long before a fault what explains it may have ended.
const BEFORE: TimeDelta = TimeDelta::minutes(5);
/// How long after a fault what explains it may be told: a host is waited for before it is given up.
const AFTER: TimeDelta = TimeDelta::minutes(15);

/// Whether a fault is about this thing, or about what belongs to it.
pub(super) fn is_about(fault: &Fault, thing: &str) -> bool {
    let under = |own: &String| own.strip_prefix(thing).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    under(&fault.thing) || fault.also.iter().any(under)
}

/// Whether it was there when the other opened.
fn was_there(fault: &Fault, of: &Fault) -> bool {
    fault.opened <= of.opened + AFTER && fault.resolved_at().is_none_or(|at| at >= of.opened - BEFORE)
}

/// What explains a fault, the nearest first: what it rests on, what that rests on, and so on.
pub(super) fn causes(of: &Fault, all: &BTreeMap<i64, Fault>) -> Vec<Cause> {
    let mut found: Vec<&Fault> = Vec::new();
    let mut next = 0;
    let mut looked_at = Some(of);
    while let Some(fault) = looked_at {
        for thing in &fault.rests_on {
            let new = all.values().filter(|other| other.number != of.number && is_about(other, thing));
            for other in new.filter(|other| other.kind != of.kind && was_there(other, of)) {
                if !found.iter().any(|known| known.number == other.number) {
                    found.push(other);
                }
            }
        }
        looked_at = found.get(next).copied();
        next += 1;
    }
    found.into_iter().map(cause).collect()
}

/// Whether the first may explain the second, by way of another or at once.
pub(super) fn may_explain(first: &Fault, second: &Fault) -> bool {
    let rests = |things: &[String]| things.iter().any(|thing| is_about(first, thing));
    first.number != second.number
        && (rests(&second.rests_on) || second.causes.iter().any(|cause| first.number == cause.fault))
}

fn cause(fault: &Fault) -> Cause {
    Cause {
        fault: fault.number,
        kind: fault.kind,
        thing: fault.thing.clone(),
        message: fault.message.clone(),
        events: fault.signs.iter().map(|sign| sign.event).collect(),
        own: fault.project.is_none(),
    }
}
