//! Where carbon intensity comes from.

use super::ConfigFault;
use hansa_ontology::{SiteId, quantity::TimeSpan};
use hansa_sustainability::{
    SustainabilityError,
    feed::{Access, Feed, Limits},
    service::Format,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// Where carbon intensity comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SustainabilitySettings {
    /// The zone of the grid at sites, as the series name it. Absent: the site's country.
    pub zones: BTreeMap<SiteId, String>,
    /// Sources that are asked again and again.
    pub feeds: Vec<FeedSettings>,
}

/// A source of series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedSettings {
    /// Its name in logs, and the source of what it says where the format names none.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// How it answers.
    pub format: String,
    /// How often it is asked.
    #[serde(default = "usual")]
    pub every: TimeSpan,
    /// The header that opens it. Absent: `authorization`, with a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A file with what stands in that header. Absent: it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
}

fn usual() -> TimeSpan {
    TimeSpan::from_millis(900_000)
}

impl FeedSettings {
    /// The source, and how it answers. `secret` is what its file holds.
    ///
    /// # Errors
    /// Names what can't be; never shows the secret.
    pub(crate) fn feed(&self, secret: Option<&str>) -> Result<(Feed, Format), SustainabilityError> {
        let format = self.format.parse()?;
        let access = match (secret, &self.header) {
            (None, _) => None,
            (Some(secret), Some(header)) => Some(Access::header(header, secret)?),
            (Some(secret), None) => Some(Access::bearer(secret)?),
        };
        Ok((Feed::new(&self.name, &self.url, access, Limits::default())?, format))
    }
}

/// Every rule that they break.
pub(super) fn check(sustainability: &SustainabilitySettings, faults: &mut Vec<ConfigFault>) {
    let mut names = BTreeSet::new();
    for (place, feed) in sustainability.feeds.iter().enumerate() {
        let field = |name: &str| format!("sustainability.feeds[{place}].{name}");
        if !(60_000_000..=86_400_000_000).contains(&feed.every.0) {
            let said = format!("{} is out of range", feed.every);
            faults.push(ConfigFault::new(field("every"), said, "give 1m to 24h"));
        }
        if feed.name.trim().is_empty() || !names.insert(&feed.name) {
            faults.push(ConfigFault::new(field("name"), "it is empty, or another feed has it", "give each its own"));
        }
        if let Err(error) = feed.feed(None) {
            let remedy = "give an address with http or https, without a secret, and a format that is known";
            faults.push(ConfigFault::new(field("url"), error.to_string(), remedy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_that_can_be_asked() {
        let of = |url: &str, format: &str, every: u64| {
            let feed = FeedSettings {
                name: "grid".to_owned(),
                url: url.to_owned(),
                format: format.to_owned(),
                every: TimeSpan::from_millis(every),
                header: None,
                secret_file: None,
            };
            let mut faults = Vec::new();
            check(&SustainabilitySettings { feeds: vec![feed], ..SustainabilitySettings::default() }, &mut faults);
            faults.len()
        };
        assert_eq!(of("https://grid.example/v3", "electricity-maps", 900_000), 0);
        assert_eq!(of("https://user:word@grid.example", "csv", 900_000), 1);
        assert_eq!((of("ftp://grid.example", "csv", 900_000), of("https://grid.example", "xml", 900_000)), (1, 1));
        assert_eq!(of("https://grid.example", "csv", 1), 1);
    }
}
