//! What can go wrong here, and what the caller does about it.

use crate::model::NodeRefusal;
use hansa_ontology::{MachineId, SiteId};
use hansa_repository::{RepositoryError, system::SystemError};
use std::{io, path::PathBuf};
use uuid::Uuid;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PimError {
    /// No node of the site can give what is asked.
    #[error("no node of site {site} can give {asked}{}", refusals(.nodes))]
    NoRoom {
        /// The site.
        site: SiteId,
        /// What was asked, in words.
        asked: String,
        /// For each node of the site why not. None: the site has no nodes.
        nodes: Vec<NodeRefusal>,
    },
    /// The machine exists and was asked for differently.
    #[error("machine {machine} exists and has a different {differs}; release it first, or take a new machine id")]
    Conflict {
        /// The machine.
        machine: MachineId,
        /// What differs.
        differs: &'static str,
    },
    /// The machine is on its way out.
    #[error("machine {machine} is being released; repeat the release, then ask for a new machine")]
    Releasing {
        /// The machine.
        machine: MachineId,
    },
    /// A node in the configuration breaks a rule.
    #[error("node `{node}`: {message}")]
    InvalidNode {
        /// Its name.
        node: String,
        /// The field, what is wrong and what would be right.
        message: String,
    },
    /// There is no such node.
    #[error("there is no node `{0}`")]
    NoNode(String),
    /// There is no such maintenance.
    #[error("there is no maintenance `{0}`; `hansa maintenance list` shows those that there are")]
    NoMaintenance(Uuid),
    /// Green mode is off there.
    #[error("green mode is off for {0}; `hansa node green` shows where it is on")]
    NoGreen(String),
    /// A node, or what it is asked to be, breaks a rule.
    #[error("{field}: {message}")]
    Field {
        /// Which field, as a JSON Pointer.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The node stands in the configuration file.
    #[error("node `{0}` stands in the configuration file: change it there and restart the broker")]
    Configured(String),
    /// The node or site is in use.
    #[error("{0}")]
    InUse(String),
    /// It changed since the caller saw it.
    #[error("{0} changed in the meantime; read it again")]
    Changed(String),
    /// A machine's directory cannot be made or removed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Directory {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This machine does not tell what it has.
    #[error("cannot find out {what} of this machine: {source}; state it in the node's configuration")]
    Host {
        /// What was asked of the system.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What a real system refuses or fails at.
    #[error(transparent)]
    System(#[from] SystemError),
    /// The database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// What a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Plan anew: there is no room here now.
    NoRoom,
    /// It clashes with what is there.
    Conflict,
    /// It is not as the caller saw it.
    PreconditionFailed,
    /// The configuration is wrong.
    Invalid,
    /// What is stored refers to what does not exist.
    NotFound,
    /// A disk is full: an operator must help.
    Full,
    /// Try again.
    Unavailable,
    /// A bug or an unknown failure.
    Internal,
}

impl PimError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRoom { .. } => ErrorKind::NoRoom,
            Self::Conflict { .. } | Self::Releasing { .. } => ErrorKind::Conflict,
            Self::System(error) if error.kind.is_refusal() => ErrorKind::NoRoom,
            Self::System(_) => ErrorKind::Unavailable,
            Self::InvalidNode { .. } | Self::Field { .. } => ErrorKind::Invalid,
            Self::NoNode(_) | Self::NoMaintenance(_) | Self::NoGreen(_) => ErrorKind::NotFound,
            Self::Configured(_) | Self::InUse(_) => ErrorKind::Conflict,
            Self::Changed(_) => ErrorKind::PreconditionFailed,
            Self::Directory { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
                _ => ErrorKind::Unavailable,
            },
            Self::Host { .. } => ErrorKind::Internal,
            Self::Repository(error) => of_repository(error),
        }
    }
}

fn of_repository(error: &RepositoryError) -> ErrorKind {
    use hansa_repository::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Full => ErrorKind::Full,
        Kind::Busy | Kind::Unavailable => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

/// `: n1: why, why; n2: why`.
fn refusals(nodes: &[NodeRefusal]) -> String {
    if nodes.is_empty() {
        return "; the site has no nodes: add one to its configuration".to_owned();
    }
    let each: Vec<String> =
        nodes.iter().map(|refusal| format!("{}: {}", refusal.node, refusal.reasons.join(", "))).collect();
    format!("; {}", each.join("; "))
}
