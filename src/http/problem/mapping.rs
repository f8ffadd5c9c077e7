//! The one place that maps the kinds of every crate's errors to kinds of problem.

use super::{ApiError, ProblemKind};
use crate::http::wire::{Conflict, Fault};
use hansa_accounting::{AccountingError, service::ServiceError};
use hansa_application::Diagnostics;
use hansa_federation_manager::FederationError;
use hansa_iam::IamError;
use hansa_mco::{McoError, planner::PlanError};
use hansa_ontology::reading::ReadError;
use hansa_repository::RepositoryError;
use hansa_service_orchestrator::OrchestratorError;
use hansa_sustainability::{SustainabilityError, service::ServiceError as CarbonError};
use std::error::Error;

/// What a caller is told of a fault that is ours.
const OUR_FAULT: &str = "something went wrong inside the broker; its log tells more under this instance";

/// An error of ours: the caller gets a kind and, where it is the caller's
/// business, the text; the log gets the whole chain.
fn of(kind: ProblemKind, error: &dyn Error) -> ApiError {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !chain.ends_with(&text) {
            chain.push_str(": ");
            chain.push_str(&text);
        }
        cause = deeper.source();
    }
    let detail = if kind == ProblemKind::Internal { OUR_FAULT.to_owned() } else { error.to_string() };
    ApiError::new(kind, detail).for_operator(chain)
}

impl From<OrchestratorError> for ApiError {
    fn from(error: OrchestratorError) -> Self {
        use hansa_service_orchestrator::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::PreconditionFailed => ProblemKind::PreconditionFailed,
            Kind::Invalid => ProblemKind::Invalid,
            Kind::QuotaExceeded => ProblemKind::Quota,
            Kind::Infeasible => ProblemKind::Infeasible,
            Kind::Unavailable => ProblemKind::Unavailable,
            Kind::Internal => ProblemKind::Internal,
        };
        match error {
            OrchestratorError::Invalid { field, message } => Self::field(&field, message),
            OrchestratorError::KeyReused(_) => of(ProblemKind::KeyReused, &error),
            OrchestratorError::Repository(error) => error.into(),
            OrchestratorError::Mco(error) => orchestration(kind, error),
            error => of(kind, &error),
        }
    }
}

impl From<McoError> for ApiError {
    fn from(error: McoError) -> Self {
        OrchestratorError::from(error).into()
    }
}

/// What the Multi-Cloud Orchestrator says, of which the upper layer has told the kind.
fn orchestration(kind: ProblemKind, error: McoError) -> ApiError {
    match error {
        McoError::Plan(PlanError::Infeasible(infeasible)) => {
            ApiError::new(ProblemKind::Infeasible, format!("no plan satisfies the model: {}", infeasible.summary()))
                .with_conflict(Conflict::from(*infeasible))
        }
        McoError::Plan(PlanError::Invalid { pointer, text }) => ApiError::field(&pointer, text),
        McoError::Repository(error) => error.into(),
        error if error.kind() == hansa_mco::ErrorKind::Full => of(ProblemKind::Full, &error),
        error => of(kind, &error),
    }
}

impl From<RepositoryError> for ApiError {
    fn from(error: RepositoryError) -> Self {
        use hansa_repository::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::NotFound => ProblemKind::NotFound,
            Kind::PreconditionFailed => ProblemKind::PreconditionFailed,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::Invalid => ProblemKind::Invalid,
            Kind::TooLarge => ProblemKind::TooLarge,
            Kind::Timeout => ProblemKind::Timeout,
            Kind::Busy | Kind::Unavailable => ProblemKind::Unavailable,
            Kind::Full => ProblemKind::Full,
            _ => ProblemKind::Internal,
        };
        if kind == ProblemKind::Unavailable && !matches!(error, RepositoryError::Query(_)) {
            // Where the database is, is the operator's business.
            return of(kind, &error).with_detail("the broker's database does not answer now; try again in a moment");
        }
        match error {
            RepositoryError::Invalid { field, message } => Self::field(&field, message),
            RepositoryError::Document(ReadError::Syntax { line, column, ref reason, .. }) => {
                let fault = Fault { line, column, detail: reason.clone(), ..Fault::default() };
                of(kind, &error).with_errors(vec![fault])
            }
            error => of(kind, &error),
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        use hansa_repository::ErrorKind as Kind;
        match error {
            ServiceError::Repository(error) => error.into(),
            ServiceError::Rule(AccountingError::Invalid { field, problem }) => Self::field(&field, problem),
            error => match error.kind() {
                Kind::TooLarge => Self::new(ProblemKind::TooLarge, error.to_string()),
                Kind::Conflict => Self::new(ProblemKind::Conflict, error.to_string()),
                _ => of(ProblemKind::Internal, &error),
            },
        }
    }
}

impl From<CarbonError> for ApiError {
    fn from(error: CarbonError) -> Self {
        use hansa_repository::ErrorKind as Kind;
        match error {
            CarbonError::Repository(error) => error.into(),
            CarbonError::Rule(SustainabilityError::Invalid { field, problem }) => Self::field(&field, problem),
            error => match error.kind() {
                Kind::TooLarge => Self::new(ProblemKind::TooLarge, error.to_string()),
                Kind::Conflict => Self::new(ProblemKind::Conflict, error.to_string()),
                _ => of(ProblemKind::Internal, &error),
            },
        }
    }
}

impl From<FederationError> for ApiError {
    fn from(error: FederationError) -> Self {
        use hansa_federation_manager::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::Invalid => ProblemKind::Invalid,
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::Unauthenticated => ProblemKind::Unauthenticated,
            Kind::Forbidden => ProblemKind::Forbidden,
            Kind::TooMany => ProblemKind::TooMany,
            Kind::TooLarge => ProblemKind::TooLarge,
            Kind::Partner => ProblemKind::Partner,
            Kind::Unavailable => ProblemKind::Unavailable,
            Kind::Full => ProblemKind::Full,
            _ => ProblemKind::Internal,
        };
        match error {
            FederationError::Invalid { field, message } => Self::field(&field, message),
            FederationError::Repository(error) => error.into(),
            FederationError::TooMany { retry_after, .. } => of(kind, &error).with_retry_after(retry_after),
            error => of(kind, &error),
        }
    }
}

impl From<IamError> for ApiError {
    fn from(error: IamError) -> Self {
        use hansa_iam::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::Invalid => ProblemKind::Invalid,
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::PreconditionFailed => ProblemKind::PreconditionFailed,
            Kind::Unauthenticated => ProblemKind::Unauthenticated,
            Kind::Forbidden => ProblemKind::Forbidden,
            Kind::TooMany => ProblemKind::TooMany,
            Kind::Issuer => ProblemKind::Issuer,
            Kind::Unavailable => ProblemKind::Unavailable,
            Kind::Full => ProblemKind::Full,
            _ => ProblemKind::Internal,
        };
        match error {
            IamError::Invalid { field, message } => Self::field(&field, message),
            IamError::Repository(error) => error.into(),
            IamError::Audit(error) => error.into(),
            error => of(kind, &error),
        }
    }
}

impl From<hansa_iam::AuditError> for ApiError {
    fn from(error: hansa_iam::AuditError) -> Self {
        use hansa_iam::AuditError as Audit;
        match error {
            Audit::Repository(error) => error.into(),
            Audit::Invalid { field, message } => Self::new(ProblemKind::Malformed, format!("{field}: {message}")),
            error @ Audit::NotFound(_) => of(ProblemKind::NotFound, &error),
            error => of(ProblemKind::Internal, &error),
        }
    }
}

impl From<hansa_wdm::WdmError> for ApiError {
    fn from(error: hansa_wdm::WdmError) -> Self {
        use hansa_wdm::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::Invalid => ProblemKind::Invalid,
            Kind::Full => ProblemKind::Full,
            Kind::Unavailable => ProblemKind::Unavailable,
            Kind::Internal => ProblemKind::Internal,
        };
        of(kind, &error)
    }
}

impl From<hansa_pim::PimError> for ApiError {
    fn from(error: hansa_pim::PimError) -> Self {
        use hansa_pim::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict | Kind::NoRoom => ProblemKind::Conflict,
            Kind::PreconditionFailed => ProblemKind::PreconditionFailed,
            Kind::Invalid => ProblemKind::Invalid,
            Kind::Full => ProblemKind::Full,
            Kind::Unavailable => ProblemKind::Unavailable,
            _ => ProblemKind::Internal,
        };
        match error {
            hansa_pim::PimError::Field { field, message } => Self::field(field, message),
            hansa_pim::PimError::Repository(error) => error.into(),
            error => of(kind, &error),
        }
    }
}

impl From<hansa_iam::CredentialError> for ApiError {
    fn from(error: hansa_iam::CredentialError) -> Self {
        use hansa_iam::credential::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::NotFound => ProblemKind::NotFound,
            Kind::Conflict => ProblemKind::Conflict,
            Kind::PreconditionFailed => ProblemKind::PreconditionFailed,
            Kind::Invalid => ProblemKind::Invalid,
            Kind::Internal => ProblemKind::Internal,
        };
        match error {
            hansa_iam::CredentialError::Invalid { field, message } => Self::field(field, message),
            hansa_iam::CredentialError::Repository(error) => error.into(),
            error => of(kind, &error),
        }
    }
}

impl From<Diagnostics> for ApiError {
    fn from(diagnostics: Diagnostics) -> Self {
        let count = diagnostics.list.len() + diagnostics.omitted;
        let faults = if count == 1 { "1 fault".to_owned() } else { format!("{count} faults") };
        let errors = diagnostics
            .list
            .into_iter()
            .map(|found| Fault {
                pointer: Some(found.pointer),
                line: Some(found.line as u64),
                column: Some(found.column as u64),
                detail: found.message,
                hint: found.hint,
            })
            .collect();
        Self::new(ProblemKind::Invalid, format!("the resource model has {faults}")).with_errors(errors)
    }
}

impl ApiError {
    fn with_detail(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.0.detail);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_tells_the_caller_nothing_and_the_log_everything() {
        let error = ApiError::from(RepositoryError::unreadable("plan", &"byte 7"));
        assert_eq!(error.kind(), ProblemKind::Internal);
        assert!(!error.to_string().contains("byte 7"));
        assert!(error.log_text().contains("byte 7"));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let error = ApiError::from(OrchestratorError::Invalid {
            field: "/replicas/x".into(),
            message: "no such component".into(),
        });
        assert_eq!(error.kind(), ProblemKind::Invalid);
        assert_eq!(error.0.errors.first().and_then(|fault| fault.pointer.as_deref()), Some("/replicas/x"));
    }
}
