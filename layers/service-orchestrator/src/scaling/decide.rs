//! One round of all policies of an application.

use super::{
    alerts::Watches,
    answers::Metrics,
    fleet::{in_group, of_component, of_group},
    readings::Ground,
    wanted,
};
use futures_util::future::join_all;
use hansa_mco::model::MachineState;
use hansa_ontology::{
    MachineId, ProjectId,
    resource_model::scaling::{MetricSource, MicadoLevel, Scaling},
};
use hansa_scaling::{
    Decision, Fleet, Measured, Reading, Readings, Round, ScalingState, decide,
    micado::{self, Answer, Held, Machines, MicadoRound, MicadoState, PolicySet},
    rule::Datum,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What policies remember between rounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Memory {
    /// By component or machine group.
    own: BTreeMap<String, ScalingState>,
    micado: MicadoState,
    /// Since when the expressions of MiCADO's alerts have held.
    alerts: Held,
    /// What is known of the application's own alerts.
    pub(super) watches: Watches,
    /// The machines that the latest change of a group named as those to go.
    dropping: BTreeMap<String, Vec<String>>,
}

impl Memory {
    /// Which machines the changes that were decided name as those to go.
    pub(super) fn drop_named(&mut self, changing: &[Decision]) {
        for decision in changing {
            let surplus = usize::try_from(decision.from.saturating_sub(decision.to)).unwrap_or(0);
            let named: Vec<String> = decision.drop.iter().take(surplus).cloned().collect();
            match named.is_empty() {
                true => drop(self.dropping.remove(&decision.target)),
                false => drop(self.dropping.insert(decision.target.clone(), named)),
            }
        }
    }

    /// The machines that are to go, where one goes.
    pub(super) fn dropped(&self) -> BTreeSet<MachineId> {
        self.dropping.values().flatten().filter_map(|name| name.parse().ok()).collect()
    }

    /// So many of the latest change of a target don't come about after all.
    pub(super) fn take_back(&mut self, target: &str, instances: i64) {
        if let Some(state) = self.own.get_mut(target) {
            state.take_back(instances);
        }
    }
}

impl Ground<'_> {
    /// Asks every policy.
    pub(super) async fn decide(
        &self,
        project: &ProjectId,
        (metrics, set): (&Metrics, &PolicySet),
        memory: &mut Memory,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        let components = self.model.components.iter().filter_map(|(name, it)| Some((name, it.scaling.as_ref()?)));
        for (name, scaling) in components {
            let fleet = of_component(self.model, name, self.workloads);
            let own = |source: &MetricSource| self.of_component(name, source);
            let readings = self.readings(project, metrics, scaling, own).await;
            decisions.push(self.round(name, scaling, (&fleet, &readings), memory));
        }
        let groups = self.model.machines.iter().filter_map(|(name, it)| Some((name, it.scaling.as_ref()?)));
        for (name, scaling) in groups {
            let fleet = of_group(self.model, name, self.plan, self.machines);
            let own = |source: &MetricSource| self.of_group(name, source);
            let readings = self.readings(project, metrics, scaling, own).await;
            decisions.push(self.round(name, scaling, (&fleet, &readings), memory));
        }
        memory.own.retain(|name, _| decisions.iter().any(|decision| decision.target == *name));
        if !self.model.micado.is_empty() {
            decisions.extend(self.micado(project, (metrics, set), memory).await);
        }
        decisions
    }

    fn round(
        &self,
        target: &str,
        scaling: &Scaling,
        (fleet, readings): (&Fleet, &Readings),
        memory: &mut Memory,
    ) -> Decision {
        let state = memory.own.entry(target.to_owned()).or_default();
        decide(scaling, &Round { target, fleet, readings, now: self.now }, state)
    }

    async fn readings(
        &self,
        project: &ProjectId,
        metrics: &Metrics,
        scaling: &Scaling,
        own: impl Fn(&MetricSource) -> Reading,
    ) -> Readings {
        let read = hansa_scaling::sources(scaling).into_iter().map(|source| {
            let of_broker = own(&source);
            async move {
                let reading = match &source {
                    MetricSource::Promql(query) => match metrics.number((self.id, project), query, self.now).await {
                        Ok((value, at)) => Reading::Whole(Measured { value, at }),
                        Err(reason) => Reading::Missing { reason },
                    },
                    _ => of_broker,
                };
                (source.to_string(), reading)
            }
        });
        Readings(join_all(read).await.into_iter().collect())
    }

    async fn micado(
        &self,
        project: &ProjectId,
        (metrics, set): (&Metrics, &PolicySet),
        memory: &mut Memory,
    ) -> Vec<Decision> {
        let of = (self.id, project);
        let answers = set.queries().map(|(name, query)| async move {
            let found = match set.label(name) {
                None => metrics.number(of, query, self.now).await.map(|(value, at)| (Datum::Float(value), at)),
                Some(label) => metrics
                    .labels(of, query, label, self.now)
                    .await
                    .map(|values| (Datum::List(values.into_iter().map(Datum::Text).collect()), self.now)),
            };
            let answer = match found {
                Ok((value, at)) => Answer::Value { value, at },
                Err(reason) => Answer::Missing { reason },
            };
            (name.to_owned(), answer)
        });
        let holding = set
            .alerts()
            .map(|alert| async move { (alert.alert.clone(), metrics.holds(of, &alert.expr, self.now).await) });
        let (answers, holding) = futures_util::join!(join_all(answers), join_all(holding));
        let mut answers: BTreeMap<String, Answer> = answers.into_iter().collect();
        let mut now_holding = BTreeSet::new();
        for (alert, holds) in holding {
            match holds {
                Ok(true) => drop(now_holding.insert(alert)),
                Ok(false) => {}
                Err(reason) => drop(answers.insert(alert, Answer::Missing { reason })),
            }
        }
        let firing = micado::firing(set.alerts(), &now_holding, &mut memory.alerts, self.now);
        let (mut machines, mut containers) = (BTreeMap::new(), BTreeMap::new());
        for name in self.model.machines.keys() {
            machines.insert(name.clone(), self.machines_of(name));
        }
        for (level, name, ..) in set.targets() {
            if level == MicadoLevel::Container {
                containers.insert(name.to_owned(), wanted::asked(self.model, name));
            }
        }
        let (answers, firing) = (&answers, &firing);
        let round = MicadoRound { now: self.now, answers, firing, machines: &machines, containers: &containers };
        set.round(&round, &mut memory.micado)
    }

    fn machines_of(&self, group: &str) -> Machines {
        let ready = in_group(group, self.plan, self.machines)
            .filter(|machine| matches!(machine.state, MachineState::Ready { .. }))
            .map(|machine| machine.id.to_string());
        Machines { wanted: wanted::asked(self.model, group), nodes: ready.collect() }
    }
}
