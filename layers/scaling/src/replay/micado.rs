//! MiCADO's policies over a recorded series: queries by their names, and
//! alerts by theirs, which hold while the sample is not 0.

use super::{ReplayOptions, Replayed, Series, moments, world::World};
use crate::{
    micado::{Answer, Machines, MicadoRound, MicadoState, PolicySet},
    rule::Datum,
};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::scaling::MicadoLevel;
use std::collections::{BTreeMap, BTreeSet};

/// The names that a series has to have: those of queries that give a number, then those of
/// alerts. An alert without any sample never holds.
#[must_use]
pub fn micado_names_asked(set: &PolicySet) -> (BTreeSet<String>, BTreeSet<String>) {
    let queries = set.queries().map(|(name, _)| name.to_owned()).filter(|name| set.label(name).is_none()).collect();
    (queries, set.alerts().map(|alert| alert.alert.clone()).collect())
}

/// One target of the policies.
struct Target<'s> {
    level: MicadoLevel,
    name: &'s str,
    world: World,
    replayed: Replayed,
}

/// Runs a series through MiCADO's policies, all of them together: what came of
/// each target, in the order in which they are decided.
#[must_use]
pub fn replay_micado<'s>(
    set: &'s PolicySet,
    series: &Series,
    options: &ReplayOptions,
) -> Vec<(MicadoLevel, &'s str, Replayed)> {
    let mut state = MicadoState::default();
    let mut targets: Vec<Target<'s>> = set
        .targets()
        .map(|(level, name, min, _)| {
            let world = World::new(options.start.unwrap_or(min));
            Target { level, name, world, replayed: Replayed::default() }
        })
        .collect();
    // As they are decided: machines first.
    targets.sort_by_key(|target| target.level);
    for now in moments(series, options.interval) {
        let answers = answers(set, series, now, options);
        let holds = |name: &&String| series.at(name, now, options.stale_after).is_some_and(|it| it.value != 0.0);
        let firing: BTreeSet<String> = set.alerts().map(|alert| &alert.alert).filter(holds).cloned().collect();
        let (mut machines, mut containers) = (BTreeMap::new(), BTreeMap::new());
        for Target { level, name, world, .. } in &targets {
            let fleet = world.fleet(now, options.ready_after);
            if *level == MicadoLevel::Container {
                containers.insert((*name).to_owned(), fleet.wanted);
                continue;
            }
            let nodes = fleet.instances.iter().filter(|it| it.ready).map(|it| format!("{name}-{}", it.id)).collect();
            machines.insert((*name).to_owned(), Machines { wanted: fleet.wanted, nodes });
        }
        let round =
            MicadoRound { now, answers: &answers, firing: &firing, machines: &machines, containers: &containers };
        for (decision, target) in set.round(&round, &mut state).into_iter().zip(&mut targets) {
            target.replayed.add(decision, &mut target.world, series, options);
        }
    }
    targets.into_iter().map(|target| (target.level, target.name, target.replayed)).collect()
}

/// What the queries gave.
fn answers(set: &PolicySet, series: &Series, now: DateTime<Utc>, options: &ReplayOptions) -> BTreeMap<String, Answer> {
    let answer = |(name, _): (&str, &str)| {
        let answer = match series.at(name, now, options.stale_after) {
            Some(measured) => Answer::Value { value: Datum::Float(measured.value), at: measured.at },
            None if set.label(name).is_some() => {
                Answer::Missing { reason: "a recorded series has numbers, and no labels".to_owned() }
            }
            None => Answer::Missing { reason: "the series has no sample here".to_owned() },
        };
        (name.to_owned(), answer)
    };
    set.queries().map(answer).collect()
}
