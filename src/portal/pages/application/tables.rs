//! The tables of an application: instances, machines, events, output.

use super::Seen;
use crate::portal::{
    Language,
    parts::{Instant, StateMark, Tone},
};
use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};
use hansa_mco::model::{Machine, MachineState, Place, Workload};

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// Which instance: `web#0`.
    pub origin: String,
    /// The line.
    pub text: String,
}

/// The instances.
#[derive(Debug, Template)]
#[template(path = "parts/app_workloads.html")]
pub(super) struct WorkloadsPart {
    language: Language,
    rows: Vec<WorkloadRow>,
}

#[derive(Debug)]
struct WorkloadRow {
    name: String,
    state: StateMark,
    reason: Option<String>,
    place: String,
    machine: String,
    endpoints: Vec<(String, String, bool)>,
    restarts: u32,
    changed: Instant,
}

/// The machines.
#[derive(Debug, Template)]
#[template(path = "parts/app_machines.html")]
pub(super) struct MachinesPart {
    language: Language,
    rows: Vec<MachineRow>,
}

#[derive(Debug)]
struct MachineRow {
    id: String,
    title: String,
    kind: String,
    state: StateMark,
    site: String,
    provider: String,
    by: String,
    price: String,
    since: Instant,
}

/// What happened.
#[derive(Debug, Template)]
#[template(path = "parts/app_events.html")]
pub(super) struct EventsPart {
    language: Language,
    rows: Vec<(Instant, String, String)>,
}

/// What the instances print.
#[derive(Debug, Template)]
#[template(path = "parts/app_logs.html")]
pub(super) struct LogsPart {
    language: Language,
    rows: Vec<LogLine>,
}

impl HtmlSafe for WorkloadsPart {}
impl HtmlSafe for MachinesPart {}
impl HtmlSafe for EventsPart {}
impl HtmlSafe for LogsPart {}

impl WorkloadsPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        Self { language, rows: seen.detail.workloads.iter().map(|one| WorkloadRow::new(language, seen, one)).collect() }
    }
}

impl WorkloadRow {
    fn new(language: Language, seen: &Seen, one: &Workload) -> Self {
        let machine = seen.detail.machines.iter().find(|machine| machine.id == one.machine);
        let lost = machine.is_some_and(|machine| machine.state == MachineState::Lost);
        let shown = one.endpoints.iter();
        Self {
            name: named(language, one),
            state: if lost {
                StateMark::new(Tone::Bad, language.t("app-partner-lost"))
            } else {
                StateMark::of(language, one.state.name())
            },
            reason: one.state.reason().map(str::to_owned),
            place: place(seen, one),
            machine: machine.map(|machine| machine.terms.title.clone()).unwrap_or_default(),
            endpoints: shown
                .map(|(port, at)| (port.clone(), at.socket().to_string(), at.public && one.is_here()))
                .collect(),
            restarts: one.restarts,
            changed: Instant::ago(language, one.changed_at, seen.now),
        }
    }
}

/// `web#0`; what nobody is led to is said to stand beside.
fn named(language: Language, one: &Workload) -> String {
    let instance = format!("{}#{}", one.component, one.ordinal);
    if one.beside { language.msg("app-beside").with("instance", instance).to_string() } else { instance }
}

fn place(seen: &Seen, one: &Workload) -> String {
    let site = seen.names.site(&one.site);
    match &one.place {
        Place::Node(facts) => format!("{site} \u{b7} {}", facts.node),
        Place::Partner { name } => format!("{site} \u{b7} {name}"),
    }
}

impl MachinesPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        Self { language, rows: seen.detail.machines.iter().map(|one| MachineRow::new(language, seen, one)).collect() }
    }
}

impl MachineRow {
    fn new(language: Language, seen: &Seen, one: &Machine) -> Self {
        let (state, node) = match &one.state {
            MachineState::Held { .. } => ("held", None),
            MachineState::Ordered => ("ordered", None),
            MachineState::Ready { node } => ("ready", node.clone()),
            MachineState::Lost => ("lost", None),
            MachineState::Releasing => ("releasing", None),
        };
        Self {
            id: one.id.to_string(),
            title: one.terms.title.clone(),
            kind: one.terms.kind.to_string(),
            state: StateMark::of(language, state),
            site: seen.names.site(&one.terms.site),
            provider: seen.names.provider(&one.terms.provider),
            by: one.partner.clone().or(node).unwrap_or_default(),
            price: language.money(one.price_per_hour),
            since: Instant::minute(language, one.created_at),
        }
    }
}

impl EventsPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let row = |event: &hansa_repository::event::Event| {
            (Instant::minute(language, event.at), event.actor.to_string(), event.message.clone())
        };
        Self { language, rows: seen.events.iter().map(row).collect() }
    }
}

impl LogsPart {
    pub(super) fn new(language: Language, lines: &[LogLine]) -> Self {
        Self { language, rows: lines.to_vec() }
    }
}
