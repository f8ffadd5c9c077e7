//! What can go wrong here, in one type.

use hansa_ontology::WorkloadId;
use hansa_repository::{
    ErrorKind as RepositoryKind, RepositoryError,
    system::{SystemError, SystemErrorKind},
};
use std::{io, net::IpAddr, path::PathBuf};

/// The coarse sort of an error: what a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The wish itself is wrong; asking again won't help.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// Something else has what is needed; later it may be free.
    Conflict,
    /// The disk is full.
    Full,
    /// Try again.
    Unavailable,
    /// A fault of this program.
    Internal,
}

/// An error of the Workload Deployment Manager.
#[derive(Debug, thiserror::Error)]
pub enum WdmError {
    /// A field of the specification can't be used.
    #[error("`{field}`: {problem}")]
    Invalid {
        /// The field, as a path.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// No connector runs this kind of package.
    #[error(
        "component `{component}`: {system} runs no {package} package; use another kind of package, or constrain the component to offers that run it"
    )]
    NoConnector {
        /// The component.
        component: String,
        /// What would have to run it: `system edge`, `this machine`.
        system: String,
        /// Kind of package.
        package: &'static str,
    },
    /// What a real system refuses or fails at.
    #[error(transparent)]
    System(#[from] SystemError),
    /// This broker speaks to no system.
    #[error("the workload runs on system {0}, and this broker speaks to no system; connect it again")]
    NoSystems(String),
    /// There is no such workload.
    #[error("there is no workload {0}")]
    NotFound(WorkloadId),
    /// A port number is taken.
    #[error(
        "component `{component}` asks for {protocol} port {number} as `{port}`, but {address}:{number} is taken by {holder}; free it or ask for another number"
    )]
    PortTaken {
        /// The component.
        component: String,
        /// The port's name.
        port: String,
        /// The protocol.
        protocol: &'static str,
        /// The node's address.
        address: IpAddr,
        /// The number.
        number: u16,
        /// Who has it.
        holder: String,
    },
    /// No number of the range is free.
    #[error("no port from {first} to {last} is free on {address}; widen the range of ports in the configuration")]
    PortsExhausted {
        /// The node's address.
        address: IpAddr,
        /// First number of the range.
        first: u16,
        /// Last number of the range.
        last: u16,
    },
    /// The workload is being removed and can't be run again.
    #[error("workload {0} is being removed; take a new id for a new copy")]
    BeingRemoved(WorkloadId),
    /// The operating system refused.
    #[error("can't {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of ours can't be read as what it should be.
    #[error("{} isn't as this program wrote it: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// Volumes belong to a workload that is still there.
    #[error("workload {0} still has these volumes; remove it first")]
    VolumeInUse(WorkloadId),
    /// The client for health checks can't be made.
    #[error("the client for health checks can't be made: {0}")]
    Client(#[source] reqwest::Error),
    /// The supervisor of a workload gave up before it had begun.
    #[error("the workload's supervisor ended at once ({status}): {complaint}")]
    Supervisor {
        /// How it ended.
        status: String,
        /// What it said.
        complaint: String,
    },
    /// A step before a container ended, and not well.
    #[error("init step {number}: {how}{}", said(last))]
    Step {
        /// Which, counted from 1.
        number: usize,
        /// How it ended.
        how: String,
        /// The last lines that it wrote.
        last: Vec<String>,
    },
    /// The database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A task inside this process ended early.
    #[error("a task of the workload manager ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The last lines, where there are any.
fn said(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("; it wrote: {}", lines.join(" / ")) }
}

impl WdmError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::NoConnector { .. } => ErrorKind::Invalid,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::PortTaken { .. } | Self::PortsExhausted { .. } | Self::BeingRemoved(_) => ErrorKind::Conflict,
            Self::Io { source, .. } if is_full(source) => ErrorKind::Full,
            Self::Io { .. } | Self::Supervisor { .. } | Self::Step { .. } => ErrorKind::Unavailable,
            Self::Repository(source) => repository_kind(source),
            // It concerns one workload alone, however the system fails.
            Self::VolumeInUse(_) | Self::System(_) | Self::NoSystems(_) => ErrorKind::Conflict,
            Self::Damaged { .. } | Self::Client(_) | Self::Task(_) => ErrorKind::Internal,
        }
    }

    /// The package can't be had here, as far as its system is asked; elsewhere it
    /// may be. What is wrong with the package itself is no refusal.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::NoConnector { .. } => true,
            Self::System(error) => error.kind.is_refusal() && !matches!(error.kind, SystemErrorKind::Invalid),
            _ => false,
        }
    }

    /// For `map_err` after a file operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

fn repository_kind(error: &RepositoryError) -> ErrorKind {
    match error.kind() {
        RepositoryKind::NotFound | RepositoryKind::Conflict => ErrorKind::Conflict,
        RepositoryKind::Invalid => ErrorKind::Invalid,
        RepositoryKind::Busy | RepositoryKind::Unavailable => ErrorKind::Unavailable,
        RepositoryKind::Full => ErrorKind::Full,
        _ => ErrorKind::Internal,
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
