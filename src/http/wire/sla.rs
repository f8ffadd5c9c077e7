//! What was promised of rented machines and how it was kept, on the wire.

use chrono::{DateTime, Utc};
use hansa_assurance::sla;
use hansa_ontology::Actor;
use hansa_repository::breach::{self, ToldBreach};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one objective of one rented machine stands, or stood, in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaStanding {
    /// The machine.
    pub machine: String,
    /// Whose it is: `organisation/project`.
    pub project: String,
    /// For which application: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What people call that application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// By which offer it was rented.
    pub offer: String,
    /// Who delivers it.
    pub provider: String,
    /// Where.
    pub site: String,
    /// The partner who delivers it; absent where this broker does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What was promised.
    pub objective: SlaObjective,
    /// Where the window, or the rental within it, begins.
    pub from: DateTime<Utc>,
    /// Where the window ends, or ended with the rental.
    pub until: DateTime<Utc>,
    /// Whether that is over, so that nothing changes any more.
    pub judged: bool,
    /// `unmeasured`, `kept`, `at-risk` (half of the error budget is spent) or `missed`.
    pub state: String,
    /// What was measured, in the objective's unit. Absent: nothing was, or this is not measured here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// Seconds that count so far: without announced maintenance.
    pub counted_seconds: i64,
    /// Seconds of these in which the machine could not be used.
    pub down_seconds: i64,
    /// How much of the error budget of the whole window is spent, in percent; it may be more than all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_percent: Option<f64>,
    /// Seconds for which the machine may still be away in this window; below 0: it was away too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_left_seconds: Option<i64>,
    /// What the partner who delivers it has reported of the same time; absent
    /// where it has reported nothing, and of other metrics than availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<SlaReported>,
    /// Where it was missed: what is credited, in percent of what the machine was charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_percent: Option<f64>,
}

/// What a partner has signed of its own measure, beside that of this broker in the same seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaReported {
    /// Seconds on which the partner has reported.
    pub seconds: i64,
    /// Seconds of these in which the machine could not be used, by the partner's measure.
    pub down_seconds: i64,
    /// The same by this broker's.
    pub own_down_seconds: i64,
    /// Seconds that count as down by the partner's word alone; they are part of the standing's `downSeconds`.
    pub admitted_seconds: i64,
    /// `confirmed` (both within a minute), `admits-more` or `admits-less`.
    pub agreement: String,
}

/// What was promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaObjective {
    /// `availability`, `provisioning-time`, `repair-time`, `latency`, `throughput` or `error-rate`.
    pub metric: String,
    /// The target.
    pub target: f64,
    /// The unit of the target and of what is measured: `%`, `s`, `min`, `ms`, `Mbit/s`.
    pub unit: String,
    /// In each `hour`, `day`, `week`, `month` or `year` of UTC.
    pub window: String,
}

/// A promise that was not kept, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaBreach {
    /// The number of the event that tells of it.
    pub event: i64,
    /// When it was told: a credit is on the invoice of that month.
    pub at: DateTime<Utc>,
    /// Whose machine it was: `organisation/project`.
    pub project: String,
    /// For which application: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What people call that application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// The machine.
    pub machine: String,
    /// By which offer it was rented.
    pub offer: String,
    /// Who delivers it.
    pub provider: String,
    /// The partner who delivers it; absent where this broker does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What was promised.
    pub objective: SlaObjective,
    /// Where the stretch begins that was judged.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub until: DateTime<Utc>,
    /// What was measured, in the objective's unit.
    pub measured: f64,
    /// What is credited, in percent of what the machine was charged for the stretch.
    pub credit_percent: f64,
    /// The most that all credits of the offer may reach that end in a month, in percent of its charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_cap_percent: Option<f64>,
    /// When the machine could not be used, with the events that show it.
    pub outages: Vec<SlaOutage>,
    /// Maintenance that was announced and doesn't count.
    pub excluded: Vec<SlaExcluded>,
}

/// A time in which a machine could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaOutage {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; absent: it was not there again by the end of the stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The numbers of the events that show it.
    pub events: Vec<i64>,
}

/// Announced maintenance within a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlaExcluded {
    /// The announcement's id.
    pub announcement: String,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Maintenance that is to be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AnnouncementRequest {
    /// The site: IRI, or its last segment.
    #[schema(min_length = 1, max_length = 2048)]
    pub site: String,
    /// Of this offer only: IRI, or its last segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2048)]
    pub offer: Option<String>,
    /// When it begins: after now.
    pub from: DateTime<Utc>,
    /// When it is over: within 7 days after `from`.
    pub until: DateTime<Utc>,
    /// Why, for people.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Maintenance that was announced: what is away then counts neither as kept nor as missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Announcement {
    /// Its id.
    pub id: String,
    /// The site's IRI.
    pub site: String,
    /// The offer's IRI, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it is over.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// When it was announced.
    pub announced_at: DateTime<Utc>,
    /// Who announced it.
    #[schema(value_type = Object)]
    pub announced_by: Actor,
}

/// As a number of JSON: six decimals fit.
fn number(exact: Decimal) -> f64 {
    exact.to_f64().unwrap_or_default()
}

impl SlaStanding {
    pub(crate) fn new(of: sla::Standing, application_name: Option<String>) -> Self {
        Self {
            machine: of.machine.to_string(),
            project: of.project.to_string(),
            application: of.application.map(|id| id.to_string()),
            application_name,
            offer: of.offer.to_string(),
            provider: of.provider.to_string(),
            site: of.site.to_string(),
            partner: of.partner,
            objective: SlaObjective {
                metric: of.metric.name().to_owned(),
                target: number(of.target),
                unit: of.metric.unit().to_owned(),
                window: of.window.name().to_owned(),
            },
            from: of.from,
            until: of.until,
            judged: of.judged,
            state: of.state.name().to_owned(),
            measured: of.measured.map(number),
            counted_seconds: of.counted_seconds,
            down_seconds: of.down_seconds,
            spent_percent: of.spent_percent.map(number),
            budget_left_seconds: of.budget_left_seconds,
            reported: of.reported.map(|one| SlaReported {
                seconds: one.seconds,
                down_seconds: one.down_seconds,
                own_down_seconds: one.own_down_seconds,
                admitted_seconds: one.admitted_seconds,
                agreement: one.agreement.name().to_owned(),
            }),
            credit_percent: of.credit_percent.map(number),
        }
    }
}

impl SlaBreach {
    pub(crate) fn new(told: ToldBreach, application_name: Option<String>) -> Self {
        let breach::Breach { missed, .. } = told.breach;
        Self {
            event: told.sequence,
            at: told.at,
            project: told.project.to_string(),
            application: told.application.map(|id| id.to_string()),
            application_name,
            machine: told.breach.machine.to_string(),
            offer: told.breach.offer.to_string(),
            provider: told.breach.provider.to_string(),
            partner: told.breach.partner,
            objective: SlaObjective {
                metric: missed.metric.name().to_owned(),
                target: number(missed.target),
                unit: missed.metric.unit().to_owned(),
                window: missed.window.name().to_owned(),
            },
            from: missed.from,
            until: missed.until,
            measured: number(missed.measured),
            credit_percent: number(missed.credit_percent),
            credit_cap_percent: told.breach.credit_cap_percent.map(number),
            outages: told.breach.outages.into_iter().map(SlaOutage::from).collect(),
            excluded: told.breach.excluded.into_iter().map(SlaExcluded::from).collect(),
        }
    }
}

impl From<breach::Outage> for SlaOutage {
    fn from(of: breach::Outage) -> Self {
        Self { from: of.from, until: of.until, events: of.events }
    }
}

impl From<breach::Excluded> for SlaExcluded {
    fn from(of: breach::Excluded) -> Self {
        Self { announcement: of.announcement, from: of.from, until: of.until }
    }
}

impl From<sla::Announcement> for Announcement {
    fn from(of: sla::Announcement) -> Self {
        Self {
            id: of.id.to_string(),
            site: of.site.to_string(),
            offer: of.offer.map(|offer| offer.to_string()),
            from: of.from,
            until: of.until,
            reason: of.reason,
            announced_at: of.announced,
            announced_by: of.by,
        }
    }
}
