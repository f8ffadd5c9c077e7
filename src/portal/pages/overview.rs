//! The first page: what runs, what it costs, what needs attention.

use super::{applications::Outline, plan::monthly};
use crate::portal::{
    Frame, Language, Place,
    parts::{AlsoBy, Empty, Instant, StateMark},
};
use askama::Template;
use hansa_iam::Action;
use hansa_ontology::{Currency, Money};
use hansa_repository::event::Event;
use std::collections::BTreeMap;

/// The first page.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    frame: Frame,
    applications: usize,
    costs: Vec<(String, String)>,
    phases: Vec<PhaseCount>,
    attention: Vec<Attention>,
    more: usize,
    recent: Vec<Recent>,
    empty: Option<Empty>,
    also: AlsoBy,
}

/// How many applications are in a phase.
#[derive(Debug)]
pub(crate) struct PhaseCount {
    name: &'static str,
    state: StateMark,
    count: usize,
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

/// What needs attention that is shown; the rest is in the list.
const ATTENTION: usize = 10;

impl OverviewPage {
    /// Of every application that the visitor may see, the partners that aren't
    /// well, and the latest events.
    pub(crate) fn new(frame: Frame, all: &[Outline], mut attention: Vec<Attention>, recent: Vec<Recent>) -> Self {
        let language = frame.language;
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
        for one in all {
            *counts.entry(one.phase).or_default() += 1;
            if let Some(price) = one.price {
                let sum = sums.entry(price.currency).or_default();
                *sum = sum.saturating_add(price.micros);
            }
        }
        let cost = |(currency, micros)| {
            let hour = Money::new(micros, currency);
            (language.money(hour), language.money_rounded(monthly(hour)))
        };
        attention.extend(all.iter().filter_map(|one| Attention::of(language, one)));
        let more = attention.len().saturating_sub(ATTENTION);
        attention.truncate(ATTENTION);
        let phase = |(name, count)| PhaseCount { name, state: StateMark::of(language, name), count };
        let empty = all.is_empty().then(|| {
            Empty::new(frame.t("overview-empty"), frame.t("overview-empty-text"))
                .action("/applications/new", frame.t("overview-new"))
        });
        let also = AlsoBy::new(&frame)
            .cli(&["app", "list"])
            .cli(&["event", "list"])
            .get("/api/v1/applications")
            .get("/api/v1/events?order=newest");
        Self {
            applications: all.len(),
            costs: sums.into_iter().map(cost).collect(),
            phases: counts.into_iter().map(phase).collect(),
            frame,
            attention,
            more,
            recent,
            empty,
            also,
        }
    }
}

impl Attention {
    /// Of an application that isn't as it should be.
    fn of(language: Language, one: &Outline) -> Option<Self> {
        if !matches!(one.phase, "degraded" | "blocked") {
            return None;
        }
        Some(Self {
            state: StateMark::of(language, one.phase),
            name: one.name.clone(),
            href: format!("/applications/{}", one.id),
            reason: one.reason.clone().unwrap_or_default(),
        })
    }

    /// Of a partner that can't be reached, or with whom things rest.
    pub(crate) fn partner(language: Language, name: &str, state: &str, reason: String) -> Self {
        Self { state: StateMark::of(language, state), name: name.to_owned(), href: "/partners".to_owned(), reason }
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
