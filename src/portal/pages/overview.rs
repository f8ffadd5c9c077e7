//! The first page: what runs, what it costs, what needs attention.

use crate::portal::{
    Frame, Language, Place,
    parts::{AlsoBy, Empty, Instant, StateMark},
};
use askama::Template;
use hansa_repository::event::Event;
use hansa_service_orchestrator::{Application, Phase};
use std::collections::BTreeMap;

/// The first page.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    frame: Frame,
    applications: u64,
    phases: Vec<PhaseCount>,
    attention: Vec<Attention>,
    recent: Vec<Recent>,
    empty: Option<Empty>,
    also: AlsoBy,
}

/// How many applications are in a phase.
#[derive(Debug)]
pub(crate) struct PhaseCount {
    name: &'static str,
    state: StateMark,
    count: u64,
}

/// Something that a person should look at.
#[derive(Debug)]
pub(crate) struct Attention {
    state: StateMark,
    name: String,
    href: String,
    reason: String,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Recent {
    at: Instant,
    message: String,
    actor: String,
    href: Option<String>,
}

impl OverviewPage {
    /// Of what the services say.
    pub(crate) fn new(
        frame: Frame,
        counts: &BTreeMap<&'static str, u64>,
        attention: Vec<Attention>,
        recent: Vec<Recent>,
    ) -> Self {
        let language = frame.language;
        let phases = counts
            .iter()
            .map(|(name, count)| PhaseCount { name, state: StateMark::of(language, name), count: *count })
            .collect();
        let applications = counts.values().sum();
        let empty = (applications == 0).then(|| {
            Empty::new(frame.t("overview-empty"), frame.t("overview-empty-text"))
                .action("/applications/new", frame.t("overview-new"))
        });
        let also = AlsoBy::new(&frame)
            .cli(&["app", "list"])
            .cli(&["event", "list"])
            .get("/api/v1/applications")
            .get("/api/v1/events?order=newest");
        Self { frame, applications, phases, attention, recent, empty, also }
    }
}

impl Attention {
    /// Of an application that isn't as it should be.
    pub(crate) fn of(language: Language, application: &Application) -> Option<Self> {
        let reason = match &application.phase {
            Phase::Degraded(reason) | Phase::Blocked(reason) => reason.clone(),
            _ => return None,
        };
        Some(Self {
            state: StateMark::of(language, application.phase.name()),
            name: application.name.clone(),
            href: format!("/applications/{}", application.id),
            reason,
        })
    }
}

impl Recent {
    /// Of an event.
    pub(crate) fn of(frame: &Frame, event: Event) -> Self {
        Self {
            at: Instant::ago(frame.language, event.at, frame.now),
            message: event.message,
            actor: event.actor.to_string(),
            href: event.application.map(|id| format!("/applications/{id}")),
        }
    }
}
