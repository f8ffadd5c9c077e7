//! Faults and what is done with them, on the wire.

use chrono::{DateTime, Utc};
use hansa_assurance::fault::{Cause, Ended, Fault, FaultState, Note, Sign};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant is told of a cause that is the broker's own.
const OF_THE_PROVIDER: &str = "infrastructure of the provider failed; its operators see which";

/// Something that is wrong, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultTicket {
    /// Its number.
    pub number: i64,
    /// What is wrong: `component-failing`, `application-blocked`, `machine-lost`, `host-lost`, `system-lost`, `partner-silent`, `order-failed`, `sla-missed`, `service-level-missed`, `budget-exhausted`, `carbon-limit-passed` or `alert-firing`.
    pub kind: String,
    /// How bad that is: `minor`, `major` or `critical`.
    pub severity: String,
    /// `open`, `acknowledged` or `resolved`.
    pub state: String,
    /// With what: `machine/…`, `application/…/component/…`, `system/…`.
    pub thing: String,
    /// Whose it is: `organisation/project`; absent: the broker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Of which application: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What people call that application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// What was told first.
    pub message: String,
    /// When it opened first.
    pub since: DateTime<Utc>,
    /// When it opened last: later where it came again.
    pub opened: DateTime<Utc>,
    /// How often the event came that opened it.
    pub count: u64,
    /// How often it came again within 30 minutes after it was resolved.
    pub reopened: u32,
    /// For how many seconds it was open in all; so far, where it still is.
    pub open_seconds: i64,
    /// The events that show it: the first five, and the last ones.
    pub signs: Vec<FaultSign>,
    /// What explains it as far as the event log shows it, the nearest first.
    pub causes: Vec<FaultCause>,
    /// Who sees to it, while somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<FaultNote>,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<FaultResolution>,
}

/// An event that shows a fault, or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultSign {
    /// The event's number.
    pub event: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub kind: String,
    /// What it says.
    pub message: String,
}

/// What explains a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultCause {
    /// What is wrong there.
    pub kind: String,
    /// What was told of it first.
    pub message: String,
    /// That fault's number; absent where it is the provider's own and the caller isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<i64>,
    /// With what; absent as the number is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<String>,
    /// The numbers of the events that show it; empty where the number is absent.
    pub events: Vec<i64>,
}

/// What somebody said of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultNote {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub note: String,
}

/// How a fault came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FaultResolution {
    /// When.
    pub at: DateTime<Utc>,
    /// By what: `event`, `hand`, or `time`, where the month is over that a budget or a limit is of.
    pub by: String,
    /// The event that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<FaultSign>,
    /// Who said so, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<FaultNote>,
}

/// What somebody says of a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FaultNoteRequest {
    /// What they say, up to 1,000 letters. To resolve one it is needed.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: String,
}

impl From<Sign> for FaultSign {
    fn from(sign: Sign) -> Self {
        Self { event: sign.event, at: sign.at, kind: sign.kind, message: sign.message }
    }
}

impl From<Note> for FaultNote {
    fn from(note: Note) -> Self {
        Self { by: note.by.to_string(), at: note.at, note: note.note }
    }
}

impl FaultCause {
    fn new(cause: Cause, sees_all: bool) -> Self {
        let kind = cause.kind.name().to_owned();
        if cause.own && !sees_all {
            return Self { kind, message: OF_THE_PROVIDER.to_owned(), fault: None, thing: None, events: Vec::new() };
        }
        Self { kind, message: cause.message, fault: Some(cause.fault), thing: Some(cause.thing), events: cause.events }
    }
}

impl FaultTicket {
    /// As of now. Causes that are the broker's own are told in full to those who see all of it.
    pub(crate) fn new(of: Fault, application_name: Option<String>, now: DateTime<Utc>, sees_all: bool) -> Self {
        let (open_seconds, state) = (of.duration(now).num_seconds(), of.state.name().to_owned());
        let (acknowledged, resolved) = match of.state {
            FaultState::Open => (None, None),
            FaultState::Acknowledged(note) => (Some(note.into()), None),
            FaultState::Resolved(resolution) => {
                let (by, event, note) = match resolution.by {
                    Ended::Event(sign) => ("event", Some(sign.into()), None),
                    Ended::Hand(note) => ("hand", None, Some(note.into())),
                    Ended::Time => ("time", None, None),
                };
                (None, Some(FaultResolution { at: resolution.at, by: by.to_owned(), event, note }))
            }
        };
        Self {
            number: of.number,
            kind: of.kind.name().to_owned(),
            severity: of.severity.name().to_owned(),
            state,
            thing: of.thing,
            project: of.project.map(|project| project.to_string()),
            application: of.application.map(|id| id.to_string()),
            application_name,
            message: of.message,
            since: of.since,
            opened: of.opened,
            count: of.count,
            reopened: of.reopened,
            open_seconds,
            signs: of.signs.into_iter().map(FaultSign::from).collect(),
            causes: of.causes.into_iter().map(|cause| FaultCause::new(cause, sees_all)).collect(),
            acknowledged,
            resolved,
        }
    }
}
