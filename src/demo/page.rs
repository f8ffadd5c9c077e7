//! The sample application's page: who answered, from the proxy to the database.

use crate::failure::Failure;
use std::{collections::BTreeMap, time::Duration};

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who answered a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The proxy.
    pub proxy: String,
    /// The application server.
    pub application: String,
    /// Its site.
    pub site: String,
    /// The database.
    pub database: String,
    /// How many visits the database has counted.
    pub visits: u64,
}

impl Page {
    /// Fetches the page from `address`.
    ///
    /// # Errors
    /// When nobody answers, or the page does not prove the whole chain.
    pub(super) async fn fetch(address: &str) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::failed(format!("the page at http://{address}/ can't be had: {error}"))
        };
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|error| failed(&error))?;
        let answer = client
            .get(format!("http://{address}/"))
            .header("Accept", "text/plain")
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| failed(&error))?;
        if !status.is_success() {
            return Err(failed(&format!("{status}: {}", text.trim())));
        }
        Self::read(&text).ok_or_else(|| failed(&format!("it does not name proxy, application and database: {text}")))
    }

    fn read(text: &str) -> Option<Self> {
        let facts: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(": ")).collect();
        let fact = |name: &str| {
            facts.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty() && value != "none")
        };
        Some(Self {
            proxy: fact("proxy")?,
            application: fact("application")?,
            site: fact("site")?,
            database: fact("database")?,
            visits: fact("visits")?.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "proxy        {}\napplication  {} at {}\ndatabase     {}\nvisits       {}",
            self.proxy, self.application, self.site, self.database, self.visits
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_must_name_every_tier() {
        let whole = "proxy: proxy#0\napplication: application#1\nsite: urn:x\ndatabase: database#0\nvisits: 7\n";
        assert_eq!(Page::read(whole).map(|page| page.visits), Some(7));
        assert_eq!(Page::read(&whole.replace("proxy#0", "none")), None);
        assert_eq!(Page::read("visits: 7\n"), None);
    }
}
