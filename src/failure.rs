//! How a command ends when it does not end well: one line for a person, the
//! details under it, and an exit code that a script can tell apart.

use std::{fmt, process::ExitCode};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Who has to do something about it.
    pub kind: FailureKind,
    /// One line: what failed, and the remedy where there is one.
    pub message: String,
    /// Further lines, each complete in itself (`file:line:column: …`).
    pub details: Vec<String>,
}

/// Who has to do something about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// It was asked for rightly and did not work. Exit code 1.
    Failed,
    /// The input or the usage is wrong. Exit code 2.
    Input,
    /// Whoever reads our output went away. Not worth a word; exit code 0.
    ReaderGone,
    /// Ended by a signal (Ctrl-C). Exit code 130, as shells have it.
    Interrupted,
}

impl Failure {
    /// It did not work.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Failed, message: message.into(), details: Vec::new() }
    }

    /// The input or the usage is wrong.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Input, message: message.into(), details: Vec::new() }
    }

    /// Ended by the person.
    pub(crate) fn interrupted() -> Self {
        Self { kind: FailureKind::Interrupted, message: "interrupted".to_owned(), details: Vec::new() }
    }

    /// With further lines.
    #[must_use]
    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            FailureKind::Failed => 1,
            FailureKind::Input => 2,
            FailureKind::ReaderGone => 0,
            FailureKind::Interrupted => 130,
        })
    }

    /// Says on standard error what went wrong.
    pub(crate) fn report(&self) {
        if self.kind != FailureKind::ReaderGone {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.details.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { kind: FailureKind::ReaderGone, message: error.to_string(), details: Vec::new() };
        }
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_one_line_and_its_details() {
        let failure =
            Failure::input("2 faults").with_details(vec!["a.yaml:1:2: x".to_owned(), "a.yaml:3:4: y".to_owned()]);
        assert_eq!(failure.to_string(), "error: 2 faults\n  a.yaml:1:2: x\n  a.yaml:3:4: y");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let gone = Failure::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(gone.kind, FailureKind::ReaderGone);
    }
}
