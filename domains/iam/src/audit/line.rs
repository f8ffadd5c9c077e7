//! A sealed record: one line of JSON in one fixed form.
//!
//! The line *is* the record: its bytes are stored, hashed, exported and
//! verified as they are, and nobody has to write them again to check them. So
//! that whoever does write them again gets the same bytes, the form is fixed:
//! the members in the order of [`Record`], no white space, members of `data`
//! sorted by the bytes of their names at every depth, numbers as they came,
//! times in UTC with six decimals, only `"`, `\` and control characters
//! escaped. RFC 8785 is not used because it rounds integers beyond 2^53.

use super::{AuditOutcome, NewAuditRecord};
use crate::model::Via;
use chrono::{DateTime, SecondsFormat, Utc};
use hansa_ontology::{AccountId, Actor, ProjectId};
use hansa_repository::event::Event;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use uuid::Uuid;

/// The longest text of a member, in bytes; what is longer is cut off.
const LONGEST_TEXT: usize = 1_024;
/// The largest `data`, in bytes of JSON; of what is larger only size and hash are kept.
const LARGEST_DATA: usize = 64 << 10;

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Its place in the trail, from 0.
    pub place: u64,
    /// The leaf hash (RFC 6962, section 2.1) of the record before, base64; of the first, that of the empty tree.
    pub previous: String,
    /// Whether somebody decided it or it happened.
    pub kind: RecordKind,
    /// When.
    #[serde(serialize_with = "microseconds")]
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Their account.
    pub account: Option<AccountId>,
    /// How they proved who they are.
    pub via: Option<Via>,
    /// From where.
    pub origin: Option<IpAddr>,
    /// The request, which joins a decision with the events that it caused.
    pub request: Option<Uuid>,
    /// What was asked for, or the kind of the event.
    pub action: String,
    /// About what.
    pub subject: String,
    /// The project that it concerns.
    pub project: Option<ProjectId>,
    /// What came of a decision.
    pub outcome: Option<AuditOutcome>,
    /// The policies that decided.
    pub policies: Vec<String>,
    /// Particulars.
    pub data: Value,
}

/// Whether somebody decided it or it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// A decision about a request.
    Decision,
    /// An event of the event log.
    Event,
}

impl RecordKind {
    /// Its name: `decision`, `event`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Event => "event",
        }
    }
}

impl Record {
    /// A decision, not in its place yet.
    pub(crate) fn of_decision(new: NewAuditRecord) -> Self {
        Self {
            place: 0,
            previous: String::new(),
            kind: RecordKind::Decision,
            at: new.at,
            actor: new.actor,
            account: new.account,
            via: Some(new.via),
            origin: new.origin,
            request: new.request,
            action: new.action,
            subject: new.subject,
            project: new.project,
            outcome: Some(new.outcome),
            policies: new.policies,
            data: new.data,
        }
    }

    /// An event, not in its place yet.
    pub(crate) fn of_event(event: Event) -> Self {
        let data = json!({
            "sequence": event.sequence,
            "application": event.application,
            "message": event.message,
            "data": event.data,
        });
        Self {
            place: 0,
            previous: String::new(),
            kind: RecordKind::Event,
            at: event.at,
            actor: event.actor,
            account: None,
            via: None,
            origin: None,
            request: event.request,
            action: event.kind,
            subject: event.subject,
            project: event.project,
            outcome: None,
            policies: Vec::new(),
            data,
        }
    }

    /// The line, without its end.
    ///
    /// # Errors
    /// When it has no JSON form, which nothing here lacks.
    pub(crate) fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Within the bounds of a record: texts cut off, large particulars left
    /// out, members sorted. Done once, before the record has its place.
    #[must_use]
    pub(crate) fn bounded(mut self) -> Self {
        for text in [&mut self.action, &mut self.subject] {
            shorten(text);
        }
        self.policies.iter_mut().for_each(shorten);
        self.actor = match self.actor {
            Actor::Person(name) => Actor::Person(short(name)),
            Actor::ServiceAccount(name) => Actor::ServiceAccount(short(name)),
            Actor::Partner(name) => Actor::Partner(short(name)),
            Actor::Workload(id) => Actor::Workload(short(id)),
            other => other,
        };
        if let Some(AuditOutcome::Denied { missing }) = &mut self.outcome {
            shorten(missing);
        }
        self.data = bounded_data(std::mem::take(&mut self.data));
        self
    }
}

fn bounded_data(data: Value) -> Value {
    let sorted = sorted(data);
    let text = sorted.to_string();
    if text.len() <= LARGEST_DATA {
        return sorted;
    }
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "omittedBytes": text.len(), "omittedSha256": hash })
}

/// With the members of every object sorted by the bytes of their names.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(String, Value)> =
                object.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            Value::Object(members.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn short(mut text: String) -> String {
    shorten(&mut text);
    text
}

fn shorten(text: &mut String) {
    if text.len() > LONGEST_TEXT {
        let end = text.floor_char_boundary(LONGEST_TEXT);
        text.truncate(end);
        text.push('\u{2026}');
    }
}

fn microseconds<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> NewAuditRecord {
        NewAuditRecord {
            at: "2026-11-22T01:02:03.5Z".parse().unwrap(),
            actor: Actor::Person("ann".to_owned()),
            account: None,
            via: Via::Session("s1".to_owned()),
            origin: Some("192.0.2.7".parse().unwrap()),
            request: Some(Uuid::from_u128(7)),
            action: "application.update".to_owned(),
            subject: "application/7".to_owned(),
            project: Some("acme/web".parse().unwrap()),
            outcome: AuditOutcome::Denied { missing: "application.update".to_owned() },
            policies: vec!["tenant".to_owned()],
            data: json!({"b": 18_446_744_073_709_551_615_u64, "a": [{"z": 1, "y": "\0"}]}),
        }
    }

    #[test]
    fn the_form_is_fixed() {
        let record = Record { place: 3, previous: "p".to_owned(), ..Record::of_decision(decision()).bounded() };
        let line = record.line().unwrap();
        assert_eq!(
            line,
            concat!(
                r#"{"place":3,"previous":"p","kind":"decision","at":"2026-11-22T01:02:03.500000Z","#,
                r#""actor":{"kind":"person","name":"ann"},"account":null,"via":{"kind":"session","id":"s1"},"#,
                r#""origin":"192.0.2.7","request":"00000000-0000-0000-0000-000000000007","action":"application.update","#,
                r#""subject":"application/7","project":"acme/web","outcome":{"kind":"denied","missing":"application.update"},"#,
                r#""policies":["tenant"],"data":{"a":[{"y":"\u0000","z":1}],"b":18446744073709551615}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap().line().unwrap(), line);
    }

    #[test]
    fn a_record_is_bounded_whatever_comes() {
        let huge = "\u{e4}".repeat(1 << 20);
        let new = NewAuditRecord {
            actor: Actor::Person(huge.clone()),
            action: huge.clone(),
            subject: huge.clone(),
            outcome: AuditOutcome::Denied { missing: huge.clone() },
            policies: vec![huge.clone()],
            data: json!({ "text": huge }),
            ..decision()
        };
        let line = Record::of_decision(new).bounded().line().unwrap();
        assert!(line.len() < 10_000, "{}", line.len());
        assert!(line.contains(r#""omittedBytes":2097163"#), "{line}");
    }
}
