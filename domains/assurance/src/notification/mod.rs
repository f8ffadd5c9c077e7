//! Notifications: who wants to be told of which events, what is sent, and when
//! it is tried again. Pure but for [`Sender`], which carries a message away.

mod mail;
#[cfg(test)]
mod mail_tests;
mod words;

pub use mail::{MailError, MailSettings, MailTls, Mailer};

use crate::fault::Severity;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId, ProjectScope};
use hansa_repository::event::{Event, EventFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use uuid::Uuid;

/// An address begins so to which mail is sent (RFC 6068).
pub const MAIL: &str = "mailto:";
/// For how long one event is tried before it is given up.
pub const TRIED_FOR: TimeDelta = TimeDelta::hours(24);
/// The first pause after a failure.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// What a test says.
const TRIAL: &str = "a test: somebody asked whether this arrives";
/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Somebody who wants to be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its id.
    pub id: Uuid,
    /// What people call it: one name in a project.
    pub name: String,
    /// Whose events; none: those that concern no project, but the broker itself.
    pub project: Option<ProjectId>,
    /// Which kinds: an event is told whose kind begins with one of these.
    pub kinds: Vec<String>,
    /// Of faults only those that are at least so bad.
    pub severity: Option<Severity>,
    /// Where it is sent: a URL, which may hold what only the receiver shall know, or `mailto:` and an address.
    pub url: String,
    /// The secret by which messages are signed, sealed; empty for mail.
    pub sealed: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Actor,
    /// The number of the last event that was dealt with.
    pub cursor: i64,
    /// How many were delivered.
    pub delivered: u64,
    /// How many were given up.
    pub given_up: u64,
    /// What is tried again, where something is.
    pub trouble: Option<Trouble>,
}

/// An event that could not be delivered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// The event's number.
    pub event: i64,
    /// When it was tried first.
    pub since: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next: DateTime<Utc>,
    /// What went wrong last.
    pub said: String,
}

/// What became of an event for a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The event's number.
    pub event: i64,
    /// Its kind.
    pub kind: String,
    /// Whether it was delivered; otherwise it was given up.
    pub delivered: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was delivered, or given up.
    pub at: DateTime<Utc>,
    /// Why it was given up.
    pub said: Option<String>,
}

/// A message that is to be carried away.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for each attempt at one event: by it a receiver knows a repetition.
    pub delivery: String,
    /// The event's kind.
    pub kind: String,
    /// Where to: a URL, or `mailto:` and an address.
    pub url: String,
    /// What stands above a mail.
    pub subject: String,
    /// The place for which the secret was sealed.
    pub place: String,
    /// The sealed secret.
    pub sealed: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The bytes: JSON, or a mail's text in UTF-8.
    pub body: Vec<u8>,
}

/// Carries messages away.
#[async_trait]
pub trait Sender: Send + Sync + fmt::Debug {
    /// Carries one away, within a bound of its own. The error says for people
    /// what went wrong, without the address's path and without secrets.
    async fn send(&self, message: &Message) -> Result<(), String>;
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the address, which may hold a secret, nor the sealed one.
        write!(f, "Subscription({} of {:?}, {:?}, at {})", self.name, self.project, self.kinds, self.cursor)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {})", self.delivery, self.kind)
    }
}

/// The place for which the secret of a subscription is sealed.
#[must_use]
pub fn place(id: Uuid) -> String {
    format!("notification/{id}")
}

impl Subscription {
    /// Whether an event is to be told.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let bad_enough = || {
            let severity = event.data.get("severity").and_then(|severity| Severity::deserialize(severity).ok());
            self.severity.is_none_or(|least| severity.is_none_or(|severity| severity >= least))
        };
        self.project == event.project
            && self.kinds.iter().any(|kind| event.kind.starts_with(kind.as_str()))
            && (!event.kind.starts_with("fault.") || bad_enough())
    }

    /// The events among which it looks, after a place in the log.
    pub(crate) fn filter(&self, after: i64) -> EventFilter {
        EventFilter {
            after: Some(after),
            scope: ProjectScope::Only(self.project.iter().cloned().collect()),
            brokers: self.project.is_none(),
            ..EventFilter::default()
        }
    }

    /// An event as it is sent.
    pub(crate) fn message(&self, event: &Event, now: DateTime<Utc>) -> Message {
        let delivery = format!("{}-{}", self.id, event.sequence);
        if self.mail_address().is_some() {
            let text = words::of_event(self, event);
            return self.carrying(delivery, (&event.kind, &event.message), text, now);
        }
        let body = json!({
            "delivery": delivery,
            "notification": self.name,
            "project": self.project,
            "event": {
                "sequence": event.sequence,
                "at": event.at,
                "kind": event.kind,
                "subject": event.subject,
                "application": event.application,
                "message": event.message,
                "data": event.data,
            },
        });
        self.carrying(delivery, (&event.kind, &event.message), body.to_string(), now)
    }

    /// What tries whether it arrives.
    pub(crate) fn trial(&self, id: Uuid, now: DateTime<Utc>) -> Message {
        let (delivery, kind) = (format!("{}-test-{id}", self.id), "notification.test");
        if self.mail_address().is_some() {
            return self.carrying(delivery, (kind, TRIAL), words::of_trial(self), now);
        }
        let body = json!({
            "delivery": delivery,
            "notification": self.name,
            "project": self.project,
            "event": { "at": now, "kind": kind, "message": TRIAL },
        });
        self.carrying(delivery, (kind, TRIAL), body.to_string(), now)
    }

    /// The address to which mail is sent, where that is how it is told.
    #[must_use]
    pub fn mail_address(&self) -> Option<&str> {
        self.url.strip_prefix(MAIL)
    }

    fn carrying(&self, delivery: String, (kind, told): (&str, &str), body: String, at: DateTime<Utc>) -> Message {
        let (url, sealed, subject) = (self.url.clone(), self.sealed.clone(), words::subject(kind, told));
        let (kind, body) = (kind.to_owned(), body.into_bytes());
        Message { delivery, kind, url, subject, place: place(self.id), sealed, at, body }
    }

    /// An event could not be delivered. What became of it, where it is given
    /// up; otherwise it is tried again. `spread` makes pauses uneven.
    pub(crate) fn failed(&mut self, event: &Event, said: String, now: DateTime<Utc>, spread: u8) -> Option<Delivery> {
        let before = self.trouble.take().filter(|trouble| trouble.event == event.sequence);
        let (since, attempts) = before.map_or((now, 1), |trouble| (trouble.since, trouble.attempts + 1));
        if now - since >= TRIED_FOR {
            self.cursor = event.sequence;
            self.given_up += 1;
            return Some(Delivery {
                event: event.sequence,
                kind: event.kind.clone(),
                delivered: false,
                attempts,
                at: now,
                said: Some(said),
            });
        }
        let next = now + pause(attempts, spread);
        self.trouble = Some(Trouble { event: event.sequence, since, attempts, next, said });
        None
    }

    /// An event was delivered.
    pub(crate) fn succeeded(&mut self, event: &Event, now: DateTime<Utc>) -> Delivery {
        let attempts = match self.trouble.take() {
            Some(trouble) if trouble.event == event.sequence => trouble.attempts + 1,
            _ => 1,
        };
        self.cursor = event.sequence;
        self.delivered += 1;
        let (event, kind) = (event.sequence, event.kind.clone());
        Delivery { event, kind, delivered: true, attempts, at: now, said: None }
    }
}

/// The pause after so many failures in a row: twice as long each time, up to an
/// hour; by `spread` it is between half of that and all of it.
fn pause(attempts: u32, spread: u8) -> TimeDelta {
    let doubled = FIRST_PAUSE * 2_i32.pow(attempts.saturating_sub(1).min(12));
    let whole = doubled.min(LONGEST_PAUSE).num_milliseconds();
    TimeDelta::milliseconds(whole / 2 + whole / 2 * i64::from(spread) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    pub(crate) fn subscription() -> Subscription {
        Subscription {
            id: Uuid::from_u128(7),
            name: "ops".to_owned(),
            project: Some(ProjectId::new("acme/web").unwrap()),
            kinds: vec!["fault.".to_owned(), "budget.".to_owned()],
            severity: Some(Severity::Major),
            url: "https://hooks.example/s3cret".to_owned(),
            sealed: "sealed".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            created_by: Actor::Local,
            cursor: 0,
            delivered: 0,
            given_up: 0,
            trouble: None,
        }
    }

    pub(crate) fn event(kind: &str, project: Option<&str>, data: Value) -> Event {
        Event {
            sequence: 5,
            at: DateTime::UNIX_EPOCH,
            actor: Actor::Broker,
            application: None,
            subject: "fault/1".to_owned(),
            kind: kind.to_owned(),
            message: "it broke".to_owned(),
            data,
            request: None,
            project: project.map(|name| ProjectId::new(name).unwrap()),
        }
    }

    #[test]
    fn what_is_wanted_is_told_and_nothing_of_others() {
        let own = Some("acme/web");
        let wants = |kind, project, data| subscription().wants(&event(kind, project, data));
        assert!(wants("fault.opened", own, json!({ "severity": "critical" })));
        assert!(wants("fault.acknowledged", own, json!({})), "of what says nothing of it");
        assert!(!wants("fault.opened", own, json!({ "severity": "minor" })));
        assert!(wants("budget.warned", own, json!({ "severity": "minor" })), "only faults are weighed");
        assert!(!wants("faults", own, json!({})) && !wants("sla.missed", own, json!({})));
        assert!(!wants("fault.opened", Some("acme/other"), json!({ "severity": "critical" })));
        assert!(!wants("fault.opened", None, json!({ "severity": "critical" })), "the broker's own");
        let own = Subscription { project: None, ..subscription() };
        assert!(own.wants(&event("fault.opened", None, json!({ "severity": "critical" }))));
        assert!(!own.wants(&event("fault.opened", Some("acme/web"), json!({ "severity": "critical" }))));
    }

    #[test]
    fn what_fails_is_tried_for_a_day_and_then_given_up() {
        let (mut one, event) = (subscription(), event("fault.opened", Some("acme/web"), json!({})));
        let mut now = DateTime::<Utc>::UNIX_EPOCH;
        let mut pauses = Vec::new();
        let given_up = loop {
            if let Some(given_up) = one.failed(&event, "refused".to_owned(), now, 255) {
                break given_up;
            }
            let next = one.trouble.as_ref().unwrap().next;
            pauses.push((next - now).num_seconds());
            now = next;
        };
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert!(pauses.iter().all(|pause| *pause <= 3_600) && pauses.len() > 24, "{pauses:?}");
        assert!(now - DateTime::UNIX_EPOCH < TRIED_FOR + TimeDelta::hours(1));
        assert_eq!((given_up.delivered, given_up.attempts as usize), (false, pauses.len() + 1));
        assert_eq!((one.cursor, one.given_up, one.trouble.clone()), (5, 1, None), "the next one is tried");
        assert!(pause(3, 0) == pause(3, 255) / 2 && pause(3, 100) > pause(3, 0));
        assert_eq!(pause(u32::MAX, 255), LONGEST_PAUSE);
        assert_eq!(one.succeeded(&event, now).attempts, 1);
    }

    #[test]
    fn what_is_printed_of_it_holds_no_secret() {
        let message = subscription().message(&event("fault.opened", None, json!({})), DateTime::UNIX_EPOCH);
        let printed = format!("{:?} {message:?}", subscription());
        assert!(!printed.contains("s3cret") && !printed.contains("sealed"), "{printed}");
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        assert_eq!(body["delivery"], "00000000-0000-0000-0000-000000000007-5");
        assert_eq!((&body["event"]["message"], &body["event"]["sequence"]), (&json!("it broke"), &json!(5)));
    }
}
