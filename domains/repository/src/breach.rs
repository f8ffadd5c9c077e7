//! Promises that were not kept, as events tell of them.
//!
//! Whoever measures puts a [`Breach`] into the data of the event that tells of
//! it; whoever credits it, or claims it from a partner, reads it there.

use crate::{RepositoryError, event::Event, json};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    ApplicationId, MachineId, OfferId, ProjectId, ProviderId, SiteId,
    sla::{Metric, Window},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where it stands in the data of an event.
const FIELD: &str = "breach";
/// The kind of the event that tells of it.
pub const MISSED: &str = "sla.missed";

/// An objective of one rental of one machine that was missed in one window.
/// Its project and application are those of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Breach {
    /// The machine. With a partner: the order too.
    pub machine: MachineId,
    /// By which offer it was rented.
    pub offer: OfferId,
    /// Who delivers it.
    pub provider: ProviderId,
    /// Where.
    pub site: SiteId,
    /// The partner who delivers it, by its name for people; none: we do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The DID of the partner whose order it delivers; none for a tenant of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What was promised and what was measured.
    pub missed: Missed,
    /// When the machine could not be used, within the stretch.
    pub outages: Vec<Outage>,
    /// What of the stretch doesn't count: maintenance that was announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
    /// The most that all credits of the offer may reach in a billing month, in percent of its charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_cap_percent: Option<Decimal>,
}

/// A breach, with the event that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldBreach {
    /// The number of the event.
    pub sequence: i64,
    /// When it was told.
    pub at: DateTime<Utc>,
    /// Whose machine it was.
    pub project: ProjectId,
    /// For which application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// What was missed.
    #[serde(flatten)]
    pub breach: Breach,
}

/// What was promised of a stretch of time, and what was measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// What was measured.
    pub metric: Metric,
    /// The target, in the metric's unit.
    pub target: Decimal,
    /// In each of these windows.
    pub window: Window,
    /// Which percentile of what was measured the target binds, where the promise names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Decimal>,
    /// Where the stretch that was judged begins: with its window, or with the rental.
    pub from: DateTime<Utc>,
    /// Where it ends: with its window, or with the rental.
    pub until: DateTime<Utc>,
    /// What was measured, in the metric's unit.
    pub measured: Decimal,
    /// What is owed for it, in percent of what the machine was charged for the
    /// stretch. 0: the miss is not as deep as the first remedy.
    pub credit_percent: Decimal,
}

/// A stretch in which the machine could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; none: it was not there again by the end of the stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The numbers of the events that show it.
    pub events: Vec<i64>,
}

/// A stretch of announced maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Excluded {
    /// The announcement.
    pub announcement: String,
    /// Since when, within the stretch.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl Breach {
    /// The data of the event that tells of it.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn tell(&self) -> Result<Value, RepositoryError> {
        json::to_event(FIELD, &format!("the breach of machine {}", self.machine), self, serde_json::json!({}))
    }

    /// What an event tells of a breach; none where it tells of none.
    ///
    /// # Errors
    /// When this program can't read what it tells: a newer one has written it.
    pub fn read(event: &Event) -> Result<Option<Self>, RepositoryError> {
        json::from_event(FIELD, event)
    }
}

impl ToldBreach {
    /// What an event tells of a breach; none where it tells of none. What
    /// belongs to no project here was ordered by a partner.
    ///
    /// # Errors
    /// As [`Breach::read`].
    pub fn read(event: &Event) -> Result<Option<Self>, RepositoryError> {
        let told = |breach| Self {
            sequence: event.sequence,
            at: event.at,
            project: event.project.clone().unwrap_or_else(ProjectId::orders),
            application: event.application,
            breach,
        };
        Ok(Breach::read(event)?.map(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::Actor;
    use serde_json::json;

    fn event(data: Value) -> Event {
        Event {
            sequence: 7,
            at: DateTime::UNIX_EPOCH,
            actor: Actor::Broker,
            application: None,
            subject: "machine/1".to_owned(),
            kind: MISSED.to_owned(),
            message: String::new(),
            data,
            request: None,
            project: None,
        }
    }

    #[test]
    fn what_is_told_is_read() {
        let until = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let breach = Breach {
            machine: MachineId(uuid::Uuid::from_u128(1)),
            offer: OfferId::new("urn:hansa:offer:small").unwrap(),
            provider: ProviderId::new("did:web:north.example").unwrap(),
            site: SiteId::new("urn:hansa:site:kiel").unwrap(),
            partner: Some("north".to_owned()),
            customer: None,
            missed: Missed {
                metric: Metric::Availability,
                target: "99.9".parse().unwrap(),
                window: Window::Hour,
                percentile: None,
                from: DateTime::UNIX_EPOCH,
                until,
                measured: "50".parse().unwrap(),
                credit_percent: "10".parse().unwrap(),
            },
            outages: vec![Outage { from: DateTime::UNIX_EPOCH, until: None, events: vec![3, 4] }],
            excluded: Vec::new(),
            credit_cap_percent: None,
        };
        let told = ToldBreach::read(&event(breach.tell().unwrap())).unwrap().unwrap();
        assert_eq!((told.sequence, &told.project, &told.breach), (7, &ProjectId::orders(), &breach));
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<ToldBreach>(&text).unwrap(), told);
        assert_eq!(Breach::read(&event(json!({ "site": "x" }))).unwrap(), None);
        let newer = Breach::read(&event(json!({ "breach": {} }))).unwrap_err();
        assert!(newer.to_string().contains("event 7"), "{newer}");
    }
}
