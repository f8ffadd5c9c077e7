//! The kinds of problem: for each its status, its type and its title.

use actix_web::http::StatusCode;

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ProblemKind {
    /// The request can't be read.
    Malformed,
    /// The request is read and wrong.
    Invalid,
    /// No plan satisfies the model.
    Infeasible,
    /// Who sent it is not proved.
    Unauthenticated,
    /// The sender is known and may not.
    Forbidden,
    /// No such thing.
    NotFound,
    /// No such method here.
    MethodNotAllowed,
    /// The answer can't be given in an accepted form.
    NotAcceptable,
    /// It took too long.
    Timeout,
    /// It clashes with what is there.
    Conflict,
    /// A quota would be broken.
    Quota,
    /// If-Match does not match.
    PreconditionFailed,
    /// The body is too large.
    TooLarge,
    /// The request's target is too long.
    UriTooLong,
    /// The request's headers are too large.
    HeadersTooLarge,
    /// The Host header names somebody else.
    Misdirected,
    /// The client was too slow in sending its request.
    Slow,
    /// The body is of a kind that isn't read here.
    UnsupportedMediaType,
    /// The idempotency key was used for another request.
    KeyReused,
    /// More than is taken of one sender.
    TooMany,
    /// A partner's broker failed, or said no.
    Partner,
    /// An issuer of logins failed.
    Issuer,
    /// Not now.
    Unavailable,
    /// The disk is full.
    Full,
    /// A fault of ours.
    #[default]
    Internal,
}

impl ProblemKind {
    /// Every kind, for the documentation.
    pub(crate) const ALL: [Self; 25] = [
        Self::Malformed,
        Self::Invalid,
        Self::Infeasible,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Timeout,
        Self::Conflict,
        Self::Quota,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::Misdirected,
        Self::Slow,
        Self::UnsupportedMediaType,
        Self::KeyReused,
        Self::TooMany,
        Self::Partner,
        Self::Issuer,
        Self::Unavailable,
        Self::Full,
        Self::Internal,
    ];

    /// The HTTP status.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Invalid | Self::Infeasible | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Conflict | Self::Quota => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Partner | Self::Issuer => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Last part of the type, and the title.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("malformed", "The request can't be read"),
            Self::Invalid => ("invalid", "The request is wrong"),
            Self::Infeasible => ("infeasible", "No plan satisfies the model"),
            Self::Unauthenticated => ("unauthenticated", "Who sent it is not proved"),
            Self::Forbidden => ("forbidden", "The sender may not do this"),
            Self::NotFound => ("not-found", "There is no such thing"),
            Self::MethodNotAllowed => ("method-not-allowed", "This method is not possible here"),
            Self::NotAcceptable => ("not-acceptable", "The answer can't be given in this form"),
            Self::Timeout => ("timeout", "It took too long"),
            Self::Conflict => ("conflict", "It clashes with what is there"),
            Self::Quota => ("quota-exceeded", "A quota would be broken"),
            Self::PreconditionFailed => ("precondition-failed", "It changed in the meantime"),
            Self::TooLarge => ("too-large", "The body is too large"),
            Self::UriTooLong => ("uri-too-long", "The request's target is too long"),
            Self::HeadersTooLarge => ("headers-too-large", "The request's headers are too large"),
            Self::Misdirected => ("misdirected", "The request names another server"),
            Self::Slow => ("slow", "The request came too slowly"),
            Self::UnsupportedMediaType => ("unsupported-media-type", "A body of this kind isn't read here"),
            Self::KeyReused => ("idempotency-key-reused", "The key was used for another request"),
            Self::TooMany => ("too-many", "More than is taken of one sender"),
            Self::Partner => ("partner", "A partner's broker failed, or said no"),
            Self::Issuer => ("issuer", "The issuer of logins failed"),
            Self::Unavailable => ("unavailable", "Not now"),
            Self::Full => ("full", "The broker's disk is full"),
            Self::Internal => ("internal", "A fault of the broker"),
        }
    }

    /// The `type` of the document (RFC 9457, section 3.1.1).
    pub(crate) fn uri(self) -> String {
        format!("urn:hansa:problem:{}", self.words().0)
    }

    /// The `title` of the document.
    pub(crate) const fn title(self) -> &'static str {
        self.words().1
    }

    /// Whether trying again may help.
    pub(crate) const fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::TooMany)
    }

    /// The kind for a status that something else than a handler gave.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            other => Self::ALL.into_iter().find(|kind| kind.status() == other).unwrap_or(if other.is_client_error() {
                Self::Malformed
            } else {
                Self::Internal
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_type_of_its_own() {
        let types: BTreeSet<String> = ProblemKind::ALL.iter().map(|kind| kind.uri()).collect();
        assert_eq!(types.len(), ProblemKind::ALL.len());
    }
}
