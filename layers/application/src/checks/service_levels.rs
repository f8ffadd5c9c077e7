//! Service levels: they can be measured, and be reached or missed.

use super::{Checker, draft::Sound};
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_assurance::{Query, QueryError};
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::{QueryLevel, RunPolicy, ServiceLevel},
};
use rust_decimal::Decimal;

/// The longest time that one try may take.
const LONGEST_TRY: TimeSpan = TimeSpan::from_millis(10_000);
const MOST_OFTEN: TimeSpan = TimeSpan::from_millis(1_000);
const LEAST_OFTEN: TimeSpan = TimeSpan::from_millis(3_600_000);

impl Checker<'_> {
    pub(super) fn service_levels(&mut self) {
        let draft = self.draft;
        for Sound { pointer, value: level } in &draft.service_levels {
            let pointer = field(pointer, level.kind());
            if level.target() <= Decimal::ZERO || level.target() > Decimal::ONE_HUNDRED {
                self.level_fault(&pointer, "target", "must be more than 0 and at most 100 percent", "such as 99.9");
            }
            if !(MOST_OFTEN..=LEAST_OFTEN).contains(&level.every()) {
                self.level_fault(&pointer, "every", "must be from 1s to 1h", "such as 10s");
            }
            match level {
                ServiceLevel::Latency(latency) if latency.below.0 == 0 || latency.below > LONGEST_TRY => {
                    self.level_fault(&pointer, "below", "must be more than 0 and at most 10s", "such as 250ms");
                }
                ServiceLevel::Query(query) => self.query(&pointer, query),
                _ => {}
            }
            self.tried(&pointer, level);
        }
    }

    /// What is tried is there, stays there, and can be tried.
    fn tried(&mut self, pointer: &str, level: &ServiceLevel) {
        let draft = self.draft;
        let Some((name, stated)) = level.probed() else { return };
        let at = field(pointer, "component");
        if !self.component_exists(&at, name) {
            return;
        }
        let Some(component) = draft.components.get(name).and_then(|part| part.component.as_ref()) else { return };
        if component.run == RunPolicy::Once {
            let why = format!("names `{name}`, which is done when it has ended");
            self.level_fault(pointer, "component", &why, "name a component that keeps running");
        } else if let Some(probe) = stated {
            self.probed(&field(pointer, "probe"), name, component, probe);
        } else if level.probe(component).is_none() {
            let why = format!("names `{name}`, which has neither a health check nor a TCP port to try");
            self.level_fault(pointer, "component", &why, &format!("add a port under `components.{name}.ports`"));
        }
    }

    fn query(&mut self, pointer: &str, level: &QueryLevel) {
        match (level.at_least, level.at_most) {
            (None, None) => {
                let message = format!("{} needs a bound", self.subject(pointer));
                let finding = Finding::key(pointer, Code::MissingField, message);
                self.faults.push(finding.hint("state `atLeast`, `atMost`, or both"));
            }
            (Some(least), Some(most)) if least > most => {
                let message = format!("{} asks for at least {least} and at most {most}", self.subject(pointer));
                let finding = Finding::key(pointer, Code::EmptyRange, message);
                self.faults.push(finding.hint("`atLeast` must not be above `atMost`"));
            }
            _ => {}
        }
        // What this broker can't compute a Prometheus may.
        if let Err(error @ (QueryError::Syntax(_) | QueryError::Kind(_))) = Query::parse(&level.promql) {
            self.level_fault(pointer, "promql", &format!("can't be asked: {error}"), "such as sum(rate(x_total[1m]))");
        }
    }

    fn level_fault(&mut self, pointer: &str, name: &str, why: &str, advice: &str) {
        let pointer = field(pointer, name);
        let message = format!("{} {why}", self.subject(&pointer));
        self.faults.push(Finding::value(pointer, Code::InvalidServiceLevel, message).hint(advice));
    }
}
