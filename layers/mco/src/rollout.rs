//! How workloads get from what is there to what is wanted. Pure: it is asked
//! again in each round and knows nothing but the two sets.
//!
//! Nothing that works is stopped before its replacement works, and of each
//! component one instance at a time is replaced. An old one goes when its
//! replacement has worked for a moment, so that whoever is about to call the
//! old one still finds it. A component that can't run
//! twice side by side (it has a volume, or a port number of its own) is
//! stopped first, again one instance at a time.

use crate::desired::DesiredWorkload;
use chrono::{DateTime, Utc};
use hansa_ontology::{ResourceModel, WorkloadId, resource_model::Component};
use std::collections::{BTreeMap, BTreeSet};

/// A workload as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWorkload {
    /// Its id.
    pub id: WorkloadId,
    /// Its component.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// Whether it runs and is healthy.
    pub ready: bool,
    /// Whether it has been ready for so long that who calls it knows of it.
    pub known: bool,
    /// Since when it is ready, as far as that is known.
    pub since: Option<DateTime<Utc>>,
}

/// What is to be done now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollout {
    /// These are to run: started where they don't, restarted where they died.
    pub apply: Vec<WorkloadId>,
    /// These are to go.
    pub remove: Vec<WorkloadId>,
    /// Wanted, and waiting for another to be replaced first.
    pub waiting: Vec<WorkloadId>,
    /// Exactly what is wanted is there, and ready.
    pub settled: bool,
}

/// Whether two of it, an old and a new one, can run side by side.
#[must_use]
pub fn runs_side_by_side(component: &Component) -> bool {
    component.volumes.is_empty() && component.machine_ports().next().is_none()
}

/// Compares what is wanted with what is there.
#[must_use]
pub fn rollout(model: &ResourceModel, desired: &[DesiredWorkload], seen: &[SeenWorkload]) -> Rollout {
    let wanted: BTreeSet<WorkloadId> = desired.iter().map(|workload| workload.id).collect();
    let slots: BTreeSet<(&str, u32)> = desired.iter().map(|w| (w.component.as_str(), w.ordinal)).collect();
    let mut result = Rollout {
        remove: seen
            .iter()
            .filter(|old| !wanted.contains(&old.id) && !slots.contains(&(old.component.as_str(), old.ordinal)))
            .map(|old| old.id)
            .collect(),
        ..Rollout::default()
    };
    let mut by_component: BTreeMap<&str, Vec<&DesiredWorkload>> = BTreeMap::new();
    for workload in desired {
        by_component.entry(&workload.component).or_default().push(workload);
    }
    for (name, workloads) in by_component {
        let side_by_side = model.components.get(name).is_none_or(runs_side_by_side);
        component_rollout(&workloads, seen, side_by_side, &mut result);
    }
    result.settled = result.remove.is_empty()
        && result.waiting.is_empty()
        && seen.len() == desired.len()
        && seen.iter().all(|workload| workload.ready && wanted.contains(&workload.id));
    result
}

/// The same while another revision stands beside this one: all that is only of
/// that one runs, at once, and nothing goes for it.
#[must_use]
pub fn rollout_beside(
    model: &ResourceModel,
    desired: &[DesiredWorkload],
    beside: &BTreeSet<WorkloadId>,
    seen: &[SeenWorkload],
) -> Rollout {
    let others: Vec<SeenWorkload> = seen.iter().filter(|workload| !beside.contains(&workload.id)).cloned().collect();
    let mut result = rollout(model, desired, &others);
    result.apply.extend(beside);
    result
}

fn component_rollout(workloads: &[&DesiredWorkload], seen: &[SeenWorkload], side_by_side: bool, result: &mut Rollout) {
    let current = |workload: &DesiredWorkload| seen.iter().find(|other| other.id == workload.id);
    let predecessors = |workload: &DesiredWorkload| -> Vec<&SeenWorkload> {
        seen.iter()
            .filter(|old| {
                old.id != workload.id && old.component == workload.component && old.ordinal == workload.ordinal
            })
            .collect()
    };
    // One instance that is not ready yet blocks the replacement of those that are.
    let mut busy = workloads.iter().any(|workload| match current(workload) {
        Some(new) => !new.ready,
        None => predecessors(workload).is_empty(),
    });
    for workload in workloads {
        let old = predecessors(workload);
        let old_works = old.iter().any(|other| other.ready);
        match current(workload) {
            Some(new) => {
                result.apply.push(workload.id);
                if new.known || !old_works {
                    result.remove.extend(old.iter().map(|other| other.id));
                }
            }
            None if old.is_empty() => result.apply.push(workload.id),
            None if old_works && busy => result.waiting.push(workload.id),
            None => {
                busy = true;
                if side_by_side {
                    result.apply.push(workload.id);
                } else {
                    result.remove.extend(old.iter().map(|other| other.id));
                    result.waiting.push(workload.id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::MachineId;
    use uuid::Uuid;

    fn id(number: u128) -> WorkloadId {
        WorkloadId(Uuid::from_u128(number))
    }

    fn want(number: u128, component: &str, ordinal: u32) -> DesiredWorkload {
        DesiredWorkload {
            id: id(number),
            component: component.into(),
            ordinal,
            machine: MachineId(Uuid::from_u128(0)),
            revision: String::new(),
        }
    }

    fn see(number: u128, component: &str, ordinal: u32, ready: bool) -> SeenWorkload {
        SeenWorkload { id: id(number), component: component.into(), ordinal, ready, known: ready, since: None }
    }

    fn model(volume: bool) -> ResourceModel {
        let volumes = if volume { r#", "volumes": {"data": {"size": "1Mi"}}"# } else { "" };
        serde_json::from_str(&format!(
            r#"{{"hansa": 1, "name": "x", "components": {{"a": {{"package": {{"process": {{"command": ["a"]}}}}{volumes}}}}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn everything_new_starts_at_once() {
        let round = rollout(&model(false), &[want(1, "a", 0), want(2, "a", 1)], &[]);
        assert_eq!(round.apply, [id(1), id(2)]);
        assert!(!round.settled);
    }

    #[test]
    fn settled_when_all_are_ready_and_nothing_else_is_there() {
        let desired = [want(1, "a", 0)];
        assert!(rollout(&model(false), &desired, &[see(1, "a", 0, true)]).settled);
        assert!(!rollout(&model(false), &desired, &[see(1, "a", 0, false)]).settled);
        assert!(!rollout(&model(false), &desired, &[see(1, "a", 0, true), see(9, "b", 0, true)]).settled);
    }

    #[test]
    fn replaces_one_at_a_time_and_stops_the_old_when_the_new_is_ready() {
        let desired = [want(11, "a", 0), want(12, "a", 1)];
        let mut seen = vec![see(1, "a", 0, true), see(2, "a", 1, true)];
        let round = rollout(&model(false), &desired, &seen);
        assert_eq!((round.apply, round.remove, round.waiting), (vec![id(11)], vec![], vec![id(12)]));
        seen.push(see(11, "a", 0, false));
        let round = rollout(&model(false), &desired, &seen);
        assert_eq!((round.apply, round.remove, round.waiting), (vec![id(11)], vec![], vec![id(12)]));
        seen[2].ready = true;
        let round = rollout(&model(false), &desired, &seen);
        assert_eq!(
            (round.apply, round.remove),
            (vec![id(11), id(12)], vec![]),
            "the old one stays until callers know of the new one"
        );
        seen[2].known = true;
        let round = rollout(&model(false), &desired, &seen);
        assert_eq!((round.apply, round.remove), (vec![id(11), id(12)], vec![id(1)]));
    }

    #[test]
    fn what_has_a_volume_is_stopped_before_its_replacement_starts() {
        let desired = [want(11, "a", 0)];
        let round = rollout(&model(true), &desired, &[see(1, "a", 0, true)]);
        assert_eq!((round.apply, round.remove, round.waiting), (vec![], vec![id(1)], vec![id(11)]));
        let round = rollout(&model(true), &desired, &[]);
        assert_eq!(round.apply, [id(11)]);
    }

    #[test]
    fn a_broken_predecessor_waits_for_no_one() {
        let desired = [want(11, "a", 0), want(12, "a", 1)];
        let seen = [see(1, "a", 0, false), see(2, "a", 1, false)];
        let round = rollout(&model(false), &desired, &seen);
        assert_eq!(round.apply, [id(11), id(12)]);
    }

    #[test]
    fn scaling_down_removes_only_the_surplus() {
        let round = rollout(&model(false), &[want(1, "a", 0)], &[see(1, "a", 0, true), see(2, "a", 1, true)]);
        assert_eq!((round.apply, round.remove), (vec![id(1)], vec![id(2)]));
    }
}
