//! Where carbon intensity comes from.

use super::ConfigFault;
use hansa_ontology::{SiteId, quantity::TimeSpan};
use hansa_sustainability::{
    SustainabilityError,
    energy::Coefficients,
    feed::{Access, Feed, Limits},
    service::Format,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
};

/// Where carbon intensity comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SustainabilitySettings {
    /// The zone of the grid at sites, as the series name it. Absent: the site's country.
    pub zones: BTreeMap<SiteId, String>,
    /// Sources that are asked again and again.
    pub feeds: Vec<FeedSettings>,
    /// Files with coefficients, of which the later ones go first: what is drawn where
    /// there is no meter.
    pub coefficients: Vec<PathBuf>,
}

/// The most bytes of a file with coefficients.
const LARGEST_TABLE: u64 = 16 << 20;

impl SustainabilitySettings {
    /// The built-in coefficients with those of the files, and which rows of published
    /// tables are left out, as they can't be right.
    ///
    /// # Errors
    /// Names the file that can't be read, or is no such table.
    pub(crate) fn coefficients(&self) -> Result<(Coefficients, Vec<String>), ConfigFault> {
        let (mut all, mut left_out) = (Coefficients::default(), Vec::new());
        for (place, path) in self.coefficients.iter().enumerate() {
            let refused = |error: &dyn std::fmt::Display| {
                let remedy = "name a readable file of the form figure,name,value,unit,source, or a table of Cloud Carbon Footprint";
                ConfigFault::new(
                    format!("sustainability.coefficients[{place}]"),
                    format!("{}: {error}", path.display()),
                    remedy,
                )
            };
            let text = table(path).map_err(|error| refused(&error))?;
            if text.trim_start_matches('\u{feff}').starts_with("figure,") {
                all.load(&text).map_err(|error| refused(&error))?;
            } else {
                let source = path.file_name().unwrap_or_default().to_string_lossy();
                let loaded = all.load_ccf(&text, &source).map_err(|error| refused(&error))?;
                left_out.extend(loaded.faults.iter().map(|fault| format!("{}: {fault}", path.display())));
            }
        }
        Ok((all, left_out))
    }
}

fn table(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(LARGEST_TABLE + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST_TABLE {
        return Err(std::io::Error::other("it is larger than 16 MiB"));
    }
    Ok(text)
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
    if let Err(fault) = sustainability.coefficients() {
        faults.push(fault);
    }
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
    fn files_of_coefficients_go_before_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let of = |files: &[&PathBuf]| {
            let coefficients = files.iter().map(|path| (*path).clone()).collect();
            SustainabilitySettings { coefficients, ..SustainabilitySettings::default() }.coefficients()
        };
        let ours =
            file("ours.csv", "figure,name,value,unit,source\npue,,1.25,1,our meters\nmemory,,0.5,W/GB,our meters\n");
        let later = file("later.csv", "figure,name,value,unit,source\npue,,1.2,1,later\n");
        let published = file(
            "coefficients-aws-use.csv",
            ",Architecture,Min Watts,Max Watts,GB/Chip\n0,Own,1.5,3,10\n1,Bad,less,3,10\n",
        );
        let (all, left_out) = of(&[&ours, &published, &later]).unwrap();
        assert_eq!((all.default_pue.value, &*all.default_pue.source), (1_200_000, "later"));
        assert_eq!(&*all.memory.source, "our meters");
        assert_eq!(left_out.len(), 1, "{left_out:?}");
        assert!(left_out[0].contains("coefficients-aws-use.csv") && left_out[0].contains("Min Watts"), "{left_out:?}");
        let refused = |path: &PathBuf| of(&[&ours, path]).unwrap_err().to_string();
        let wrong = file("wrong.csv", "figure,name,value,unit,source\npue,,0.5,1,nobody\n");
        for (text, why) in [(refused(&wrong), "wrong.csv"), (refused(&folder.path().join("none.csv")), "No such file")]
        {
            assert!(text.contains("sustainability.coefficients[1]") && text.contains(why), "{text}");
        }
    }

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
