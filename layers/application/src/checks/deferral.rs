//! Jobs that may wait: they are jobs, there is time for them, and nothing else
//! decides how many there are.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::{
        Component, CountRule, Deferral, EverywhereRule, Moment, RatioRule, Replicas, Rule, scaling::MicadoLevel,
    },
};

impl Checker<'_> {
    pub(super) fn deferrals(&mut self) {
        let draft = self.draft;
        for (name, part) in &draft.components {
            let Some(component) = &part.component else { continue };
            let Some(deferral) = &component.defer else { continue };
            let pointer = field(&part.pointer, "defer");
            self.job(&pointer, name, component);
            self.times(&pointer, deferral);
            if deferral.interruptible {
                let why = "is true, and the broker stops no job to go on with it later";
                self.deferral_fault(&pointer, "interruptible", why, "leave it out; several shorter jobs may wait each");
            }
        }
    }

    fn job(&mut self, pointer: &str, name: &str, component: &Component) {
        let scaled = component.scaling.is_some()
            || self.draft.micado.iter().flatten().any(|it| it.level == MicadoLevel::Container && it.target == name);
        let tied = self.draft.rules.iter().find(|rule| counts(&rule.value, name));
        let (why, advice) = if component.run.is_service() {
            ("only a job can wait", "write `run: once` beside it".to_owned())
        } else if scaled {
            ("a policy decides how many there are", "leave one of the two out".to_owned())
        } else if matches!(component.replicas, Replicas::Range { .. }) {
            ("its `replicas` are a range", "state a number".to_owned())
        } else if let Some(rule) = tied {
            (
                "a rule counts it, and while it waits there is none",
                format!("take it out of {}", self.subject(&rule.pointer)),
            )
        } else {
            return;
        };
        let message = format!("{} can't be: {why}", self.subject(pointer));
        self.faults.push(Finding::key(pointer, Code::Contradiction, message).hint(advice));
    }

    fn times(&mut self, pointer: &str, deferral: &Deferral) {
        if deferral.duration == TimeSpan(0) {
            self.deferral_fault(pointer, "duration", "must be more than 0", "such as 2h");
        }
        // Of a span and a time only the submission tells how far they are apart.
        let room = match (deferral.earliest, deferral.deadline) {
            (None, Moment::After(deadline)) => Some(i128::from(deadline.0)),
            (Some(Moment::After(earliest)), Moment::After(deadline)) => {
                Some(i128::from(deadline.0) - i128::from(earliest.0))
            }
            (Some(Moment::At(earliest)), Moment::At(deadline)) => {
                (deadline - earliest).num_microseconds().map(i128::from)
            }
            _ => None,
        };
        let needed = i128::from(deferral.duration.0) + i128::from(deferral.margin.0);
        if room.is_some_and(|room| room < needed) {
            let why = format!("leaves no time for {} and a margin of {}", deferral.duration, deferral.margin);
            self.deferral_fault(pointer, "deadline", &why, "set it later, or the margin smaller");
        }
    }

    fn deferral_fault(&mut self, pointer: &str, name: &str, why: &str, advice: &str) {
        let pointer = field(pointer, name);
        let message = format!("{} {why}", self.subject(&pointer));
        self.faults.push(Finding::value(pointer, Code::InvalidDeferral, message).hint(advice));
    }
}

/// Whether a rule asks for instances of a component, or gives way to them.
fn counts(rule: &Rule, name: &str) -> bool {
    match rule {
        Rule::OneOf(names) | Rule::Count(CountRule { of: names, .. }) => names.iter().any(|one| one == name),
        Rule::Ratio(RatioRule { consumer, provider, .. }) => consumer == name || provider == name,
        Rule::Everywhere(EverywhereRule { component, .. }) => component == name,
        Rule::Together(_) | Rule::Apart(_) | Rule::Alone(_) | Rule::Conflict(_) | Rule::Spread(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    /// The faults of a model with this job, each as its place and text.
    fn faults(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut model = json!({
            "hansa": 1, "name": "night",
            "components": {
                "report": {
                    "package": { "process": { "command": ["report"] } }, "run": "once",
                    "defer": { "deadline": "24h", "duration": "2h" }
                },
                "web": { "package": { "process": { "command": ["web"] } } }
            }
        });
        change(&mut model);
        let verdict = crate::checks::check(&model, &[]);
        verdict.faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect()
    }

    #[test]
    fn a_job_may_wait_where_there_is_time() {
        assert_eq!(faults(|_| ()), Vec::<String>::new());
        for (field, value, said) in [
            ("run", json!("service"), "only a job can wait"),
            ("replicas", json!({ "min": 1, "max": 2 }), "are a range"),
            (
                "scaling",
                json!({ "min": 1, "max": 2, "policies": [{ "schedule": {
                "start": "0 8 * * *", "duration": "1h", "timeZone": "UTC", "instances": 2 } }] }),
                "a policy decides",
            ),
            ("defer", json!({ "deadline": "2h", "duration": "2h" }), "leaves no time for 2h and a margin of 10m"),
            ("defer", json!({ "deadline": "2h", "duration": "0s" }), "must be more than 0"),
            ("defer", json!({ "deadline": "4h", "earliest": "3h", "duration": "2h" }), "leaves no time"),
            ("defer", json!({ "deadline": "9h", "duration": "2h", "interruptible": true }), "stops no job"),
        ] {
            let found = faults(|model| model["components"]["report"][field] = value);
            assert!(found.iter().any(|fault| fault.contains(said)), "{said}: {found:?}");
        }
        let counted = |model: &mut Value| model["rules"] = json!([{ "count": { "of": ["report", "web"], "min": 2 } }]);
        assert!(faults(counted)[0].contains("a rule counts it"));
        let apart = |model: &mut Value| model["rules"] = json!([{ "apart": ["report", "web"] }]);
        assert_eq!(faults(apart), Vec::<String>::new());
    }
}
