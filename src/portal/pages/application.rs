//! An application: how it stands now, live; its plan and its revisions; and
//! what can be done with it.

mod cost;
mod jobs;
mod levels;
mod picture;
mod scaling;
mod tables;
pub(crate) mod update;

pub(crate) use jobs::all_wait;
pub(crate) use tables::LogLine;

use super::{names::Names, plan::PlanView};
use crate::portal::{
    Frame, Language, Place,
    parts::{AlsoBy, Field, FieldKind, Instant, StateMark},
};
use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};
use hansa_iam::Action;
use hansa_ontology::resource_model::Replicas;
use hansa_repository::{event::Event, operation::Operation};
use hansa_service_orchestrator::{ApplicationDetail, DesiredState, Phase, ScalingView, ServiceLevelView};
use jobs::JobsPart;
use levels::LevelsPart;
use picture::Picture;
use scaling::ScalingPart;
use tables::{EventsPart, LogsPart, MachinesPart, WorkloadsPart};
use update::UpdatePart;

/// A revision of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RevisionSeen {
    /// Its number, from 1.
    pub number: i64,
    /// Who made it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether everything of it ran once.
    pub ran: bool,
    /// The earlier revision whose model it took over.
    pub restores: Option<i64>,
    /// The fields of the model that it changed, as JSON Pointers.
    pub changed: Vec<String>,
}

/// Changed fields of a revision that are named.
const MOST_CHANGED: usize = 6;

/// Everything that the page is made of.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The application with plan, machines and workloads.
    pub detail: ApplicationDetail,
    /// The operation that last changed what is wanted.
    pub operation: Option<Operation>,
    /// The latest events, the newest first.
    pub events: Vec<Event>,
    /// What its scaling policies last decided.
    pub scaling: Option<ScalingView>,
    /// The latest events about numbers that policies changed, the newest first.
    pub scaled: Vec<Event>,
    /// How its service levels stand.
    pub levels: Vec<ServiceLevelView>,
    /// The latest lines of output, the oldest first.
    pub logs: Vec<LogLine>,
    /// What people call sites and providers.
    pub names: Names,
    /// Whether the visitor may change it.
    pub may_change: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The parts that change while one looks: each has an id, and takes the place
/// of the one before it.
#[derive(Debug)]
pub(crate) struct Live {
    state: StatePart,
    update: UpdatePart,
    jobs: JobsPart,
    cost: cost::CostPart,
    picture: Picture,
    workloads: WorkloadsPart,
    levels: LevelsPart,
    scaling: ScalingPart,
    machines: MachinesPart,
    events: EventsPart,
    logs: LogsPart,
}

impl Live {
    /// Of what is seen.
    pub(crate) fn new(language: Language, seen: &Seen) -> Self {
        Self {
            state: StatePart::new(language, seen),
            update: UpdatePart::new(language, seen),
            jobs: JobsPart::new(language, seen),
            cost: cost::CostPart::new(language, seen),
            picture: Picture::new(language, seen),
            workloads: WorkloadsPart::new(language, seen),
            levels: LevelsPart::new(language, seen),
            scaling: ScalingPart::new(language, seen),
            machines: MachinesPart::new(language, seen),
            events: EventsPart::new(language, seen),
            logs: LogsPart::new(language, &seen.logs),
        }
    }

    /// Id and HTML of each part.
    pub(crate) fn fragments(&self) -> [(&'static str, String); 11] {
        [
            ("app-state", self.state.to_string()),
            ("app-update", self.update.to_string()),
            ("app-jobs", self.jobs.to_string()),
            ("app-cost", self.cost.to_string()),
            ("app-picture", self.picture.to_string()),
            ("app-workloads", self.workloads.to_string()),
            ("app-levels", self.levels.to_string()),
            ("app-scaling", self.scaling.to_string()),
            ("app-machines", self.machines.to_string()),
            ("app-events", self.events.to_string()),
            ("app-logs", self.logs.to_string()),
        ]
    }
}

/// Where the application stands, and how far the last change is.
#[derive(Debug, Template)]
#[template(path = "parts/app_state.html")]
struct StatePart {
    language: Language,
    state: StateMark,
    reason: Option<String>,
    progress: Option<(u32, u32, String)>,
    failure: Option<String>,
}

impl HtmlSafe for StatePart {}

impl StatePart {
    fn new(language: Language, seen: &Seen) -> Self {
        use hansa_repository::operation::OperationState;
        let application = &seen.detail.application;
        let (progress, failure) = match seen.operation.as_ref() {
            Some(operation) => match &operation.state {
                OperationState::Running => {
                    let progress = &operation.progress;
                    (Some((progress.done, progress.total, progress.message.clone())), None)
                }
                OperationState::Failed { error } => (None, Some(error.clone())),
                OperationState::Succeeded { .. } => (None, None),
            },
            None => (None, None),
        };
        Self {
            language,
            state: StateMark::of(
                language,
                match &application.phase {
                    Phase::Running if all_wait(&application.model, &seen.detail.deferred) => "waiting",
                    phase => phase.name(),
                },
            ),
            reason: application.phase.reason().map(str::to_owned),
            progress,
            failure,
        }
    }
}

/// An application.
#[derive(Debug, Template)]
#[template(path = "application.html")]
pub(crate) struct ApplicationPage {
    frame: Frame,
    id: String,
    name: String,
    description: Option<String>,
    project: String,
    revision: i64,
    version: i64,
    since: Instant,
    living: bool,
    live: Live,
    replicas: Vec<Field>,
    plan: Option<(i64, PlanView)>,
    revisions: Vec<RevisionRow>,
    also: AlsoBy,
}

#[derive(Debug)]
struct RevisionRow {
    number: i64,
    actor: String,
    at: Instant,
    what: String,
}

impl RevisionRow {
    fn new(language: Language, one: &RevisionSeen) -> Self {
        let mut what: Vec<String> = one.changed.iter().take(MOST_CHANGED).cloned().collect();
        if one.changed.len() > MOST_CHANGED {
            what.push(language.msg("app-more").with("count", one.changed.len() - MOST_CHANGED).to_string());
        }
        if !one.ran {
            what.insert(0, language.t("app-never-ran"));
        }
        if let Some(number) = one.restores {
            what.insert(0, language.msg("app-restores").with("revision", number).to_string());
        }
        Self {
            number: one.number,
            actor: one.actor.clone(),
            at: Instant::minute(language, one.at),
            what: what.join(", "),
        }
    }
}

impl ApplicationPage {
    /// Of what is seen.
    pub(crate) fn new(frame: Frame, seen: &Seen, project: String, revisions: &[RevisionSeen]) -> Self {
        let language = frame.language;
        let application = &seen.detail.application;
        let name = application.name.clone();
        let living = application.desired == DesiredState::Running && application.phase != Phase::Removed;
        let plan = seen.detail.plan.as_ref();
        Self {
            id: application.id.to_string(),
            description: application.model.description.clone(),
            project,
            revision: application.revision,
            version: application.version,
            since: Instant::minute(language, application.created_at),
            living,
            live: Live::new(language, seen),
            replicas: application
                .model
                .components
                .iter()
                .map(|(name, one)| replicas(language, name, one.replicas))
                .collect(),
            plan: plan.map(|(revision, plan)| (*revision, PlanView::new(language, &seen.names, plan))),
            revisions: revisions.iter().map(|one| RevisionRow::new(language, one)).collect(),
            also: also(&frame, &name),
            name,
            frame,
        }
    }
}

fn replicas(language: Language, component: &str, now: Replicas) -> Field {
    let hint = match now {
        Replicas::Fixed(_) => None,
        Replicas::Range { min, max } => Some(match max {
            Some(max) => language.msg("app-range").with("min", min).with("max", max).to_string(),
            None => language.msg("app-range-open").with("min", min).to_string(),
        }),
    };
    let value = match now {
        Replicas::Fixed(count) => count.to_string(),
        Replicas::Range { .. } => String::new(),
    };
    let field = Field::new(&format!("replicas-{component}"), component, FieldKind::Line("number")).value(value);
    match hint {
        Some(hint) => field.hint(hint),
        None => field,
    }
}

fn also(frame: &Frame, name: &str) -> AlsoBy {
    let path = format!("/api/v1/applications/{name}");
    AlsoBy::new(frame)
        .cli(&["app", "show", name])
        .cli(&["app", "watch", name])
        .cli(&["app", "logs", name, "--follow"])
        .cli(&["app", "scale", name, "COMPONENT=2", "--dry-run"])
        .cli(&["app", "service-levels", name])
        .cli(&["app", "scaling", name])
        .cli(&["app", "revisions", name])
        .cli(&["app", "rollback", name, "--dry-run"])
        .cli(&["app", "move", name, "COMPONENT#0", "--dry-run"])
        .cli(&["app", "consolidate", name, "--dry-run"])
        .get(&path)
        .get(&format!("{path}/plan"))
        .get(&format!("{path}/service-levels"))
        .get(&format!("{path}/scaling"))
        .get(&format!("{path}/revisions"))
        .get(&format!("{path}/events?order=newest"))
        .get(&format!("{path}/logs?follow=true"))
        .request("PATCH", &path, Some(("application/json", "{\"replicas\": {\"COMPONENT\": 2}}")), &[])
}
