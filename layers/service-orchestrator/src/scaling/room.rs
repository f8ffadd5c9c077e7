//! Numbers that could not be had: there was no room, or no quota. In memory:
//! losing it costs one more try.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::ApplicationId;
use hansa_scaling::{Decision, Keeper, Suppressed};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// So long nothing beyond is tried.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// What could not be had lately.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<BTreeMap<(ApplicationId, String), Bound>>);

/// How far a number can go for now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    /// The number.
    number: u32,
    /// Whether it is the greatest; else it is the least.
    greatest: bool,
    why: String,
    until: DateTime<Utc>,
}

impl Rooms {
    /// From `asked` there are to be no further than `number` for now.
    pub(crate) fn note(
        &self,
        (application, target): (ApplicationId, &str),
        (asked, number): (u32, u32),
        why: &str,
        now: DateTime<Utc>,
    ) {
        let bound = Bound { number, greatest: asked > number, why: why.to_owned(), until: now + AGAIN };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, bound| bound.until > now);
        all.insert((application, target.to_owned()), bound);
    }

    /// Keeps a decision within what can be had. Returns how many of it don't come about.
    pub(crate) fn hold(&self, application: ApplicationId, decision: &mut Decision) -> i64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bound) = all.get(&(application, decision.target.clone())).filter(|it| it.until > decision.at) else {
            return 0;
        };
        let held = if bound.greatest { decision.to.min(bound.number) } else { decision.to.max(bound.number) };
        if held == decision.to {
            return 0;
        }
        let (why, lacking) = (bound.why.clone(), i64::from(decision.to) - i64::from(held));
        decision.suppressed.push(Suppressed { by: Keeper::NoRoom, proposed: decision.to, allowed: held, why });
        decision.to = held;
        lacking
    }
}
