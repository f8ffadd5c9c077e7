//! What an application is to achieve (service level objectives, ISO/IEC 19086-1),
//! and by which indicator that is measured.

use super::{Component, HealthProbe, Protocol, TcpProbe};
use crate::{quantity::TimeSpan, sla::Window};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be achieved, measured all the time. A round is one measurement:
/// `target` is the least share of them, in percent, that must be good within
/// each `window`; what is not measured counts neither way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Service level")]
pub enum ServiceLevel {
    /// That the component answers. A round is good where any of its instances does.
    Availability(AvailabilityLevel),
    /// That the component answers in time. A round counts the share of its
    /// instances that do; one that fails is too late.
    Latency(LatencyLevel),
    /// That a query of measurements gives numbers within bounds.
    Query(QueryLevel),
}

/// That a component answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Availability", example = serde_json::json!({ "component": "web", "target": 99.9 }))]
pub struct AvailabilityLevel {
    /// The component.
    pub component: String,
    /// What is tried. Where it is absent: the component's health check; where
    /// it has none: a connection to its first TCP port, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<HealthProbe>,
    /// Percent of the rounds, more than 0, at most 100.
    pub target: Decimal,
    /// The calendar window (UTC) within which it holds.
    #[serde(default = "month")]
    pub window: Window,
    /// Time between two rounds, from 1s to 1h.
    #[serde(default = "ten_seconds")]
    pub every: TimeSpan,
}

/// That a component answers in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Latency", example = serde_json::json!({ "component": "web", "below": "250ms", "target": 95 }))]
pub struct LatencyLevel {
    /// The component.
    pub component: String,
    /// What is tried, as of availability. Its time is that until the head of the
    /// answer is there, or the connection is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<HealthProbe>,
    /// An answer is in time before this, at most 10s.
    pub below: TimeSpan,
    /// Percent of the rounds, more than 0, at most 100.
    pub target: Decimal,
    /// The calendar window (UTC) within which it holds.
    #[serde(default = "month")]
    pub window: Window,
    /// Time between two rounds, from 1s to 1h.
    #[serde(default = "ten_seconds")]
    pub every: TimeSpan,
}

/// That a query of measurements gives numbers within bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Level of a query", example = serde_json::json!({ "promql": "sum(rate(requests_total[1m]))", "atLeast": 100, "target": 99 }))]
pub struct QueryLevel {
    /// PromQL that gives one number, as scaling policies ask it.
    pub promql: String,
    /// It is good from this on. At least one of `atLeast` and `atMost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// It is good up to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Percent of the rounds, more than 0, at most 100.
    pub target: Decimal,
    /// The calendar window (UTC) within which it holds.
    #[serde(default = "month")]
    pub window: Window,
    /// Time between two rounds, from 1s to 1h.
    #[serde(default = "ten_seconds")]
    pub every: TimeSpan,
}

fn month() -> Window {
    Window::Month
}

fn ten_seconds() -> TimeSpan {
    TimeSpan::from_millis(10_000)
}

impl ServiceLevel {
    /// Its kind, as it is written.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Availability(_) => "availability",
            Self::Latency(_) => "latency",
            Self::Query(_) => "query",
        }
    }

    /// The component that is tried, and by what where that is stated.
    #[must_use]
    pub fn probed(&self) -> Option<(&str, Option<&HealthProbe>)> {
        match self {
            Self::Availability(level) => Some((&level.component, level.probe.as_ref())),
            Self::Latency(level) => Some((&level.component, level.probe.as_ref())),
            Self::Query(_) => None,
        }
    }

    /// By what a component is tried: as stated, by its health check, or by a
    /// connection to its first TCP port. None: it has none of these.
    #[must_use]
    pub fn probe(&self, component: &Component) -> Option<HealthProbe> {
        let (_, stated) = self.probed()?;
        let known = stated.or_else(|| component.health.as_ref().map(|health| &health.probe));
        known.cloned().or_else(|| {
            let mut ports = component.ports.iter().filter(|(_, port)| port.protocol == Protocol::Tcp);
            ports.next().map(|(port, _)| HealthProbe::Tcp(TcpProbe { port: port.clone() }))
        })
    }

    /// Percent of the rounds that must be good.
    #[must_use]
    pub const fn target(&self) -> Decimal {
        match self {
            Self::Availability(level) => level.target,
            Self::Latency(level) => level.target,
            Self::Query(level) => level.target,
        }
    }

    /// The calendar window within which it holds.
    #[must_use]
    pub const fn window(&self) -> Window {
        match self {
            Self::Availability(level) => level.window,
            Self::Latency(level) => level.window,
            Self::Query(level) => level.window,
        }
    }

    /// Time between two rounds.
    #[must_use]
    pub const fn every(&self) -> TimeSpan {
        match self {
            Self::Availability(level) => level.every,
            Self::Latency(level) => level.every,
            Self::Query(level) => level.every,
        }
    }
}
