//! How applications are scaled by their policies.

use super::ConfigFault;
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How applications are scaled by their policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScalingSettings {
    /// How often policies are asked.
    pub interval: TimeSpan,
    /// The Prometheus that `promql` asks for what this broker doesn't measure itself.
    pub prometheus: PrometheusSettings,
}

impl Default for ScalingSettings {
    fn default() -> Self {
        Self { interval: TimeSpan::from_millis(1_000), prometheus: PrometheusSettings::default() }
    }
}

/// A Prometheus. Every tenant may ask what it holds; one with tenants of its
/// own (`X-Scope-OrgID`) is told whose question it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PrometheusSettings {
    /// Where it is. Absent: there is none.
    pub url: Option<String>,
    /// A file with the token that opens it.
    pub token_file: Option<PathBuf>,
    /// Certificates (PEM) that are trusted there in place of the system's.
    pub authorities: Option<PathBuf>,
}

/// Every rule that they break.
pub(super) fn check(scaling: &ScalingSettings, faults: &mut Vec<ConfigFault>) {
    if !(100_000..=3_600_000_000).contains(&scaling.interval.0) {
        let said = format!("{} is out of range", scaling.interval);
        faults.push(ConfigFault::new("scaling.interval", said, "give 100ms to 1h"));
    }
    if let Some(url) = &scaling.prometheus.url {
        let access = hansa_assurance::Access::Open;
        let settings = hansa_assurance::Settings::new(url.clone(), access);
        if let Err(error) = hansa_assurance::Prometheus::new(settings) {
            let remedy = "give one such as https://prometheus.example:9090, without a user or a password";
            faults.push(ConfigFault::new("scaling.prometheus.url", error.to_string(), remedy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_an_address_that_can_be() {
        let of = |interval, url: Option<&str>| {
            let prometheus = PrometheusSettings { url: url.map(str::to_owned), ..PrometheusSettings::default() };
            let mut faults = Vec::new();
            check(&ScalingSettings { interval: TimeSpan::from_millis(interval), prometheus }, &mut faults);
            faults.len()
        };
        assert_eq!((of(1_000, None), of(99, None), of(3_600_001, None)), (0, 1, 1));
        assert_eq!((of(1_000, Some("http://127.0.0.1:9090")), of(1_000, Some("prometheus"))), (0, 1));
        assert_eq!(of(1_000, Some("http://user:word@127.0.0.1")), 1);
    }
}
