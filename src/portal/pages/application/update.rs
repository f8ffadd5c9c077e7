//! How a blue-green update stands, and what stands beside what callers are led to.

use super::Seen;
use crate::portal::{
    Language,
    parts::{Instant, StateMark, Tone},
    sheet::{Cell, Column, Facts, Row, Table},
};
use askama::{Template, filters::HtmlSafe};
use hansa_service_orchestrator::{ApplicationDetail, BlueGreen, UpdateStage};

/// The update, where one is under way or was abandoned.
#[derive(Debug, Template)]
#[template(path = "parts/app_update.html")]
pub(super) struct UpdatePart {
    language: Language,
    shown: Option<Shown>,
}

impl HtmlSafe for UpdatePart {}

#[derive(Debug)]
struct Shown {
    state: (StateMark, String),
    facts: Facts,
    beside: Option<Table>,
    /// Where callers are led to the new, by who may.
    promote: Option<String>,
}

impl UpdatePart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let application = &seen.detail.application;
        let shown = seen.detail.update.as_ref().map(|update| Shown {
            state: state(language, update),
            facts: facts(language, &seen.detail, update),
            beside: beside(language, seen),
            promote: (seen.may_change && waits(update)).then(|| format!("/applications/{}/promote", application.id)),
        });
        Self { language, shown }
    }
}

/// Whether a person is to say when callers are led to the new.
pub(crate) const fn waits(update: &BlueGreen) -> bool {
    matches!(update.stage, UpdateStage::Ready { promoted: None, .. })
}

/// How far it is, in a word and in a sentence.
fn state(language: Language, update: &BlueGreen) -> (StateMark, String) {
    let (tone, word, sentence) = match &update.stage {
        UpdateStage::Starting => (Tone::Busy, "app-update-starting", "app-update-starting-text"),
        UpdateStage::Ready { promoted: None, .. } => (Tone::Busy, "app-update-ready", "app-update-ready-text"),
        UpdateStage::Ready { .. } => (Tone::Busy, "app-update-promoted", "app-update-promoted-text"),
        UpdateStage::Switched { .. } => (Tone::Good, "app-update-switched", "app-update-switched-text"),
        UpdateStage::Returned { .. } => (Tone::Warn, "app-update-returned", "app-update-returned-text"),
        UpdateStage::Abandoned { .. } => (Tone::Bad, "app-update-abandoned", "app-update-abandoned-text"),
    };
    (StateMark::new(tone, language.t(word)), language.t(sentence))
}

/// What is known of an update.
pub(crate) fn facts(language: Language, detail: &ApplicationDetail, update: &BlueGreen) -> Facts {
    let time = |at| Cell::Time(Instant::minute(language, at));
    let until = update.until(&detail.application.model.update);
    let (until, end) = match &update.stage {
        UpdateStage::Switched { .. } | UpdateStage::Returned { .. } => (until, "app-update-kept"),
        _ => (until, "app-update-deadline"),
    };
    let (promoted, reason) = match &update.stage {
        UpdateStage::Ready { promoted, .. } => (*promoted, None),
        UpdateStage::Abandoned { reason, .. } => (None, Some(reason.clone())),
        _ => (None, None),
    };
    let revisions = language.msg("app-update-of").with("revision", update.revision).with("from", update.from);
    Facts::new()
        .with(language.t("app-update-revisions"), Cell::Text(revisions.to_string()))
        .with(language.t("app-update-begun"), time(update.begun_at))
        .maybe(language.t("app-update-promoted-at"), promoted.map(time))
        .maybe(language.t(end), until.map(time))
        .maybe(language.t("app-update-why"), reason.map(Cell::English))
}

/// The instances that stand beside what callers are led to.
pub(crate) fn beside(language: Language, seen: &Seen) -> Option<Table> {
    let columns = ["app-instance", "applications-state", "plan-place", "plan-machine"];
    let columns = columns.map(|key| Column::new(language.t(key)));
    let rows: Vec<Row> = seen
        .detail
        .workloads
        .iter()
        .filter(|one| one.beside)
        .map(|one| {
            let machine = seen.detail.machines.iter().find(|machine| machine.id == one.machine);
            Row::new([
                Cell::text(format!("{}#{}", one.component, one.ordinal)),
                Cell::State(StateMark::of(language, one.state.name())),
                Cell::text(seen.names.site(&one.site)),
                Cell::text(machine.map(|machine| machine.terms.title.clone()).unwrap_or_default()),
            ])
        })
        .collect();
    (!rows.is_empty()).then(|| Table::new(language.t("app-update-beside"), columns).rows(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn it_is_offered_while_it_waits_and_never_else() {
        let at = DateTime::UNIX_EPOCH;
        let of = |stage| BlueGreen { revision: 2, from: 1, begun_at: at, stage };
        assert!(waits(&of(UpdateStage::Ready { since: at, promoted: None })));
        for stage in [
            UpdateStage::Starting,
            UpdateStage::Ready { since: at, promoted: Some(at) },
            UpdateStage::Switched { at },
            UpdateStage::Returned { at },
            UpdateStage::Abandoned { at, reason: String::new() },
        ] {
            assert!(!waits(&of(stage)));
        }
    }
}
