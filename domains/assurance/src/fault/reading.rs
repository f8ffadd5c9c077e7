//! What each kind of event means for faults.

use super::{FaultKind, Severity};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId};
use hansa_repository::{breach::ToldBreach, event::Event};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Somebody has said that they see to a fault.
pub(crate) const ACKNOWLEDGED: &str = "fault.acknowledged";
/// Somebody has said that a fault is over.
pub(crate) const CLOSED: &str = "fault.closed";

/// The kinds that open or end a fault begin so.
const PREFIXES: [&str; 14] = [
    "workload.",
    "machine.",
    "application.",
    "node.",
    "system.",
    "partner.",
    "order.",
    "sla.",
    "service-level.",
    "budget.",
    "carbon.",
    "alert.",
    ACKNOWLEDGED,
    CLOSED,
];

/// Something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) kind: FaultKind,
    pub(super) thing: String,
    pub(super) also: Vec<String>,
    /// What it is about, where that is not what the event is about.
    pub(super) subject: Option<String>,
    pub(super) rests_on: Vec<String>,
    pub(super) until: Option<DateTime<Utc>>,
    /// How bad it is, where that is not what its kind is.
    pub(super) severity: Option<Severity>,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Something is wrong.
    Opens(Opening),
    /// A thing, or what belongs to it, is well again or gone.
    Ends(FaultKind, String),
    /// As [`Self::Ends`], where that very subject was told of last.
    Gone(FaultKind, String),
    /// Nothing of an application is wanted any more.
    Over(ApplicationId),
    /// Somebody acts.
    Hand(Hand),
}

/// What somebody does with a fault, in the data of the event that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hand {
    /// The fault's number.
    pub(crate) fault: i64,
    /// What they say.
    pub(crate) note: String,
}

/// An instance of a component, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    thing: String,
    name: String,
    subject: String,
    machine: String,
    node: Option<String>,
}

impl Instance {
    /// The node that it was on.
    pub(crate) fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }
}

/// What the log tells of a machine that is lost, before that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Around {
    /// The instances in it.
    pub(crate) instances: Vec<Instance>,
    /// The node that it was on.
    pub(crate) node: Option<String>,
}

/// Whether an event may open or end a fault.
pub(crate) fn matters(event: &Event) -> bool {
    PREFIXES.iter().any(|prefix| event.kind.starts_with(prefix))
}

/// Whether an event tells that a machine is lost.
pub(crate) fn is_loss(event: &Event) -> bool {
    matches!(event.kind.as_str(), "machine.lost" | "machine.rental-interrupted")
}

fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    data.get(field).and_then(Value::as_str)
}

/// The id behind `machine/` and the like.
fn id<'a>(event: &'a Event, what: &str) -> Option<&'a str> {
    event.subject.strip_prefix(what).and_then(|rest| rest.strip_prefix('/'))
}

fn instance(event: &Event) -> Option<Instance> {
    let (application, data) = (event.application?, &event.data);
    let component = text(data, "component")?;
    let name = format!("{component}#{}", data.get("ordinal")?.as_u64()?);
    Some(Instance {
        thing: format!("{}/{name}", components_of(application)),
        name,
        subject: event.subject.clone(),
        machine: format!("machine/{}", text(data, "machine")?),
        node: text(data, "node").map(str::to_owned),
    })
}

fn components_of(application: ApplicationId) -> String {
    format!("application/{application}/component")
}

/// The instances that were in a machine, by the events of its application's workloads,
/// the newest first. Those that failed by themselves before have a fault already.
pub(crate) fn instances(machine: MachineId, newest_first: &[Event]) -> Vec<Instance> {
    let machine = format!("machine/{machine}");
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for event in newest_first {
        let Some(instance) = instance(event) else { continue };
        let last = seen.insert(instance.thing.clone());
        let is_there = !matches!(
            event.kind.as_str(),
            "workload.removed" | "workload.removing" | "workload.completed" | "workload.exited" | "workload.failed"
        );
        if last && is_there && instance.machine == machine {
            found.push(instance);
        }
    }
    found.sort_by(|one, other| one.thing.cmp(&other.thing));
    found
}

/// The node on which a machine was, by events about it, the newest first.
pub(crate) fn node_of(newest_first: &[Event]) -> Option<String> {
    newest_first.iter().find_map(|event| text(&event.data, "node")).map(str::to_owned)
}

/// What a node is, and what it rests on: hosts of a system bear its name before theirs.
fn node_and_below(node: &str) -> Vec<String> {
    let systems = node.match_indices('.').filter_map(|(place, _)| node.get(..place));
    std::iter::once(format!("node/{node}")).chain(systems.map(|system| format!("system/{system}"))).collect()
}

/// When a month is over: `2026-11`.
fn month_end(month: &str) -> Option<DateTime<Utc>> {
    let first = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok()?;
    Some(first.checked_add_months(chrono::Months::new(1))?.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// What an event means; `around` of one that tells that a machine is lost.
pub(super) fn read(event: &Event, around: &Around) -> Vec<Reading> {
    let (group, what) = event.kind.split_once('.').unwrap_or((&event.kind, ""));
    match group {
        "workload" => workload(event, what),
        "machine" => machine(event, what, around),
        "application" => application(event, what),
        "node" => node(event, what),
        "system" => system(event, what),
        "partner" => partner(event, what),
        "order" => order(event, what),
        "sla" if what == "missed" => sla(event),
        "service-level" => service_level(event, what),
        "budget" if what == "exhausted" => monthly(event, FaultKind::BudgetExhausted, "budget"),
        "carbon" if what == "threshold-reached" => monthly(event, FaultKind::CarbonLimitPassed, "limit"),
        "alert" => alert(event, what),
        "fault" if event.kind == ACKNOWLEDGED || event.kind == CLOSED => {
            Hand::deserialize(&event.data).map(Reading::Hand).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn opening(kind: FaultKind, thing: String, rests_on: Vec<String>) -> Opening {
    Opening { kind, thing, also: Vec::new(), subject: None, rests_on, until: None, severity: None }
}

fn failing(instance: Instance) -> Opening {
    let below = instance.node.as_deref().map(node_and_below).unwrap_or_default();
    let rests_on = std::iter::once(instance.machine).chain(below).collect();
    let (also, subject) = (vec![instance.name], Some(instance.subject));
    Opening { also, subject, ..opening(FaultKind::ComponentFailing, instance.thing, rests_on) }
}

fn workload(event: &Event, what: &str) -> Vec<Reading> {
    let Some(instance) = instance(event) else { return Vec::new() };
    match what {
        "failed" | "exited" | "unhealthy" => vec![Reading::Opens(failing(instance))],
        "healthy" | "completed" => vec![Reading::Ends(FaultKind::ComponentFailing, instance.thing)],
        "removed" => vec![Reading::Gone(FaultKind::ComponentFailing, instance.thing)],
        _ => Vec::new(),
    }
}

fn machine(event: &Event, what: &str, around: &Around) -> Vec<Reading> {
    let Some(id) = id(event, "machine") else { return Vec::new() };
    let thing = format!("machine/{id}");
    match what {
        "lost" | "rental-interrupted" => {
            let node = text(&event.data, "node").or(around.node.as_deref());
            let partner = text(&event.data, "partner").map(|partner| format!("partner/{partner}"));
            let rests_on = partner.into_iter().chain(node.map(node_and_below).unwrap_or_default()).collect();
            let machine = Reading::Opens(opening(FaultKind::MachineLost, thing, rests_on));
            let inside = around.instances.iter().cloned().map(|instance| Reading::Opens(failing(instance)));
            std::iter::once(machine).chain(inside).collect()
        }
        "ready" | "rented" => vec![Reading::Ends(FaultKind::MachineLost, thing)],
        // Given back, or given up: nobody waits for it.
        "released" | "rental-ended" => vec![
            Reading::Ends(FaultKind::MachineLost, thing.clone()),
            Reading::Ends(FaultKind::SlaMissed, thing),
            Reading::Ends(FaultKind::OrderFailed, format!("order/{id}")),
        ],
        _ => Vec::new(),
    }
}

fn application(event: &Event, what: &str) -> Vec<Reading> {
    let Some(application) = event.application else { return Vec::new() };
    let thing = format!("application/{application}");
    match what {
        "blocked" | "failed" => {
            let rests_on = vec![components_of(application)];
            vec![Reading::Opens(opening(FaultKind::ApplicationBlocked, thing, rests_on))]
        }
        "running" | "completed" => vec![Reading::Ends(FaultKind::ApplicationBlocked, thing)],
        "removed" => vec![Reading::Over(application)],
        _ => Vec::new(),
    }
}

fn node(event: &Event, what: &str) -> Vec<Reading> {
    let Some(name) = id(event, "node") else { return Vec::new() };
    let thing = format!("node/{name}");
    match what {
        "lost" => {
            let system = text(&event.data, "system").map(|system| format!("system/{system}"));
            vec![Reading::Opens(opening(FaultKind::HostLost, thing, system.into_iter().collect()))]
        }
        "found" | "removed" => vec![Reading::Ends(FaultKind::HostLost, thing)],
        _ => Vec::new(),
    }
}

fn system(event: &Event, what: &str) -> Vec<Reading> {
    let thing = event.subject.clone();
    match what {
        "lost" => vec![Reading::Opens(opening(FaultKind::SystemLost, thing, Vec::new()))],
        "found" | "disconnected" => vec![Reading::Ends(FaultKind::SystemLost, thing)],
        _ => Vec::new(),
    }
}

fn partner(event: &Event, what: &str) -> Vec<Reading> {
    let thing = event.subject.clone();
    match what {
        "unreachable" => {
            // Machines name their partner as people call it.
            let also = text(&event.data, "name").map(|name| format!("partner/{name}")).into_iter().collect();
            vec![Reading::Opens(Opening { also, ..opening(FaultKind::PartnerSilent, thing, Vec::new()) })]
        }
        "heard-again" | "terminated" => vec![Reading::Ends(FaultKind::PartnerSilent, thing)],
        _ => Vec::new(),
    }
}

fn order(event: &Event, what: &str) -> Vec<Reading> {
    let Some(id) = id(event, "order") else { return Vec::new() };
    let partner: Vec<String> = text(&event.data, "partner").map(|name| format!("partner/{name}")).into_iter().collect();
    match what {
        "failed" => vec![Reading::Opens(opening(FaultKind::OrderFailed, format!("order/{id}"), partner))],
        "completed" | "ended" | "forgotten" => vec![Reading::Ends(FaultKind::OrderFailed, format!("order/{id}"))],
        // An order bears the id of its machine.
        "lost" => vec![Reading::Opens(opening(FaultKind::MachineLost, format!("machine/{id}"), partner))],
        _ => Vec::new(),
    }
}

fn sla(event: &Event) -> Vec<Reading> {
    let Ok(Some(told)) = ToldBreach::read(event) else { return Vec::new() };
    let machine = format!("machine/{}", told.breach.machine);
    let thing = format!("{machine}/{}", told.breach.missed.metric.name());
    vec![Reading::Opens(opening(FaultKind::SlaMissed, thing, vec![machine]))]
}

fn service_level(event: &Event, what: &str) -> Vec<Reading> {
    let (Some(application), Some(name)) = (event.application, text(&event.data, "serviceLevel")) else {
        return Vec::new();
    };
    let thing = format!("application/{application}/service-level/{name}");
    match what {
        "missed" => {
            let rests_on = vec![components_of(application)];
            vec![Reading::Opens(opening(FaultKind::ServiceLevelMissed, thing, rests_on))]
        }
        "reported" if event.data.get("reached") == Some(&Value::Bool(true)) => {
            vec![Reading::Ends(FaultKind::ServiceLevelMissed, thing)]
        }
        _ => Vec::new(),
    }
}

/// A rule fires for as long as it does for any labels: `firing` says for how many.
fn alert(event: &Event, what: &str) -> Vec<Reading> {
    let Some(name) = text(&event.data, "alert") else { return Vec::new() };
    let (thing, rests_on) = match (event.application, &event.project) {
        (Some(application), _) => (format!("application/{application}/alert/{name}"), vec![components_of(application)]),
        (None, Some(project)) => (format!("project/{project}/alert/{name}"), Vec::new()),
        (None, None) => (format!("alert/{name}"), Vec::new()),
    };
    let others = event.data.get("firing").and_then(Value::as_u64).unwrap_or(0);
    match what {
        "firing" => {
            let severity = event.data.get("severity").and_then(|severity| Severity::deserialize(severity).ok());
            let opening = opening(FaultKind::AlertFiring, thing, rests_on);
            vec![Reading::Opens(Opening { severity, ..opening })]
        }
        "resolved" if others == 0 => vec![Reading::Ends(FaultKind::AlertFiring, thing)],
        _ => Vec::new(),
    }
}

/// A limit of a month that was passed.
fn monthly(event: &Event, kind: FaultKind, field: &str) -> Vec<Reading> {
    let (Some(name), Some(month)) = (text(&event.data, field), text(&event.data, "month")) else { return Vec::new() };
    let thing = format!("{}/{field}/{name}", event.subject);
    vec![Reading::Opens(Opening { until: month_end(month), ..opening(kind, thing, Vec::new()) })]
}

impl Hand {
    /// What an event tells of who acts and what they say.
    pub(super) fn note(&self, event: &Event) -> super::Note {
        let by: Actor = event.actor.clone();
        super::Note { by, at: event.at, note: self.note.clone() }
    }
}
