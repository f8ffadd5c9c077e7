//! Whose an application is: organisations of tenants and their projects.

use crate::id::InvalidId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The longest name of an organisation, and of a project within it, in letters.
const LONGEST: usize = 40;

/// An organisation of tenants, by its name: 1 to 40 of `a-z`, `0-9` and `-`,
/// with a letter or digit at both ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct OrganisationId(String);

/// A project of an organisation, as `organisation/project`: what applications,
/// quotas and costs belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ProjectId(String);

impl OrganisationId {
    /// Takes a name such as `acme`.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidId> {
        let text = name.into();
        if is_name(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidId { text, expected: "a name of 1 to 40 of a-z, 0-9 and -, such as acme" })
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProjectId {
    /// Takes a name such as `acme/web`.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidId> {
        let text = name.into();
        match text.split_once('/') {
            Some((organisation, project)) if is_name(organisation) && is_name(project) => Ok(Self(text)),
            _ => Err(InvalidId { text, expected: "organisation/project, such as acme/web" }),
        }
    }

    /// The project of whoever uses a broker without login: `local/default`.
    #[must_use]
    pub fn local() -> Self {
        Self("local/default".to_owned())
    }

    /// The project that holds what partners ordered: `hansa/orders`. Nobody's member.
    #[must_use]
    pub fn orders() -> Self {
        Self("hansa/orders".to_owned())
    }

    /// A project that nobody has, as no name has a star: what may be done to it may be done to any.
    #[must_use]
    pub fn any() -> Self {
        Self("*/*".to_owned())
    }

    /// A project of this organisation that nobody has.
    #[must_use]
    pub fn any_of(organisation: &OrganisationId) -> Self {
        Self(format!("{organisation}/*"))
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The organisation it belongs to.
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        OrganisationId(self.0.split_once('/').map_or(self.0.as_str(), |(organisation, _)| organisation).to_owned())
    }

    /// Its name within the organisation.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }
}

fn is_name(text: &str) -> bool {
    let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=LONGEST).contains(&text.len()) && text.chars().all(known) && !text.starts_with('-') && !text.ends_with('-')
}

macro_rules! text_id {
    ($($name:ident)+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

text_id!(OrganisationId ProjectId);

/// Whose things are looked at: what a list is cut down to for whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProjectScope {
    /// Everybody's.
    #[default]
    All,
    /// Of these projects only; of none, nothing.
    Only(BTreeSet<ProjectId>),
}

impl ProjectScope {
    /// Whether things of this project are within it.
    #[must_use]
    pub fn covers(&self, project: &ProjectId) -> bool {
        match self {
            Self::All => true,
            Self::Only(projects) => projects.contains(project),
        }
    }

    /// What of it is this project's; everything where none is named.
    #[must_use]
    pub fn narrowed(self, to: Option<&ProjectId>) -> Self {
        match to {
            None => self,
            Some(project) if self.covers(project) => Self::Only(BTreeSet::from([project.clone()])),
            Some(_) => Self::Only(BTreeSet::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_an_organisation_and_a_name() {
        let project = ProjectId::new("acme/web-1").unwrap();
        assert_eq!((project.organisation().as_str(), project.name()), ("acme", "web-1"));
        for bad in ["", "acme", "acme/", "/web", "acme/web/x", "Acme/web", "acme/-web", "acme/we b", "acme/w\u{e9}b"] {
            assert!(ProjectId::new(bad).is_err(), "{bad}");
        }
        assert!(OrganisationId::new("a".repeat(41)).is_err());
        assert_eq!(ProjectId::new(ProjectId::local().as_str()).unwrap(), ProjectId::local());
        assert_eq!(ProjectId::new(ProjectId::orders().as_str()).unwrap(), ProjectId::orders());
    }

    #[test]
    fn a_scope_of_no_project_covers_nothing() {
        assert!(ProjectScope::All.covers(&ProjectId::local()));
        assert!(!ProjectScope::Only(BTreeSet::new()).covers(&ProjectId::local()));
    }
}
