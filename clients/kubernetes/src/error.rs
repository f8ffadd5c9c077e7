//! What a cluster's refusals mean.

use hansa_repository::system::{SystemError, SystemErrorKind};
use kube::core::Status;
use std::error::Error as _;

/// The longest quotation of a cluster's words, in characters.
const LONGEST: usize = 600;

/// What the cluster said, cut where it is longer than anybody reads.
#[must_use]
pub fn bounded(said: &str) -> String {
    let said = said.trim();
    match said.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", said.get(..end).unwrap_or_default()),
        None => said.to_owned(),
    }
}

/// What a failed call means.
#[must_use]
pub fn error(system: &str, action: &str, failed: &kube::Error) -> SystemError {
    let (kind, said, remedy) = match failed {
        kube::Error::Api(status) => of_status(status),
        other => of_transport(other),
    };
    SystemError { system: system.to_owned(), kind, action: action.to_owned(), said: bounded(&said), remedy }
}

fn of_status(status: &Status) -> (SystemErrorKind, String, String) {
    let said = if status.message.is_empty() { status.reason.clone() } else { status.message.clone() };
    let (kind, remedy) = match status.code {
        401 => {
            (SystemErrorKind::Unauthenticated, "the token or certificate has expired or is wrong: renew the credential")
        }
        403 if quota_words(&said) => {
            (SystemErrorKind::Quota, "raise the ResourceQuota of the namespace, or ask for less")
        }
        403 if said.contains("denied the request") || said.contains("violates PodSecurity") => {
            (SystemErrorKind::Forbidden, "a rule of the cluster does not admit it: change the component, or the rule")
        }
        403 => (
            SystemErrorKind::Forbidden,
            "give the credential's user a role that allows it (docs/connectors/kubernetes.md)",
        ),
        404 => (SystemErrorKind::NotFound, ""),
        409 => return conflict(status, said),
        410 => (SystemErrorKind::Failed, "it is asked again from the start"),
        400 | 422 if said.contains("denied the request") => {
            (SystemErrorKind::Forbidden, "a rule of the cluster does not admit it: change the component, or the rule")
        }
        405 | 406 | 415 => (SystemErrorKind::Unsupported, "the cluster is too old or too new for it"),
        400 | 422 => (SystemErrorKind::Invalid, ""),
        429 => (SystemErrorKind::RateLimited, "it is tried again; a higher priority level for the user helps"),
        504 => (SystemErrorKind::TimedOut, "it is tried again"),
        _ => (SystemErrorKind::Failed, "it is tried again"),
    };
    (kind, said, remedy.to_owned())
}

/// Whether these words tell of a quota.
#[must_use]
pub fn quota_words(said: &str) -> bool {
    said.contains("exceeded quota") || said.contains("insufficient quota")
}

fn conflict(status: &Status, said: String) -> (SystemErrorKind, String, String) {
    let managers = managers(status);
    let remedy = if managers.is_empty() {
        "somebody changed it at the same time; it is tried again".to_owned()
    } else {
        format!(
            "{} has set fields that Hansa sets: undo that change, or delete the object, and Hansa makes it anew",
            managers.join(", ")
        )
    };
    (SystemErrorKind::Conflict, said, remedy)
}

/// Who owns the fields over which a server-side apply clashed.
#[must_use]
pub fn managers(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut names: Vec<String> = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .filter_map(|cause| cause.message.split('"').nth(1).map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn of_transport(failed: &kube::Error) -> (SystemErrorKind, String, String) {
    let said = innermost(failed);
    match failed {
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            (SystemErrorKind::Failed, said, "what answers there may be no Kubernetes API server".to_owned())
        }
        kube::Error::BuildRequest(_) | kube::Error::HttpError(_) => (SystemErrorKind::Invalid, said, String::new()),
        kube::Error::Auth(_) => (SystemErrorKind::Unauthenticated, said, "renew the credential".to_owned()),
        _ if said.contains("certificate") || said.contains("UnknownIssuer") => (
            SystemErrorKind::Unreachable,
            said,
            "its certificate is not trusted: give the cluster's CA as the system's trust anchor".to_owned(),
        ),
        _ if said.contains("deadline") || said.contains("timed out") => (
            SystemErrorKind::TimedOut,
            said,
            "see whether the API server's address can be reached from here".to_owned(),
        ),
        _ => (
            SystemErrorKind::Unreachable,
            said,
            "see whether the API server runs and its address can be reached from here".to_owned(),
        ),
    }
}

/// The cause that names the trouble.
fn innermost(failed: &kube::Error) -> String {
    let (mut said, mut next) = (failed.to_string(), failed.source());
    while let Some(deeper) = next {
        said = deeper.to_string();
        next = deeper.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> SystemError {
        let status: Status = serde_json::from_str(json).unwrap();
        error("edge", "apply it", &kube::Error::Api(Box::new(status)))
    }

    // Recorded from a Kubernetes 1.20.2.
    #[test]
    fn refusals_are_understood() {
        let quota = of(r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"services \"a\" is forbidden: exceeded quota: tight, requested: services=1, used: services=1, limited: services=1",
            "reason":"Forbidden","details":{"name":"a","kind":"services"},"code":403}"#);
        assert_eq!(quota.kind, SystemErrorKind::Quota);
        let denied = of(r#"{"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#);
        assert_eq!(denied.kind, SystemErrorKind::Unauthenticated);
        let clash = of(r#"{"status":"Failure","message":"Apply failed with 1 conflict","reason":"Conflict","code":409,
            "details":{"causes":[{"reason":"FieldManagerConflict",
            "message":"conflict with \"kubectl-scale\" using apps/v1","field":".spec.replicas"}]}}"#);
        assert_eq!(clash.kind, SystemErrorKind::Conflict);
        assert!(clash.remedy.contains("kubectl-scale"), "{clash}");
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(bounded(&"ä".repeat(700)).chars().count(), 601);
        assert_eq!(bounded(" short "), "short");
    }
}
