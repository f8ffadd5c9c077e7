//! What is told of blue-green updates.

use super::BlueGreen;
use crate::model::Application;
use chrono::{DateTime, Utc};
use hansa_ontology::Money;
use hansa_repository::event::NewEvent;
use serde_json::json;

/// The new is started beside the old.
pub(super) fn begun(application: &Application, update: &BlueGreen, more: Money, now: DateTime<Utc>) -> NewEvent {
    let BlueGreen { revision, from, .. } = update;
    let text = format!("revision {revision} is started beside revision {from}, which goes on; {more} an hour more");
    news(application, update, "update.begun", &text, now)
}

/// The new works, and waits for a person.
pub(super) fn ready(application: &Application, update: &BlueGreen, now: DateTime<Utc>) -> NewEvent {
    let text = format!(
        "revision {} works beside revision {} and waits: `hansa app promote {}` leads callers to it",
        update.revision, update.from, application.name
    );
    news(application, update, "update.ready", &text, now)
}

/// Callers are led to the new.
pub(super) fn switched(application: &Application, update: &BlueGreen, now: DateTime<Utc>) -> NewEvent {
    let keep = application.model.update.keep;
    let text = format!(
        "callers are led to revision {}; revision {} is kept for {keep}, for a rollback",
        update.revision, update.from
    );
    news(application, update, "update.switched", &text, now)
}

/// Callers are led back to the old, which was kept.
pub(super) fn switched_back(application: &Application, update: &BlueGreen, now: DateTime<Utc>) -> NewEvent {
    let text = format!(
        "callers are led back to what revision {} was, now revision {}; revision {} is taken away",
        update.from, application.revision, update.revision
    );
    news(application, update, "update.switched-back", &text, now)
}

/// The new is taken away.
pub(super) fn abandoned(application: &Application, update: &BlueGreen, why: &str, now: DateTime<Utc>) -> NewEvent {
    let text = format!("revision {} is taken away: {why}; revision {} goes on", update.revision, update.from);
    let mut event = news(application, update, "update.abandoned", &text, now);
    if let Some(data) = event.data.as_object_mut() {
        data.insert("reason".to_owned(), why.into());
    }
    event
}

/// The old is taken away.
pub(super) fn finished(application: &Application, update: &BlueGreen, why: &str, now: DateTime<Utc>) -> NewEvent {
    let text = format!("revision {} is taken away: {why}", update.from);
    news(application, update, "update.finished", &text, now)
}

fn news(application: &Application, update: &BlueGreen, kind: &str, text: &str, now: DateTime<Utc>) -> NewEvent {
    let data = json!({ "revision": update.revision, "from": update.from, "begunAt": update.begun_at });
    application.news(kind, format!("{}: {text}", application.name), data, now)
}
