//! What can go wrong between the command line and a broker.

use crate::{
    failure::Failure,
    http::wire::{Fault, Problem},
};
use reqwest::Url;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The server's URL can't be used.
    #[error("`{0}` is no broker's address; give one such as http://127.0.0.1:8080 with --server or HANSA_SERVER")]
    Server(String),
    /// Nobody answers.
    #[error("no broker answers at {server} ({reason}); start one with `hansa serve`, or name another with --server")]
    Unreachable {
        /// Where.
        server: String,
        /// What the system said.
        reason: String,
        /// The whole story.
        source: reqwest::Error,
    },
    /// The answer takes too long.
    #[error("the broker at {server} did not answer within {seconds} s; look at its log")]
    TooSlow {
        /// Where.
        server: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The token can't be used, kept or renewed.
    #[error("{0}")]
    Login(String),
    /// The connection broke.
    #[error("the connection to the broker broke: {0}")]
    Transport(#[source] reqwest::Error),
    /// The broker refused.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// An error without a problem document: no broker, or something between.
    #[error("the server answered with status {status}, not as a broker does: {body}")]
    Status {
        /// The status.
        status: u16,
        /// The body's beginning.
        body: String,
    },
    /// An answer of another version.
    #[error("the broker's answer was not understood ({0}); do client and broker have the same version?")]
    NotUnderstood(#[source] serde_json::Error),
}

impl ClientError {
    /// A call that did not get through.
    pub(crate) fn unreachable(server: &Url, source: reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = &source;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::Unreachable {
            server: server.to_string().trim_end_matches('/').to_owned(),
            reason: cause.to_string(),
            source,
        }
    }

    /// The status of the broker's refusal.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// As a command's failure; `file` is the file that was sent.
    pub(crate) fn failure(self, file: Option<&str>) -> Failure {
        match self {
            Self::Server(_) => Failure::input(self.to_string()),
            Self::Problem(problem) => problem_failure(*problem, file),
            other => Failure::failed(other.to_string()),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        error.failure(None)
    }
}

/// A problem document in the words of a command line.
fn problem_failure(problem: Problem, file: Option<&str>) -> Failure {
    // A problem of one field says it in its detail already.
    let told = |fault: &&Fault| fault.line.is_some() || !problem.detail.ends_with(&fault.detail);
    let faults = problem.errors.iter().filter(told);
    let mut details: Vec<String> = faults.map(|fault| fault_line(fault, file)).collect();
    if let Some(conflict) = &problem.conflict {
        details.extend(conflict.constraints.iter().map(|part| format!("{}: {}", part.pointer, part.text)));
        for (component, report) in &conflict.components {
            for refusal in report.refused.iter().take(2) {
                let reasons: Vec<&str> = refusal.reasons.iter().map(|reason| reason.text.as_str()).collect();
                details.push(format!("{component}: {} was closest: {}", refusal.title, reasons.join("; ")));
            }
        }
    }
    let message = if problem.detail.is_empty() { problem.title } else { problem.detail };
    match problem.status {
        400 | 413 | 415 | 422 if problem.conflict.is_none() => Failure::input(message),
        _ => Failure::failed(message),
    }
    .with_details(details)
}

/// `file:line:column: what is wrong; what to do`.
fn fault_line(fault: &Fault, file: Option<&str>) -> String {
    let place = match (fault.line, fault.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}: ", file.unwrap_or("line")),
        (Some(line), None) => format!("{}:{line}: ", file.unwrap_or("line")),
        _ => file.map(|file| format!("{file}: ")).unwrap_or_default(),
    };
    // Where a line is known the text names the field itself.
    let pointer = fault.pointer.as_deref().filter(|pointer| !pointer.is_empty() && fault.line.is_none());
    let pointer = pointer.map(|pointer| format!("{pointer}: ")).unwrap_or_default();
    let hint = fault.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{place}{pointer}{}{hint}", fault.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_file_line_and_column() {
        let problem = Problem {
            status: 422,
            detail: "the model has 1 fault".to_owned(),
            errors: vec![Fault {
                pointer: Some("/links/0/to".to_owned()),
                line: Some(3),
                column: Some(9),
                detail: "there is no component `dbb`".to_owned(),
                hint: Some("did you mean `db`?".to_owned()),
            }],
            ..Problem::default()
        };
        let failure = ClientError::Problem(Box::new(problem)).failure(Some("app.yaml"));
        assert_eq!(
            failure.to_string(),
            "error: the model has 1 fault\n  app.yaml:3:9: there is no component `dbb`; did you mean `db`?"
        );
    }
}
