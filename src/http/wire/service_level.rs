//! How service levels stand, on the wire.

use chrono::{DateTime, Utc};
use hansa_assurance::{ROUND, Tally};
use hansa_service_orchestrator::{Sample, ServiceLevelView};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The service levels of an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceLevels {
    /// By name. Empty: its description states none.
    pub items: Vec<ServiceLevel>,
}

/// How a service level stands in the window of now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceLevel {
    /// Its name.
    pub name: String,
    /// `availability`, `latency` or `query`.
    pub kind: String,
    /// The component that is tried; none where a query is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Percent of the rounds that must be good.
    pub target: f64,
    /// `hour`, `day`, `week`, `month` or `year`.
    pub window: String,
    /// Where the window begins (UTC).
    pub from: DateTime<Utc>,
    /// Where the next one begins.
    pub until: DateTime<Utc>,
    /// `unmeasured`; `kept`; `at-risk`: half of the window's error budget is
    /// spent; or `missed`: all of it is.
    pub state: String,
    /// Percent of the measured rounds that were good; none where none was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_percent: Option<f64>,
    /// Rounds that were measured in the window. One may be partly good.
    pub rounds: f64,
    /// How much of the window's error budget is spent; none where the target leaves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_spent_percent: Option<f64>,
    /// What was measured last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<ServiceLevelSample>,
    /// The hours of the last day in which anything was measured.
    pub hours: Vec<ServiceLevelHour>,
}

/// What one round found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceLevelSample {
    /// When.
    pub at: DateTime<Utc>,
    /// How much of the round was good; none where nothing could be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_percent: Option<f64>,
    /// Seconds until the slowest good answer, or the query's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why it is not good, or not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What was measured in an hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceLevelHour {
    /// When it begins (UTC).
    pub hour: DateTime<Utc>,
    /// Good rounds.
    pub good: f64,
    /// Bad rounds.
    pub bad: f64,
}

impl From<Vec<ServiceLevelView>> for ServiceLevels {
    fn from(views: Vec<ServiceLevelView>) -> Self {
        Self { items: views.into_iter().map(ServiceLevel::from).collect() }
    }
}

impl From<ServiceLevelView> for ServiceLevel {
    fn from(ServiceLevelView { name, level, compliance, latest, hours }: ServiceLevelView) -> Self {
        Self {
            name,
            kind: level.kind().to_owned(),
            component: level.probed().map(|(component, _)| component.to_owned()),
            target: number(level.target()),
            window: level.window().name().to_owned(),
            from: compliance.from,
            until: compliance.until,
            state: compliance.state.name().to_owned(),
            good_percent: compliance.tally.percent().map(number),
            rounds: rounds(compliance.tally.all()),
            budget_spent_percent: compliance.spent.map(number),
            latest: latest.map(ServiceLevelSample::from),
            hours: hours
                .into_iter()
                .map(|(hour, Tally { good, bad })| ServiceLevelHour { hour, good: rounds(good), bad: rounds(bad) })
                .collect(),
        }
    }
}

impl ServiceLevel {
    /// What was found last, in words.
    pub(crate) fn found(&self) -> String {
        let Some(latest) = &self.latest else { return "nothing yet".to_owned() };
        let value = latest.value.map(|value| match self.component {
            Some(_) => format!("{value:.3} s"),
            None => value.to_string(),
        });
        latest.said.clone().or(value).unwrap_or_default()
    }
}

impl From<Sample> for ServiceLevelSample {
    fn from(of: Sample) -> Self {
        let good_percent = of.good.map(|good| rounds(good) * 100.0);
        Self { at: of.at, good_percent, value: of.value, said: of.said }
    }
}

fn rounds(thousandths: u64) -> f64 {
    number(Decimal::from(thousandths) / Decimal::from(ROUND))
}

/// To a thousandth.
fn number(exact: Decimal) -> f64 {
    exact.round_dp(3).to_f64().unwrap_or_default()
}
