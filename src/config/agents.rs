//! How machines that this broker rents find it.

use super::ConfigFault;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The agents that run packages in rented machines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AgentSettings {
    /// Where machines reach this broker. Absent: `server.public_url`, or where it listens.
    pub url: Option<String>,
    /// Certificates (PEM) of further authorities that machines are to trust for that.
    pub authorities: Option<PathBuf>,
}

/// Every rule that they break.
pub(super) fn check(agents: &AgentSettings, faults: &mut Vec<ConfigFault>) {
    let Some(url) = &agents.url else { return };
    let good = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !good || url.contains(char::is_whitespace) || url.contains('\'') {
        faults.push(ConfigFault::new(
            "agents.url",
            format!("`{url}` is no address of a broker"),
            "give one such as https://broker.example",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one() {
        let of = |url: &str| {
            let mut faults = Vec::new();
            check(&AgentSettings { url: Some(url.to_owned()), authorities: None }, &mut faults);
            faults.len()
        };
        assert_eq!((of("https://broker.example"), of("http://192.0.2.1:8080")), (0, 0));
        assert_eq!((of("broker.example"), of("ftp://x"), of("https://x/' ; reboot")), (1, 1, 1));
    }
}
