//! What the scaling policies of an application want, and why.

use super::Seen;
use crate::portal::{Language, drawing::steps::Steps, parts::Instant};
use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::{Replicas, scaling::MicadoLevel};
use hansa_repository::event::Event;
use hansa_scaling::{Decision, Input, Keeper, Reason, micado::PolicySet, rule::Datum};
use serde::Deserialize as _;

/// How many there are by policies.
#[derive(Debug, Template)]
#[template(path = "parts/app_scaling.html")]
pub(super) struct ScalingPart {
    language: Language,
    targets: Vec<Target>,
}

impl HtmlSafe for ScalingPart {}

/// A component or a machine group that policies scale.
#[derive(Debug)]
struct Target {
    name: String,
    kind: String,
    number: u32,
    bounds: String,
    decided: Option<Decided>,
    chart: Option<Steps>,
    changes: Vec<Change>,
}

/// What was last decided.
#[derive(Debug)]
struct Decided {
    at: Instant,
    wants: String,
    why: String,
    policies: Vec<PolicyRow>,
    kept: Vec<String>,
}

#[derive(Debug)]
struct PolicyRow {
    name: String,
    proposes: String,
    won: bool,
    inputs: Vec<String>,
    formula: String,
}

/// A number that became another.
#[derive(Debug)]
struct Change {
    at: Instant,
    from: u32,
    to: u32,
    why: String,
}

/// One that is read from the event log.
struct Told {
    at: DateTime<Utc>,
    from: u32,
    to: u32,
    why: String,
}

impl ScalingPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let model = &seen.detail.application.model;
        let (set, _) = PolicySet::compile(&model.micado);
        let micado = |level: MicadoLevel, target: &str| {
            let policy = set.targets().find(|(its, name, ..)| *its == level && *name == target);
            policy.map(|(.., min, max)| (min, max))
        };
        let mut targets = Vec::new();
        for (name, component) in &model.components {
            let own = component.scaling.as_ref().map(|scaling| (scaling.min, scaling.max));
            if let Some(bounds) = own.or_else(|| micado(MicadoLevel::Container, name)) {
                targets.push(Target::new(language, seen, ("app-scaling-component", name), component.replicas, bounds));
            }
        }
        for (name, group) in &model.machines {
            let own = group.scaling.as_ref().map(|scaling| (scaling.min, scaling.max));
            if let Some(bounds) = own.or_else(|| micado(MicadoLevel::Machine, name)) {
                targets.push(Target::new(language, seen, ("app-scaling-group", name), group.count, bounds));
            }
        }
        Self { language, targets }
    }
}

impl Target {
    fn new(
        language: Language,
        seen: &Seen,
        (kind, name): (&str, &str),
        number: Replicas,
        (min, max): (u32, u32),
    ) -> Self {
        let decisions = seen.scaling.iter().flat_map(|view| &view.decisions);
        // The newest first, as the log is read.
        let told: Vec<Told> = seen.scaled.iter().filter_map(|event| Told::of(event, name)).collect();
        let steps: Vec<_> = told.iter().rev().map(|it| (it.at, it.to)).collect();
        let title = language.msg("app-scaling-chart").with("name", name).to_string();
        // To the minute: the picture is sent again where it has changed.
        let end = seen.now - chrono::TimeDelta::milliseconds(seen.now.timestamp_millis().rem_euclid(60_000));
        let chart = told.last().and_then(|first| Steps::new(title, first.from, &steps, end));
        let change = |it: Told| Change { at: Instant::minute(language, it.at), from: it.from, to: it.to, why: it.why };
        Self {
            name: name.to_owned(),
            kind: language.t(kind),
            number: number.min(),
            bounds: language.msg("app-scaling-bounds").with("min", min).with("max", max).to_string(),
            decided: decisions
                .filter(|decision| decision.target == name)
                .map(|decision| Decided::new(language, decision))
                .next(),
            chart,
            changes: told.into_iter().map(change).collect(),
        }
    }
}

impl Decided {
    fn new(language: Language, decision: &Decision) -> Self {
        let wants = match decision.changes() {
            true => language.msg("app-scaling-to").with("from", decision.from).with("to", decision.to),
            false => language.msg("app-scaling-stays").with("count", decision.to),
        };
        let kept = decision.suppressed.iter().filter(|kept| kept.by != Keeper::LargerPolicy);
        Self {
            at: Instant::minute(language, decision.at),
            wants: wants.to_string(),
            why: decision.why(),
            policies: decision.because.iter().map(|reason| PolicyRow::new(language, reason)).collect(),
            kept: kept.map(|kept| kept.why.clone()).collect(),
        }
    }
}

impl PolicyRow {
    fn new(language: Language, reason: &Reason) -> Self {
        Self {
            name: reason.policy.clone(),
            proposes: reason.proposes.map_or_else(|| "\u{2013}".to_owned(), |count| count.to_string()),
            won: reason.won,
            inputs: reason.inputs.iter().map(|input| shown(language, input)).collect(),
            formula: reason.formula.clone(),
        }
    }
}

/// `cpu:utilization = 62.5 (1s)`.
fn shown(language: Language, input: &Input) -> String {
    let value = match input.value.number() {
        Some(number) => {
            let plain = format!("{number:.2}");
            let plain = plain.trim_end_matches('0').trim_end_matches('.');
            language.decimal(plain)
        }
        None if input.value == Datum::None => language.t("app-scaling-no-value"),
        None => input.value.to_json().to_string(),
    };
    match input.age.filter(|age| age.0 > 0) {
        Some(age) => {
            let seconds = i64::try_from(age.0 / 1_000_000).unwrap_or(i64::MAX / 1_000_000);
            let age = language.span(chrono::TimeDelta::seconds(seconds));
            language
                .msg("app-scaling-input")
                .with("name", &input.name)
                .with("value", value)
                .with("age", age)
                .to_string()
        }
        None => format!("{} = {value}", input.name),
    }
}

impl Told {
    /// What an event tells of a target's number.
    fn of(event: &Event, target: &str) -> Option<Self> {
        let of = |name: &str| event.data.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
        if event.data.get("target")?.as_str()? != target {
            return None;
        }
        let (from, to, why) = match event.kind.as_str() {
            "scaling.decided" => (of("from")?, of("to")?, Decision::deserialize(&event.data).ok()?.why()),
            "scaling.limited" => (of("wanted")?, of("number")?, event.data.get("reason")?.as_str()?.to_owned()),
            _ => return None,
        };
        Some(Self { at: event.at, from, to, why })
    }
}
