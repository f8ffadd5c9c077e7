//! Maintenance: a node, or all nodes of a site, that are to be empty.

use super::Node;
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, SiteId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What is to be empty. Written `node/NAME` or `site/IRI`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MaintenanceTarget {
    /// One node, by its name.
    Node(String),
    /// A site with all nodes that it has, or gets.
    Site(SiteId),
}

/// The text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither node/NAME nor site/IRI")]
pub struct InvalidTarget(String);

impl fmt::Display for MaintenanceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "node/{name}"),
            Self::Site(site) => write!(f, "site/{site}"),
        }
    }
}

impl FromStr for MaintenanceTarget {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let refuse = || InvalidTarget(text.to_owned());
        match text.split_once('/') {
            Some(("node", name)) if !name.is_empty() => Ok(Self::Node(name.to_owned())),
            Some(("site", iri)) => iri.parse().map(Self::Site).ok().ok_or_else(refuse),
            _ => Err(refuse()),
        }
    }
}

/// A node or a site that is being drained, or is empty and stays so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Its id.
    pub id: Uuid,
    /// What is to be empty.
    pub target: MaintenanceTarget,
    /// Why, for people.
    pub reason: String,
    /// Until when its owner wants it empty. Passing it stops nothing; it is told.
    pub deadline: Option<DateTime<Utc>>,
    /// Whether components that keep data in a volume move too: they begin with empty volumes elsewhere.
    pub leave_volumes: bool,
    /// How many machines were there when it began.
    pub machines_at_begin: u64,
    /// Since when.
    pub begun_at: DateTime<Utc>,
    /// Who wanted it.
    pub begun_by: Actor,
    /// When the last machine was gone. None: some are left.
    pub drained_at: Option<DateTime<Utc>>,
    /// Whether it was told that the deadline has passed.
    pub overdue_told: bool,
    /// Grows with every change.
    pub version: i64,
}

/// A maintenance that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMaintenance {
    /// Its id.
    pub id: Uuid,
    /// What is to be empty.
    pub target: MaintenanceTarget,
    /// Why, for people.
    pub reason: String,
    /// Until when.
    pub deadline: Option<DateTime<Utc>>,
    /// As in [`Maintenance`].
    pub leave_volumes: bool,
    /// Who wants it.
    pub actor: Actor,
}

/// That a node is to be empty, as whoever places and moves machines sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// As in [`Maintenance`].
    pub leave_volumes: bool,
}

impl MaintenanceTarget {
    /// Whether the node is, or belongs to, what is to be empty.
    #[must_use]
    pub fn covers(&self, node: &Node) -> bool {
        match self {
            Self::Node(name) => *name == node.name,
            Self::Site(iri) => *iri == node.site,
        }
    }
}

impl NewMaintenance {
    /// Whether the node is to be empty because of it.
    #[must_use]
    pub fn covers(&self, node: &Node) -> bool {
        self.target.covers(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_and_read() {
        for text in ["node/n-1", "site/urn:hansa:site:local"] {
            assert_eq!(text.parse::<MaintenanceTarget>().unwrap().to_string(), text);
        }
        for bad in ["", "node", "node/", "site/", "site/no iri", "rack/1"] {
            assert!(bad.parse::<MaintenanceTarget>().is_err(), "{bad}");
        }
    }
}
