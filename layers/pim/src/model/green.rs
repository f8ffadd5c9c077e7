//! Green mode: a node on which nothing is sleeps (its power is off) until
//! something is to run there. The rules are pure; each look at the node's real
//! power goes on with what was written down, so that nothing but that is needed
//! after a crash.

use super::{MaintenanceTarget, Node};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;
use serde::{Deserialize, Serialize};

/// A node that was told to turn off and is on after this long isn't waited for.
const FALLS_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// One that refused, or didn't wake, is tried again after this long.
const TRIED_AGAIN: TimeDelta = TimeDelta::hours(1);
/// Where nothing is said, or nothing any more, a node wakes within this.
pub(crate) const WAKES_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Where nodes on which nothing is are turned off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreenMode {
    /// A node, or all nodes of a site. What is said of a node goes before what is said of its site.
    pub target: MaintenanceTarget,
    /// So long there was nothing on a node that is turned off.
    pub idle: TimeDelta,
    /// So many idle nodes of the site stay on.
    pub reserve: u32,
    /// A node that doesn't work so long after it was woken is held for failed.
    pub wake_within: TimeDelta,
    /// When it was last set.
    pub set_at: DateTime<Utc>,
    /// By whom.
    pub set_by: Actor,
    /// Grows with every change.
    pub version: i64,
}

/// How the power of a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostPower {
    /// It is on.
    On,
    /// It is off.
    Off,
    /// On its way, or not known.
    Between,
}

/// How a node stands where green mode is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestState {
    /// It is on, as far as is known.
    Awake,
    /// It is being turned off. What wants it waits until it is.
    FallingAsleep,
    /// It is off, and is turned on for what wants it.
    Asleep,
    /// It is being turned on for what wants it.
    Waking,
    /// It was turned on and didn't work in time. It gives nothing for a while.
    Failed,
}

/// How a node stands where green mode is on, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rest {
    /// How.
    pub state: RestState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Since when it is on with nothing on it.
    #[serde(default)]
    pub idle_since: Option<DateTime<Utc>>,
    /// It isn't turned off before: it refused.
    #[serde(default)]
    pub not_before: Option<DateTime<Utc>>,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a look at a node found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Its real power.
    pub(crate) power: HostPower,
    /// It is whole, ours to use and under no maintenance.
    pub(crate) usable: bool,
    /// Something has a share of it.
    pub(crate) busy: bool,
    /// What holds for it. None: green mode is off.
    pub(crate) mode: Option<&'a GreenMode>,
    /// Others of its site stay on.
    pub(crate) spared: bool,
    /// When.
    pub(crate) now: DateTime<Utc>,
}

/// What the log tells of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The kind of the event.
    pub(crate) kind: &'static str,
    /// What, after the node's name.
    pub(crate) what: String,
}

impl Told {
    pub(crate) fn new(kind: &'static str, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }
}

/// How a node stands after a look (None: nothing is kept of it), and what is told.
pub(crate) type Step = (Option<Rest>, Option<Told>);

impl Rest {
    /// It stands so from now on.
    pub(crate) const fn new(state: RestState, since: DateTime<Utc>) -> Self {
        Self { state, since, idle_since: None, not_before: None, reason: None }
    }

    /// Awake, and not to be turned off for a while, because it refused.
    pub(crate) fn refused(now: DateTime<Utc>) -> Self {
        Self { not_before: Some(now + TRIED_AGAIN), ..Self::new(RestState::Awake, now) }
    }

    /// Why what wants it has to look elsewhere, once it had its time to wake. None: it has time left.
    pub(crate) fn overslept(&self, within: TimeDelta, now: DateTime<Utc>) -> Option<String> {
        let late = self.state == RestState::Waking && now - self.since >= within;
        late.then(|| format!("it was turned on and didn't work within {} s", within.num_seconds()))
    }
}

impl GreenMode {
    /// What holds for a node: what is said of itself, else of its site.
    pub(crate) fn of<'a>(modes: &'a [Self], node: &Node) -> Option<&'a Self> {
        let of_node = |mode: &&Self| matches!(mode.target, MaintenanceTarget::Node(_));
        let mut covering = modes.iter().filter(|mode| mode.target.covers(node));
        covering.clone().find(of_node).or_else(|| covering.next())
    }
}

/// How a node stands after a look at it.
pub(crate) fn after(known: Option<Rest>, look: &Look<'_>) -> Step {
    let Some(mode) = look.mode else { return switched_off(known, look) };
    let rest = known.unwrap_or_else(|| Rest::new(RestState::Awake, look.now));
    match rest.state {
        RestState::Awake => awake(rest, mode, look),
        RestState::FallingAsleep => falling(rest, look),
        RestState::Asleep if look.power == HostPower::On && !look.busy => {
            (Some(Rest::new(RestState::Awake, look.now)), Some(Told::new("node.awake", "was turned on by somebody")))
        }
        // What wanted it has gone.
        RestState::Waking if !look.busy => (Some(Rest::new(RestState::Awake, look.now)), None),
        RestState::Failed => failed(rest, look),
        RestState::Asleep | RestState::Waking => (Some(rest), None),
    }
}

/// What has begun comes to its end; nothing else is kept.
fn switched_off(known: Option<Rest>, look: &Look<'_>) -> Step {
    match known {
        Some(rest) if rest.state == RestState::FallingAsleep => falling(rest, look),
        Some(rest) if rest.state == RestState::Waking && look.busy => (Some(rest), None),
        Some(rest) if rest.state == RestState::Failed => {
            (None, Some(Told::new("node.found", "isn't held for failed any more: green mode is off")))
        }
        _ => (None, None),
    }
}

fn awake(rest: Rest, mode: &GreenMode, look: &Look<'_>) -> Step {
    if look.busy || !look.usable || look.power == HostPower::Between {
        return (Some(Rest { idle_since: None, ..rest }), None);
    }
    if look.power == HostPower::Off {
        return asleep(look.now);
    }
    let since = rest.idle_since.unwrap_or(look.now);
    let allowed = rest.not_before.is_none_or(|then| look.now >= then) && !look.spared;
    if allowed && look.now - since >= mode.idle {
        return (Some(Rest::new(RestState::FallingAsleep, look.now)), None);
    }
    (Some(Rest { idle_since: Some(since), ..rest }), None)
}

fn falling(rest: Rest, look: &Look<'_>) -> Step {
    if look.power == HostPower::Off {
        return asleep(look.now);
    }
    if look.now - rest.since < FALLS_WITHIN {
        return (Some(rest), None);
    }
    let what = format!("stays on: it didn't turn off within {} minutes", FALLS_WITHIN.num_minutes());
    (Some(Rest::refused(look.now)), Some(Told::new("node.sleep-refused", what)))
}

/// It is off.
pub(crate) fn asleep(now: DateTime<Utc>) -> Step {
    let told = Told::new("node.asleep", "sleeps: it is off, and nothing is on it");
    (Some(Rest::new(RestState::Asleep, now)), Some(told))
}

fn failed(rest: Rest, look: &Look<'_>) -> Step {
    if look.busy {
        return (Some(rest), None);
    }
    let again = Some(Rest::new(RestState::Awake, look.now));
    match look.power {
        HostPower::On => (again, Some(Told::new("node.found", "is on after all"))),
        _ if look.now - rest.since >= TRIED_AGAIN => {
            (again, Some(Told::new("node.found", "failed to wake, and is tried again")))
        }
        _ => (Some(rest), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, noon, site};

    fn mode(target: MaintenanceTarget) -> GreenMode {
        GreenMode {
            target,
            idle: TimeDelta::minutes(15),
            reserve: 0,
            wake_within: WAKES_WITHIN,
            set_at: noon(),
            set_by: Actor::Local,
            version: 1,
        }
    }

    fn later(minutes: i64) -> DateTime<Utc> {
        noon() + TimeDelta::minutes(minutes)
    }

    /// A look at an idle node that is on.
    fn look(mode: &GreenMode, minutes: i64) -> Look<'_> {
        let (power, now) = (HostPower::On, later(minutes));
        Look { power, usable: true, busy: false, mode: Some(mode), spared: false, now }
    }

    fn state(step: &Step) -> Option<RestState> {
        step.0.as_ref().map(|rest| rest.state)
    }

    fn told(step: &Step) -> Option<&'static str> {
        step.1.as_ref().map(|told| told.kind)
    }

    #[test]
    fn a_node_sleeps_after_its_idle_time_and_no_sooner() {
        let mode = mode(MaintenanceTarget::Node("a".to_owned()));
        let first = after(None, &look(&mode, 0));
        assert_eq!(first.0.as_ref().unwrap().idle_since, Some(noon()));
        let before = after(first.0.clone(), &look(&mode, 14));
        assert_eq!((state(&before), before.1.is_none()), (Some(RestState::Awake), true));
        // Something was on it for a moment: the time begins anew.
        let used = after(before.0.clone(), &Look { busy: true, ..look(&mode, 14) });
        let since = after(used.0, &look(&mode, 15));
        assert_eq!(since.0.unwrap().idle_since, Some(later(15)));
        let falls = after(before.0.clone(), &look(&mode, 15));
        assert_eq!((state(&falls), told(&falls)), (Some(RestState::FallingAsleep), None));
        let off = after(falls.0.clone(), &Look { power: HostPower::Off, ..look(&mode, 16) });
        assert_eq!((state(&off), told(&off)), (Some(RestState::Asleep), Some("node.asleep")));
        for kept in [
            Look { spared: true, ..look(&mode, 15) },
            Look { usable: false, ..look(&mode, 15) },
            Look { power: HostPower::Between, ..look(&mode, 15) },
        ] {
            assert_eq!(state(&after(before.0.clone(), &kept)), Some(RestState::Awake), "{kept:?}");
        }
    }

    #[test]
    fn one_that_does_not_turn_off_stays_on_for_an_hour() {
        let mode = mode(MaintenanceTarget::Site(site()));
        let falls = Some(Rest::new(RestState::FallingAsleep, noon()));
        // Also when somebody wants it meanwhile: the power may go any moment.
        let wanted = after(falls.clone(), &Look { busy: true, ..look(&mode, 4) });
        assert_eq!(state(&wanted), Some(RestState::FallingAsleep));
        let refused = after(falls.clone(), &look(&mode, 5));
        assert_eq!((state(&refused), told(&refused)), (Some(RestState::Awake), Some("node.sleep-refused")));
        let idle = after(refused.0, &look(&mode, 6));
        let patient = after(idle.0.clone(), &look(&mode, 64));
        assert_eq!(state(&patient), Some(RestState::Awake));
        assert_eq!(state(&after(idle.0, &look(&mode, 65))), Some(RestState::FallingAsleep));
        // Turned off in the midst of it: it is seen to its end first.
        let ending = after(falls, &Look { mode: None, power: HostPower::Between, ..look(&mode, 1) });
        assert_eq!(state(&ending), Some(RestState::FallingAsleep));
    }

    #[test]
    fn a_sleeper_is_left_alone_until_it_is_wanted_or_turned_on() {
        let mode = mode(MaintenanceTarget::Site(site()));
        let asleep = Some(Rest::new(RestState::Asleep, noon()));
        let off = Look { power: HostPower::Off, ..look(&mode, 600) };
        assert_eq!(after(asleep.clone(), &off), (asleep.clone(), None));
        assert_eq!(after(asleep.clone(), &Look { busy: true, ..off }).0, asleep);
        let on = after(asleep.clone(), &look(&mode, 600));
        assert_eq!((state(&on), told(&on)), (Some(RestState::Awake), Some("node.awake")));
        assert_eq!(after(asleep, &Look { mode: None, ..off }), (None, None));
        // One that is off already, because what it had was given back, is asleep at once.
        assert_eq!(state(&after(None, &off)), Some(RestState::Asleep));
        assert_eq!(state(&after(None, &Look { busy: true, ..off })), Some(RestState::Awake));
    }

    #[test]
    fn one_that_does_not_wake_is_failed_until_it_is_on_or_an_hour_is_over() {
        let mode = mode(MaintenanceTarget::Site(site()));
        let waking = Rest::new(RestState::Waking, noon());
        assert_eq!(waking.overslept(mode.wake_within, later(9)), None);
        assert!(waking.overslept(mode.wake_within, later(10)).unwrap().contains("within 600 s"));
        assert_eq!(Rest::new(RestState::Asleep, noon()).overslept(mode.wake_within, later(99)), None);
        let off = |minutes| Look { power: HostPower::Off, ..look(&mode, minutes) };
        assert_eq!(state(&after(Some(waking.clone()), &Look { busy: true, ..off(5) })), Some(RestState::Waking));
        assert_eq!(state(&after(Some(waking), &off(5))), Some(RestState::Awake), "nobody wants it any more");
        let failed = Some(Rest::new(RestState::Failed, noon()));
        assert_eq!(state(&after(failed.clone(), &off(59))), Some(RestState::Failed));
        let again = after(failed.clone(), &off(60));
        assert_eq!((state(&again), told(&again)), (Some(RestState::Awake), Some("node.found")));
        assert_eq!(state(&after(failed.clone(), &Look { busy: true, ..look(&mode, 60) })), Some(RestState::Failed));
        assert_eq!(told(&after(failed.clone(), &look(&mode, 1))), Some("node.found"));
        assert_eq!(told(&after(failed, &Look { mode: None, ..off(1) })), Some("node.found"));
    }

    #[test]
    fn what_is_said_of_a_node_goes_before_what_is_said_of_its_site() {
        let modes = [mode(MaintenanceTarget::Site(site())), mode(MaintenanceTarget::Node("a".to_owned()))];
        let of = |name: &str| GreenMode::of(&modes, &node(name, 1, 1, &[])).map(|mode| mode.target.to_string());
        assert_eq!(of("a").as_deref(), Some("node/a"));
        assert_eq!(of("b").as_deref(), Some("site/urn:test:site:local"));
        assert!(GreenMode::of(&modes[1..], &node("b", 1, 1, &[])).is_none());
    }
}
