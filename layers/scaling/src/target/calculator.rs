//! Kubernetes' replica calculator (pkg/controller/podautoscaler,
//! replica_calculator.go of 1.33): whole numbers where it has whole numbers,
//! and its caution about instances that tell nothing or are not ready.

use crate::{
    decision::count,
    measure::{Fleet, Instance, Measured, Phase, delta},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::quantity::TimeSpan;
use std::collections::{BTreeMap, BTreeSet};

/// `--horizontal-pod-autoscaler-cpu-initialization-period`
const CPU_INITIALIZATION: TimeDelta = TimeDelta::minutes(5);
/// `--horizontal-pod-autoscaler-initial-readiness-delay`
const INITIAL_READINESS_DELAY: TimeDelta = TimeDelta::seconds(30);

/// The relative differences for which nothing is changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerances {
    pub(super) up: f64,
    pub(super) down: f64,
}

impl Tolerances {
    fn holds(self, ratio: f64) -> bool {
        1.0 - self.down <= ratio && ratio <= 1.0 + self.up
    }
}

/// What was calculated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calculated {
    pub(super) instances: u32,
    pub(super) formula: String,
}

/// Values of instances.
pub(super) struct PerInstance<'a> {
    pub(super) values: &'a BTreeMap<String, Measured>,
    pub(super) window: TimeSpan,
    /// Whether it is processor time, which says little while an instance starts.
    pub(super) cpu: bool,
    /// Whether the values are percent of what is asked for.
    pub(super) utilization: bool,
}

/// The groups of `groupPods`.
#[derive(Default)]
struct Groups<'f> {
    ready: u32,
    unready: BTreeSet<&'f str>,
    missing: BTreeSet<&'f str>,
    ignored: BTreeSet<&'f str>,
}

fn is_unready(instance: &Instance, measured: Measured, window: TimeSpan, now: DateTime<Utc>) -> bool {
    let Some(started) = instance.started else { return true };
    if started + CPU_INITIALIZATION > now {
        // Nothing counts that was measured while it was not yet ready.
        return !instance.ready || measured.at < instance.since + delta(window);
    }
    // It has never been ready.
    !instance.ready && started + INITIAL_READINESS_DELAY > instance.since
}

fn groups<'f>(fleet: &'f Fleet, metric: &PerInstance<'_>, now: DateTime<Utc>) -> Groups<'f> {
    let mut groups = Groups::default();
    for instance in &fleet.instances {
        let id = instance.id.as_str();
        match (instance.phase, metric.values.get(id)) {
            (Phase::Ending | Phase::Failed, _) => groups.ignored.insert(id),
            (Phase::Pending, _) => groups.unready.insert(id),
            (Phase::Running, None) => groups.missing.insert(id),
            (Phase::Running, Some(measured)) => {
                if metric.cpu && is_unready(instance, *measured, metric.window, now) {
                    groups.unready.insert(id)
                } else {
                    groups.ready += 1;
                    true
                }
            }
        };
    }
    groups
}

/// Thousandths, as Kubernetes' quantities are compared.
#[expect(clippy::cast_possible_truncation, reason = "saturating is what is meant")]
fn milli(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

fn long(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The average, in whole percent or in thousandths, and its ratio to the target.
#[expect(clippy::cast_precision_loss, reason = "as Kubernetes does")]
fn ratio(values: &BTreeMap<&str, i64>, target: f64, utilization: bool) -> (f64, f64) {
    let total = values.values().fold(0_i64, |sum, value| sum.saturating_add(*value));
    let average = total / long(values.len()).max(1);
    if utilization {
        let percent = average / 1_000;
        return (percent as f64, percent as f64 / target);
    }
    (average as f64 / 1_000.0, average as f64 / (target * 1_000.0))
}

/// `GetResourceReplicas` and `calcPlainMetricReplicas`: by values of instances.
pub(super) fn by_instances(
    fleet: &Fleet,
    metric: &PerInstance<'_>,
    target: f64,
    tolerances: Tolerances,
    now: DateTime<Utc>,
) -> Result<Calculated, String> {
    let groups = groups(fleet, metric, now);
    let current = fleet.wanted;
    let mut values: BTreeMap<&str, i64> = fleet
        .instances
        .iter()
        .map(|instance| instance.id.as_str())
        .filter(|id| !groups.ignored.contains(id) && !groups.unready.contains(id))
        .filter_map(|id| metric.values.get(id).map(|measured| (id, milli(measured.value))))
        .collect();
    if values.is_empty() {
        return Err("no ready instance told a value".to_owned());
    }
    let (average, first) = ratio(&values, target, metric.utilization);
    let unit = if metric.utilization { " %" } else { "" };
    let told = format!("average {average}{unit} of {} instances against {target}{unit}", values.len());
    let keep = |why: String| Calculated { instances: current, formula: format!("{told}: {why}, so {current} stay") };
    let raise = |replicas: u32, ratio: f64, of: usize, more: &str| Calculated {
        instances: replicas,
        formula: format!("{told}: ceil({ratio:.3} × {of}{more}) = {replicas}"),
    };
    let rebalance = !groups.unready.is_empty() && first > 1.0;
    if !rebalance && groups.missing.is_empty() {
        if tolerances.holds(first) {
            return Ok(keep(format!("ratio {first:.3} is within the tolerance")));
        }
        let ready = usize::try_from(groups.ready).unwrap_or(0);
        return Ok(raise(ceil(first * f64::from(groups.ready)), first, ready, " ready"));
    }
    let absent = match (first < 1.0, metric.utilization) {
        // On the way down who tells nothing is taken to be as busy as is asked for, or as the target.
        (true, true) => milli(target.max(100.0)),
        (true, false) => milli(target),
        (false, _) => 0,
    };
    values.extend(groups.missing.iter().map(|id| (*id, absent)));
    if rebalance {
        values.extend(groups.unready.iter().map(|id| (*id, 0)));
    }
    let (_, second) = ratio(&values, target, metric.utilization);
    let caution = format!("{} tell nothing, {} are not ready", groups.missing.len(), groups.unready.len());
    if tolerances.holds(second) || (first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0) {
        return Ok(keep(format!("{caution}; with them the ratio is {second:.3}")));
    }
    let length = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let replicas = ceil(second * f64::from(length));
    if (second < 1.0 && replicas > current) || (second > 1.0 && replicas < current) {
        return Ok(keep(format!("{caution}; with them it would change the other way")));
    }
    Ok(raise(replicas, second, values.len(), &format!("; {caution}")))
}

fn ceil(value: f64) -> u32 {
    count(value.ceil()).unwrap_or(u32::MAX)
}

/// `GetObjectMetricReplicas`, `GetExternalMetricReplicas`: by one value and its ratio to the target.
pub(super) fn by_value(fleet: &Fleet, value: f64, target: f64, tolerances: Tolerances) -> Calculated {
    let ratio = value / target;
    if fleet.wanted == 0 {
        let instances = ceil(ratio);
        return Calculated { instances, formula: format!("none is there: ceil({value} / {target}) = {instances}") };
    }
    if tolerances.holds(ratio) {
        let formula = format!("{value} / {target} = {ratio:.3} is within the tolerance, so {} stay", fleet.wanted);
        return Calculated { instances: fleet.wanted, formula };
    }
    let ready = fleet.ready_count();
    let instances = ceil(ratio * f64::from(ready));
    Calculated { instances, formula: format!("ceil({value} / {target} × {ready} ready) = {instances}") }
}

/// `GetExternalPerPodMetricReplicas`: by one value, divided by the number of instances.
pub(super) fn by_share(fleet: &Fleet, value: f64, target: f64, tolerances: Tolerances) -> Calculated {
    let ratio = value / (target * f64::from(fleet.wanted));
    if fleet.wanted > 0 && tolerances.holds(ratio) {
        let formula = format!(
            "{value} / ({target} × {}) = {ratio:.3} is within the tolerance, so {} stay",
            fleet.wanted, fleet.wanted
        );
        return Calculated { instances: fleet.wanted, formula };
    }
    let instances = ceil(value / target);
    Calculated { instances, formula: format!("ceil({value} / {target}) = {instances}") }
}

#[cfg(test)]
#[path = "calculator_tests.rs"]
mod tests;
