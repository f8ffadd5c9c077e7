//! MiCADO's policies over a recorded series: queries by their names, and
//! alerts by theirs, which hold while the sample is not 0.

use super::{ReplayOptions, Series, moments, world::World};
use crate::{
    decision::Decision,
    micado::{Answer, Level, Machines, MicadoRound, MicadoState, PolicySet},
    rule::Datum,
};
use std::collections::{BTreeMap, BTreeSet};

/// Runs a series through MiCADO's policies: the decisions of each round, in order.
#[must_use]
pub fn replay_micado(set: &PolicySet, series: &Series, options: &ReplayOptions) -> Vec<Decision> {
    let mut state = MicadoState::default();
    let mut worlds: BTreeMap<(Level, String), World> = set
        .targets()
        .map(|(level, target, min)| ((level, target.to_owned()), World::new(options.start.unwrap_or(min))))
        .collect();
    let mut decisions = Vec::new();
    for now in moments(series, options.interval) {
        let answer = |(name, _): (&str, &str)| {
            let answer = match series.at(name, now, options.stale_after) {
                Some(measured) => Answer::Value { value: Datum::Float(measured.value), at: measured.at },
                None => Answer::Missing { reason: "the series has no sample here".to_owned() },
            };
            (name.to_owned(), answer)
        };
        let answers = set.queries().map(answer).collect();
        let holds = |name: &&String| series.at(name, now, options.stale_after).is_some_and(|it| it.value != 0.0);
        let firing: BTreeSet<String> = set.alerts().map(|alert| &alert.alert).filter(holds).cloned().collect();
        let (mut machines, mut containers) = (BTreeMap::new(), BTreeMap::new());
        for ((level, target), world) in &worlds {
            let fleet = world.fleet(now, options.ready_after);
            if *level == Level::Container {
                containers.insert(target.clone(), fleet.wanted);
                continue;
            }
            let nodes = fleet.instances.iter().filter(|it| it.ready).map(|it| format!("{target}-{}", it.id)).collect();
            machines.insert(target.clone(), Machines { wanted: fleet.wanted, nodes });
        }
        let round =
            MicadoRound { now, answers: &answers, firing: &firing, machines: &machines, containers: &containers };
        for decision in set.round(&round, &mut state) {
            for level in [Level::Machine, Level::Container] {
                if let Some(world) = worlds.get_mut(&(level, decision.target.clone())) {
                    world.scale(decision.to, now);
                }
            }
            decisions.push(decision);
        }
    }
    decisions
}
