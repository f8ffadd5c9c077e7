//! What can go wrong here, and of which kind it is.

use crate::{infrastructure::InfrastructureError, planner::PlanError};
use hansa_ontology::OfferId;
use hansa_repository::RepositoryError;
use hansa_wdm::WdmError;

/// An error of the Multi-Cloud Orchestrator.
#[derive(Debug, thiserror::Error)]
pub enum McoError {
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Somebody else rented the last unit between planning and holding.
    #[error("offer {offer} has no unit left; it is planned again")]
    CapacityTaken {
        /// The offer.
        offer: OfferId,
    },
    /// The plan names an offer that is not in the catalogue any more.
    #[error("offer {offer} is not in the catalogue any more; it is planned again")]
    OfferGone {
        /// The offer.
        offer: OfferId,
    },
    /// What is asked can't be held; why.
    #[error("{0}")]
    HoldRefused(String),
    /// A task inside this process ended early.
    #[error("a planning task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// Of the layers that provide machines.
    #[error(transparent)]
    Infrastructure(#[from] InfrastructureError),
    /// Of the layer that runs workloads.
    #[error(transparent)]
    Workload(#[from] WdmError),
    /// Of the database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// What a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The model can't be satisfied as it is.
    Infeasible,
    /// Plan again: what was counted on is gone.
    Stale,
    /// No such thing.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// The wish is wrong in itself.
    Invalid,
    /// No room on a disk: an operator must help.
    Full,
    /// Try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl McoError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Plan(error) => plan_kind(error),
            Self::CapacityTaken { .. } | Self::OfferGone { .. } => ErrorKind::Stale,
            Self::HoldRefused(_) => ErrorKind::Conflict,
            Self::Task(_) => ErrorKind::Internal,
            Self::Infrastructure(error) => infrastructure_kind(error),
            Self::Workload(error) => workload_kind(error),
            Self::Repository(error) => repository_kind(error),
        }
    }
}

fn plan_kind(error: &PlanError) -> ErrorKind {
    match error {
        PlanError::Infeasible(_) | PlanError::Immovable(_) | PlanError::Exhausted { .. } => ErrorKind::Infeasible,
        PlanError::Invalid { .. } => ErrorKind::Invalid,
        PlanError::Unsound(_) => ErrorKind::Internal,
    }
}

fn infrastructure_kind(error: &InfrastructureError) -> ErrorKind {
    use hansa_pim::ErrorKind as Kind;
    match error.kind() {
        Kind::NoRoom => ErrorKind::Stale,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Invalid => ErrorKind::Invalid,
        Kind::Full => ErrorKind::Full,
        Kind::Unavailable => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

fn workload_kind(error: &WdmError) -> ErrorKind {
    use hansa_wdm::ErrorKind as Kind;
    match error.kind() {
        Kind::Invalid => ErrorKind::Invalid,
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Full => ErrorKind::Full,
        Kind::Unavailable => ErrorKind::Unavailable,
        Kind::Internal => ErrorKind::Internal,
    }
}

fn repository_kind(error: &RepositoryError) -> ErrorKind {
    use hansa_repository::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Invalid => ErrorKind::Invalid,
        Kind::Full => ErrorKind::Full,
        Kind::Busy | Kind::Unavailable => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}
