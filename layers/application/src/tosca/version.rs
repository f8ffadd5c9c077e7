//! Versions of the language.

use std::fmt;

/// A version of TOSCA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Simple Profile in YAML 1.0.
    V1_0,
    /// Simple Profile in YAML 1.1.
    V1_1,
    /// Simple Profile in YAML 1.2.
    V1_2,
    /// Simple Profile in YAML 1.3.
    V1_3,
    /// TOSCA 2.0.
    V2_0,
}

impl Version {
    /// Every version, the oldest first.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V2_0];

    /// What stands at `tosca_definitions_version`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "tosca_simple_yaml_1_0",
            Self::V1_1 => "tosca_simple_yaml_1_1",
            Self::V1_2 => "tosca_simple_yaml_1_2",
            Self::V1_3 => "tosca_simple_yaml_1_3",
            Self::V2_0 => "tosca_2_0",
        }
    }

    /// Whether it is 2.0 or later.
    #[must_use]
    pub const fn is_two(self) -> bool {
        matches!(self, Self::V2_0)
    }

    /// The version that a text names exactly.
    pub(crate) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The version that is meant by a text which names none exactly: other
    /// spellings, and profiles built upon the Simple Profile.
    pub(crate) fn meant(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        if text.starts_with("tosca_simple_profile_for_nfv") || text.starts_with("tosca_simple_profile_for_mec") {
            return Some(Self::V1_0);
        }
        if text == "tosca_simple_yaml_1_0_0" || text.ends_with("/ns/simple/yaml/1.0") {
            return Some(Self::V1_0);
        }
        let spelt = |version: &Self| {
            let number = version.as_str().rsplit("yaml_").next().unwrap_or_default().replace('_', ".");
            text.ends_with(&format!("/ns/simple/yaml/{number}"))
                || text.replace('.', "_") == version.as_str()
                || text.replace("profile", "yaml") == version.as_str()
        };
        Self::ALL.into_iter().find(spelt)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V2_0 => "2.0",
        })
    }
}
