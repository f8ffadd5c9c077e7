//! Who is told of what, on the wire.

use chrono::{DateTime, Utc};
use hansa_assurance::notification::{Delivery, Subscription};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is to be told of what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NotificationRequest {
    /// Its name: `a-z`, `0-9`, `-`.
    #[schema(min_length = 1, max_length = 63)]
    pub name: String,
    /// Where to: an `https` URL. It is not shown again but for its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000)]
    pub url: Option<String>,
    /// Instead of a URL: the address to which mail is sent, under a domain that the owner allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 254)]
    pub address: Option<String>,
    /// The kinds of events begin so: `fault.`, `budget.exhausted`.
    #[schema(min_items = 1, max_items = 50)]
    pub kinds: Vec<String>,
    /// Of faults only those that are at least so bad: `minor`, `major`, `critical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
}

/// Who is told of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    /// Its name.
    pub name: String,
    /// Whose events: `organisation/project`; absent: the broker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The kinds of events begin so.
    pub kinds: Vec<String>,
    /// Of faults only those that are at least so bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `webhook` or `mail`.
    pub channel: String,
    /// The host and port to which it is sent; of mail the address.
    pub host: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// How many events were delivered.
    pub delivered: u64,
    /// How many were given up after a day.
    pub given_up: u64,
    /// What is tried again, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<NotificationTrouble>,
    /// The secret by which messages to a URL are signed: told once, when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// An event that could not be delivered yet. Later ones wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationTrouble {
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

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationDelivery {
    /// The event's number.
    pub event: i64,
    /// Its kind.
    pub kind: String,
    /// `delivered` or `given-up`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was delivered or given up.
    pub at: DateTime<Utc>,
    /// Why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationTrial {
    /// Whether the receiver has taken it (an answer of 200 to 299).
    pub arrived: bool,
    /// The id of the delivery, as the receiver has it.
    pub delivery: String,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// Host and port of a URL: what comes behind may be a secret.
fn host(url: &str) -> String {
    let read = reqwest::Url::parse(url).ok();
    let host = read.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    match read.as_ref().and_then(reqwest::Url::port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

impl From<Subscription> for Notification {
    fn from(of: Subscription) -> Self {
        Self {
            channel: if of.mail_address().is_some() { "mail" } else { "webhook" }.to_owned(),
            host: of.mail_address().map_or_else(|| host(&of.url), str::to_owned),
            name: of.name,
            project: of.project.map(|project| project.to_string()),
            kinds: of.kinds,
            severity: of.severity.map(|severity| severity.name().to_owned()),
            created_at: of.created_at,
            created_by: of.created_by.to_string(),
            delivered: of.delivered,
            given_up: of.given_up,
            trouble: of.trouble.map(|trouble| NotificationTrouble {
                event: trouble.event,
                since: trouble.since,
                attempts: trouble.attempts,
                next: trouble.next,
                said: trouble.said,
            }),
            secret: None,
        }
    }
}

impl From<Delivery> for NotificationDelivery {
    fn from(of: Delivery) -> Self {
        let state = if of.delivered { "delivered" } else { "given-up" };
        let Delivery { event, kind, attempts, at, said, .. } = of;
        Self { event, kind, state: state.to_owned(), attempts, at, said }
    }
}
