//! One round of one component: all policies propose, one number comes of it,
//! and the decision says how.

use crate::{
    behavior, deadline,
    decision::{Decision, Input, Keeper, Reason, Suppressed},
    measure::{Fleet, Readings},
    own_rule, schedule,
    state::{Change, ScalingState},
    step, target, zero,
};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::scaling::{MetricSource, PolicyKind, Scaling, ServiceTime};
use std::collections::BTreeSet;

/// What a round is given.
#[derive(Debug, Clone, Copy)]
pub struct Round<'r> {
    /// The component.
    pub target: &'r str,
    /// Its instances.
    pub fleet: &'r Fleet,
    /// The measurements.
    pub readings: &'r Readings,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What one policy proposes.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) reason: Reason,
    /// What it could not do, and why: then nothing shrinks.
    pub(crate) broken: Option<(Keeper, String)>,
}

impl Proposal {
    pub(crate) fn of(policy: &str, instances: u32, inputs: Vec<Input>, formula: String) -> Self {
        let reason = Reason::new(policy, Some(instances), inputs, formula);
        Self { reason, broken: None }
    }

    pub(crate) fn nothing(policy: &str, inputs: Vec<Input>, formula: String) -> Self {
        Self { reason: Reason::new(policy, None, inputs, formula), broken: None }
    }

    pub(crate) fn broken(policy: &str, by: Keeper, inputs: Vec<Input>, why: String) -> Self {
        let reason = Reason::new(policy, None, inputs, why.clone());
        Self { reason, broken: Some((by, why)) }
    }

    pub(crate) fn missing(policy: &str, metric: &impl ToString, why: &str) -> Self {
        let metric = metric.to_string();
        let input = Input::known(&metric, crate::rule::Datum::None);
        Self::broken(policy, Keeper::MissingMetric, vec![input], format!("{metric} has no value: {why}"))
    }
}

/// What has to be measured for a scaling.
#[must_use]
pub fn sources(scaling: &Scaling) -> BTreeSet<MetricSource> {
    let mut sources: BTreeSet<MetricSource> = scaling.zero.iter().map(|zero| zero.metric.clone()).collect();
    for policy in scaling.policies.iter().filter_map(|policy| policy.kind().ok()) {
        match policy {
            PolicyKind::Target(it) => drop(sources.insert(it.metric.clone())),
            PolicyKind::Step(it) => drop(sources.insert(it.metric.clone())),
            PolicyKind::Rule(it) => sources.extend(it.queries.values().cloned()),
            PolicyKind::Schedule(_) => {}
            PolicyKind::Deadline(it) => {
                sources.insert(it.jobs.clone());
                if let ServiceTime::Measured(metric) = &it.service_time {
                    sources.insert(metric.clone());
                }
            }
        }
    }
    sources
}

/// Decides how many instances there are to be.
#[must_use]
pub fn decide(scaling: &Scaling, round: &Round<'_>, state: &mut ScalingState) -> Decision {
    let current = round.fleet.wanted;
    let mut suppressed = Vec::new();
    let mut proposals: Vec<(bool, Proposal)> = Vec::new();
    for (place, policy) in scaling.policies.iter().enumerate() {
        let name = name_of(policy.name.as_deref(), policy.kind().ok(), place);
        let proposal = match policy.kind() {
            Ok(PolicyKind::Target(it)) => target::propose(it, &name, &scaling.behavior, round, state),
            Ok(PolicyKind::Step(it)) => step::propose(it, &name, round, state),
            Ok(PolicyKind::Schedule(it)) => schedule::propose(it, &name, round.now),
            Ok(PolicyKind::Deadline(it)) => deadline::propose(it, &name, scaling.max, round),
            Ok(PolicyKind::Rule(it)) => own_rule::propose(it, &name, round, state),
            Err(fault) => Proposal::broken(&name, Keeper::RuleFault, Vec::new(), format!("the policy {fault}")),
        };
        proposals.push((policy.limit, proposal));
    }
    forget(state, &proposals);
    let gate = scaling.zero.as_ref().filter(|_| scaling.min == 0).map(|zero| zero::look(zero, round, state));
    let combined = combine(&mut proposals, current, scaling.min, &mut suppressed);
    let (wanted, forced) = match &gate {
        Some(gate) => gate.apply(combined, &mut suppressed),
        None => (combined, false),
    };
    let to =
        if forced { wanted } else { behavior::normalise(scaling, wanted, current, round.now, state, &mut suppressed) };
    let mut because: Vec<Reason> = proposals.into_iter().map(|(_, proposal)| proposal.reason).collect();
    because.extend(gate.map(|gate| gate.reason));
    remember(state, &because, current, to, round.now);
    Decision {
        target: round.target.to_owned(),
        from: current,
        to,
        because,
        suppressed,
        drop: Vec::new(),
        at: round.now,
    }
}

/// What a policy is called.
pub(crate) fn name_of(name: Option<&str>, kind: Option<PolicyKind<'_>>, place: usize) -> String {
    name.map_or_else(|| format!("{} {}", kind.map_or("policy", |kind| kind.name()), place + 1), str::to_owned)
}

/// The largest number wins, unless one is a limit. Where a policy could not
/// propose, nothing shrinks: as HorizontalPodAutoscaler's computeReplicasForMetrics.
fn combine(proposals: &mut [(bool, Proposal)], current: u32, min: u32, suppressed: &mut Vec<Suppressed>) -> u32 {
    let largest = proposals
        .iter()
        .enumerate()
        .filter(|(_, (limit, _))| !limit)
        .filter_map(|(place, (_, it))| it.reason.proposes.map(|count| (count, std::cmp::Reverse(place))))
        .max();
    let mut wanted = largest.map_or(min, |(count, _)| count);
    let mut winner = largest.map(|(_, std::cmp::Reverse(place))| place);
    let broken: Vec<(Keeper, String)> = proposals.iter().filter_map(|(_, it)| it.broken.clone()).collect();
    let proposing = proposals.iter().filter(|(limit, it)| !limit && it.broken.is_some()).count();
    if proposing > 0 && wanted < current {
        for (by, why) in broken.iter().take(1) {
            suppressed.push(Suppressed {
                by: *by,
                proposed: wanted,
                allowed: current,
                why: format!("{why}; nothing shrinks"),
            });
        }
        (wanted, winner) = (current, None);
    }
    for (place, (limit, proposal)) in proposals.iter().enumerate() {
        let Some(count) = proposal.reason.proposes else { continue };
        if !limit && count < wanted && winner.is_some_and(|winner| winner != place) {
            let why = format!("`{}` proposes {count}; the largest number wins", proposal.reason.policy);
            suppressed.push(Suppressed { by: Keeper::LargerPolicy, proposed: count, allowed: wanted, why });
        }
    }
    let bound = proposals
        .iter()
        .enumerate()
        .filter(|(_, (limit, _))| *limit)
        .filter_map(|(place, (_, it))| it.reason.proposes.map(|count| (count, place)))
        .min();
    if let Some((count, place)) = bound.filter(|(count, _)| *count < wanted) {
        let policy = proposals.get(place).map(|(_, it)| it.reason.policy.clone()).unwrap_or_default();
        let why = format!("`{policy}` is a limit of {count}");
        suppressed.push(Suppressed { by: Keeper::Limit, proposed: wanted, allowed: count, why });
        (wanted, winner) = (count, Some(place));
    }
    if let Some((_, proposal)) = winner.and_then(|winner| proposals.get_mut(winner)) {
        proposal.reason.won = true;
    }
    wanted
}

/// What is remembered of policies that are no longer there goes.
fn forget(state: &mut ScalingState, proposals: &[(bool, Proposal)]) {
    let is_there = |name: &String| proposals.iter().any(|(_, it)| it.reason.policy == *name);
    state.stepped.retain(|name, _| is_there(name));
    state.userdata.retain(|name, _| is_there(name));
    state.history.retain(|name, _| is_there(name));
}

fn remember(state: &mut ScalingState, because: &[Reason], from: u32, to: u32, now: DateTime<Utc>) {
    if from == to {
        return;
    }
    state.last_change = Some(now);
    state.changes.push(Change { by: i64::from(to) - i64::from(from), at: now });
    for reason in because.iter().filter(|reason| reason.won) {
        if let Some(stepped) = state.stepped.get_mut(&reason.policy) {
            *stepped = now;
        }
    }
}
