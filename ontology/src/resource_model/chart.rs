//! Where a Helm chart comes from: one rule for whoever reads a descriptor and
//! whoever carries it out.

use super::HelmPackage;

/// Where a chart comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartSource<'p> {
    /// The packed chart itself, in base64.
    Archive(&'p str),
    /// An artifact of an OCI registry, `oci://HOST/PATH`.
    Oci {
        /// The reference without a version.
        reference: &'p str,
        /// Its tag.
        version: &'p str,
    },
    /// A packed chart behind an `https://` address.
    Packed(&'p str),
    /// A chart of a repository.
    Repository {
        /// The repository's `https://` address.
        address: &'p str,
        /// The chart's name.
        name: &'p str,
        /// Its version.
        version: &'p str,
    },
}

impl ChartSource<'_> {
    /// What is asked over the network. None where nothing is.
    #[must_use]
    pub const fn address(&self) -> Option<&str> {
        match self {
            Self::Archive(_) => None,
            Self::Oci { reference: address, .. } | Self::Packed(address) | Self::Repository { address, .. } => {
                Some(address)
            }
        }
    }
}

/// What is wrong with a package's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartFault {
    /// The field; empty where one is missing.
    pub field: &'static str,
    /// A sentence without its subject: "must be …".
    pub problem: &'static str,
}

const EXACT: &str = "must be an exact version, such as 1.2.3: each instance gets the same";

impl HelmPackage {
    /// Where the chart comes from.
    ///
    /// # Errors
    /// The first field that is wrong or missing.
    pub fn source(&self) -> Result<ChartSource<'_>, ChartFault> {
        let fault = |field, problem| Err(ChartFault { field, problem });
        let (chart, archive) = match (&self.chart, &self.archive) {
            (None, None) => return fault("", "needs `chart` or `archive`"),
            (Some(_), Some(_)) => return fault("archive", "can't stand beside `chart`: leave one of them out"),
            (chart, archive) => (chart.as_deref().unwrap_or_default(), archive),
        };
        let fetched = archive.is_none() && (self.repository.is_some() || chart.starts_with("oci://"));
        let version = match self.version.as_deref() {
            Some(version) if !fetched && !version.is_empty() => {
                return fault("version", "says nothing to a packed chart, which has its own: leave it out");
            }
            Some(version) if fetched && is_exact(version) => version,
            None if !fetched => "",
            None => return fault("", "needs `version`"),
            Some(_) => return fault("version", EXACT),
        };
        match (archive, self.repository.as_deref()) {
            (Some(_), Some(_)) => fault("repository", "says nothing to an `archive`: leave it out"),
            (Some(archive), None) => Ok(ChartSource::Archive(archive)),
            (None, Some(address)) if !is_address(address, "https://") => {
                fault("repository", "must be an https:// address without a user's name")
            }
            (None, Some(_)) if !is_name(chart) => fault("chart", "must be the chart's name in `repository`"),
            (None, Some(address)) => Ok(ChartSource::Repository { address, name: chart, version }),
            (None, None) if is_address(chart, "oci://") => Ok(ChartSource::Oci { reference: chart, version }),
            (None, None) if is_address(chart, "https://") => Ok(ChartSource::Packed(chart)),
            (None, None) => fault(
                "chart",
                "must be oci://HOST/PATH, the https:// address of a packed chart, or a name in `repository`",
            ),
        }
    }
}

/// Three numbers, and what SemVer 2 allows behind them.
fn is_exact(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.strip_prefix('v').unwrap_or(core).split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    numbers.len() == 3
        && numbers.iter().all(is_number)
        && version.bytes().all(|it| it.is_ascii_alphanumeric() || b".-+".contains(&it))
}

/// An address that no program takes for something else, and that names no user.
fn is_address(address: &str, scheme: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~/:%+=?&,[]".contains(&letter);
    address.strip_prefix(scheme).is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(plain)
            && !rest.split('/').any(|step| step == "..")
    })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> Result<String, &'static str> {
        let package: HelmPackage = serde_json::from_value(json).unwrap();
        let read = package.source().map(|source| format!("{source:?}"));
        read.map_err(|fault| fault.field)
    }

    #[test]
    fn a_chart_comes_from_one_place() {
        let oci = serde_json::json!({ "chart": "oci://registry.example/charts/shop", "version": "1.2.3-rc.1+a" });
        assert!(read(oci).unwrap().starts_with("Oci"));
        let packed = serde_json::json!({ "chart": "https://charts.example/shop-1.2.3.tgz" });
        assert!(read(packed).unwrap().starts_with("Packed"));
        let named = serde_json::json!({ "chart": "shop", "repository": "https://charts.example", "version": "v1.2.3" });
        assert!(read(named).unwrap().starts_with("Repository"));
        assert!(read(serde_json::json!({ "archive": "AAAA" })).unwrap().starts_with("Archive"));
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        for (json, field) in [
            (serde_json::json!({}), ""),
            (serde_json::json!({ "chart": "shop", "archive": "AAAA" }), "archive"),
            (serde_json::json!({ "chart": "shop" }), "chart"),
            (serde_json::json!({ "chart": "http://charts.example/shop.tgz" }), "chart"),
            (serde_json::json!({ "chart": "https://me:secret@charts.example/shop.tgz" }), "chart"),
            (serde_json::json!({ "chart": "--post-renderer=/bin/sh" }), "chart"),
            (serde_json::json!({ "chart": "oci://registry.example/shop" }), ""),
            (serde_json::json!({ "chart": "oci://registry.example/shop", "version": "^1.2" }), "version"),
            (
                serde_json::json!({ "chart": "../shop", "repository": "https://charts.example", "version": "1.2.3" }),
                "chart",
            ),
            (serde_json::json!({ "chart": "shop", "repository": "file:///etc", "version": "1.2.3" }), "repository"),
            (serde_json::json!({ "archive": "AAAA", "version": "1.2.3" }), "version"),
        ] {
            assert_eq!(read(json.clone()), Err(field), "{json}");
        }
    }
}
