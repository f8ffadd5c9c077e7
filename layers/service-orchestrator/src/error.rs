//! What can go wrong, and of which kind it is.

use hansa_mco::McoError;
use hansa_ontology::{ProjectId, quota::QuotaExceeded};
use hansa_repository::RepositoryError;

/// An error of the service orchestrator.
#[derive(Debug, thiserror::Error)]
pub enum OrchestratorError {
    /// There is no such application.
    #[error("there is no application `{0}`")]
    NotFound(String),
    /// The name is taken.
    #[error("an application named `{0}` exists already; choose another name, or update that one")]
    NameTaken(String),
    /// Several applications have the name.
    #[error("{} applications are called `{name}`; name one's project too: {}", .projects.len(), whole_names(.name, .projects))]
    Ambiguous {
        /// The name.
        name: String,
        /// The projects that have one of that name, as far as the caller may see them.
        projects: Vec<ProjectId>,
    },
    /// A quota would be broken.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// Nothing may grow now, and why.
    #[error("{0}")]
    Frozen(String),
    /// The application changed since the caller saw it.
    #[error(
        "the application has version {current} and the change was made for version {expected}; read it again and repeat the change"
    )]
    VersionMismatch {
        /// What the caller saw.
        expected: i64,
        /// What it is.
        current: i64,
    },
    /// The application is being removed.
    #[error("the application `{0}` is being removed and can't be changed any more")]
    BeingRemoved(String),
    /// What is wanted of the application has no plan yet, so that nothing of it can be moved.
    #[error(
        "revision {revision} of `{name}` has no plan in force (it is {phase}): nothing of it can be moved before that"
    )]
    NotPlanned {
        /// The application.
        name: String,
        /// The revision that is wanted.
        revision: i64,
        /// Where it stands.
        phase: &'static str,
    },
    /// Nothing stands beside what runs that callers could be led to.
    #[error("revision {revision} of `{name}` {why}")]
    NotWaiting {
        /// The application.
        name: String,
        /// The revision that is wanted.
        revision: i64,
        /// Why not, to be read after the revision.
        why: String,
    },
    /// The change makes no sense for this application.
    #[error("{field}: {message}")]
    Invalid {
        /// The field, as a JSON Pointer or a name.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The same idempotency key came with another content.
    #[error("the idempotency key `{0}` was used for another request; use a new key")]
    KeyReused(String),
    /// What a partner asks can't be done; why.
    #[error("{0}")]
    OrderRefused(String),
    /// It is a partner's order, which only that partner changes.
    #[error("`{name}` is an order of the partner {partner}, which alone can change or end it")]
    PartnersOrder {
        /// The application.
        name: String,
        /// The partner's DID.
        partner: String,
    },
    /// Of the orchestrator below.
    #[error(transparent)]
    Mco(#[from] McoError),
    /// Of the database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// The kind of an error: decides how a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No such thing.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// A quota would be broken.
    QuotaExceeded,
    /// A precondition (If-Match) failed.
    PreconditionFailed,
    /// The request is wrong in itself.
    Invalid,
    /// The request is right and can't be fulfilled.
    Infeasible,
    /// Try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl OrchestratorError {
    /// The kind: decides how a caller is told.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Quota(_) | Self::Frozen(_) => ErrorKind::QuotaExceeded,
            Self::Ambiguous { .. }
            | Self::NameTaken(_)
            | Self::BeingRemoved(_)
            | Self::NotPlanned { .. }
            | Self::NotWaiting { .. }
            | Self::OrderRefused(_)
            | Self::PartnersOrder { .. } => ErrorKind::Conflict,
            Self::VersionMismatch { .. } => ErrorKind::PreconditionFailed,
            Self::Invalid { .. } | Self::KeyReused(_) => ErrorKind::Invalid,
            Self::Mco(error) => mco_kind(error.kind()),
            Self::Repository(error) => repository_kind(error.kind()),
        }
    }
}

fn mco_kind(kind: hansa_mco::ErrorKind) -> ErrorKind {
    use hansa_mco::ErrorKind as Kind;
    match kind {
        Kind::Infeasible => ErrorKind::Infeasible,
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Invalid => ErrorKind::Invalid,
        Kind::Stale | Kind::Full | Kind::Unavailable => ErrorKind::Unavailable,
        Kind::Internal => ErrorKind::Internal,
    }
}

fn repository_kind(kind: hansa_repository::ErrorKind) -> ErrorKind {
    use hansa_repository::ErrorKind as Kind;
    match kind {
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Invalid => ErrorKind::Invalid,
        Kind::Busy | Kind::Full | Kind::Unavailable => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

fn whole_names(name: &str, projects: &[ProjectId]) -> String {
    let names: Vec<String> = projects.iter().map(|project| format!("{project}/{name}")).collect();
    names.join(", ")
}
