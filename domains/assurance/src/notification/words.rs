//! What a mail says: the event in words, as a line and as plain text.

use super::Subscription;
use hansa_repository::event::Event;
use std::fmt::Write as _;

/// The most letters of a subject.
const SUBJECT: usize = 150;
/// The most letters of an event's data.
const DATA: usize = 20_000;

/// One line, without anything that could end it.
pub(super) fn subject(kind: &str, message: &str) -> String {
    let whole = format!("[Hansa] {kind}: {message}");
    let shown = whole.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut line: String = shown.take(SUBJECT).collect();
    if whole.chars().count() > SUBJECT {
        line.push('…');
    }
    line
}

/// An event as text.
pub(super) fn of_event(subscription: &Subscription, event: &Event) -> String {
    let application = event.application.map(|id| format!("Application: {id}\n")).unwrap_or_default();
    let mut text = format!(
        "{}\n\nKind:        {}\nTime:        {}\nAbout:       {}\n{application}Event:       {}\n",
        event.message,
        event.kind,
        event.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        event.subject,
        event.sequence,
    );
    if let Ok(data) = serde_json::to_string_pretty(&event.data)
        && data != "{}"
        && data != "null"
    {
        let cut = if data.chars().count() > DATA { "\n…" } else { "" };
        // Text of its own can't fail to be written.
        let _always = write!(text, "\n{}{cut}\n", data.chars().take(DATA).collect::<String>());
    }
    text + &why(subscription)
}

/// A test as text.
pub(super) fn of_trial(subscription: &Subscription) -> String {
    format!("A test: somebody asked whether this arrives.\n{}", why(subscription))
}

/// Why somebody gets this.
fn why(subscription: &Subscription) -> String {
    let whose = subscription.project.as_ref().map_or_else(|| "the broker itself".to_owned(), ToString::to_string);
    format!("\n-- \nThe notification \"{}\" of {whose} asks for this mail.\n", subscription.name)
}
