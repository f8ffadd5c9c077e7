//! Where a Prometheus is, and what opens it.

use super::PrometheusError;
use std::{fmt, time::Duration};
use url::Url;

/// A text that no log, error or answer shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What opens a Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    /// Nothing is needed.
    #[default]
    Open,
    /// A token (RFC 6750).
    Bearer(Secret),
    /// User and password (RFC 7617).
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// Where a Prometheus is, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Such as `https://prometheus.example:9090` or `https://mimir.example/prometheus`.
    pub address: String,
    /// What opens it.
    pub access: Access,
    /// Certificates in PEM that are trusted in place of the system's.
    pub trust: Option<String>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often it is tried where the server can't be reached or is busy.
    pub tries: u32,
    /// The most bytes of an answer.
    pub answer_bytes: usize,
}

impl Settings {
    /// With 10 s for a try, 3 tries, and 4 MiB for an answer.
    #[must_use]
    pub fn new(address: impl Into<String>, access: Access) -> Self {
        let timeout = Duration::from_secs(10);
        Self { address: address.into(), access, trust: None, timeout, tries: 3, answer_bytes: 4 << 20 }
    }

    /// Where instant queries are asked.
    pub(super) fn query_url(&self) -> Result<Url, PrometheusError> {
        let wrong =
            |wrong: &str, remedy| Err(PrometheusError::Settings { field: "address", wrong: wrong.to_owned(), remedy });
        let Ok(mut url) = Url::parse(self.address.trim()) else {
            return wrong("is no URL", "give one such as https://prometheus.example:9090");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return wrong("is not one of http or https", "give one such as https://prometheus.example:9090");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("holds a user or a password", "set them as its credential");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("holds a query or a fragment", "end it before ? and #");
        }
        let path = format!("{}/api/v1/query", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_checked_and_completed() {
        let url = |address: &str| Settings::new(address, Access::Open).query_url().map(|url| url.to_string());
        assert_eq!(url("http://a:9090"), Ok("http://a:9090/api/v1/query".to_owned()));
        assert_eq!(url(" https://a/prometheus/ "), Ok("https://a/prometheus/api/v1/query".to_owned()));
        for (address, told) in [
            ("a:9090", "http or https"),
            ("nothing", "is no URL"),
            ("ftp://a", "http or https"),
            ("http://me:secret@a", "set them as its credential"),
            ("http://a?x=1", "before ? and #"),
        ] {
            let error = url(address).expect_err(address).to_string();
            assert!(error.contains(told) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let access = Access::Basic { user: "me".to_owned(), password: Secret::new("hidden") };
        let shown = format!("{:?} {:?}", Settings::new("http://a", access), Access::Bearer(Secret::new("hidden")));
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
