//! libvirt's own client, run for each question: arguments as a list, never a
//! shell. What it complains about is turned into what a caller decides by.

use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use std::{process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(20);
/// The most letters of a complaint that are told on.
const MOST_LETTERS: usize = 600;

/// A libvirt daemon, by its URI.
#[derive(Debug, Clone)]
pub(super) struct Virsh {
    uri: String,
    system: String,
}

impl Virsh {
    pub(super) fn new(connection: &SystemConnection) -> Self {
        Self { uri: connection.system.address.clone(), system: connection.system.name.clone() }
    }

    /// Asks; answers what is printed.
    pub(super) async fn ask(&self, action: &str, arguments: &[&str]) -> Result<String, SystemError> {
        let mut command = Command::new("virsh");
        command.args(["--quiet", "--connect", &self.uri]).args(arguments);
        self.run(action, command).await
    }

    /// The same; None where it does not have the thing.
    pub(super) async fn find(&self, action: &str, arguments: &[&str]) -> Result<Option<String>, SystemError> {
        match self.ask(action, arguments).await {
            Ok(said) => Ok(Some(said)),
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Runs a program to its end. It ends with us, and after a while anyway.
    pub(super) async fn run(&self, action: &str, mut command: Command) -> Result<String, SystemError> {
        command.env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let output = match timeout(ANSWER, command.output()).await {
            Err(_) => return Err(self.complaint(action, SystemErrorKind::TimedOut, "", "look how busy the system is")),
            Ok(Err(error)) => {
                let said = format!("{program} can't be run here: {error}");
                let remedy = "install libvirt-clients, and xorriso for user data, where the broker runs";
                return Err(self.complaint(action, SystemErrorKind::Unsupported, &said, remedy));
            }
            Ok(Ok(output)) => output,
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = complaints(&String::from_utf8_lossy(&output.stderr));
        let kind = kind_of(&said);
        Err(self.complaint(action, kind, &said, remedy(kind)))
    }

    pub(super) fn complaint(&self, action: &str, kind: SystemErrorKind, said: &str, remedy: &str) -> SystemError {
        SystemError {
            system: self.system.clone(),
            kind,
            action: action.to_owned(),
            said: said.chars().take(MOST_LETTERS).collect(),
            remedy: remedy.to_owned(),
        }
    }
}

/// The lines of a complaint as one, without the words that begin each.
fn complaints(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("error: ")).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

/// What a caller decides by. libvirt's client gives no codes, only words.
fn kind_of(said: &str) -> SystemErrorKind {
    let words = said.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|one| words.contains(one));
    if has(&[
        "authentication failed",
        "authentication cancelled",
        "authentication unavailable",
        "permission denied (publickey",
    ]) {
        SystemErrorKind::Unauthenticated
    } else if has(&["access denied", "operation is forbidden"]) {
        SystemErrorKind::Forbidden
    } else if has(&[
        "failed to connect",
        "cannot recv data",
        "unable to connect",
        "connection refused",
        "end of file while reading",
    ]) {
        SystemErrorKind::Unreachable
    } else if has(&[
        "cannot allocate memory",
        "cannot set up guest memory",
        "no space left",
        "not enough free",
        "exceeds host",
        "greater than max",
    ]) {
        SystemErrorKind::NoRoom
    } else if has(&["timed out", "cannot acquire state change lock"]) {
        SystemErrorKind::TimedOut
    } else if has(&["already exists", "already in use", "already active", "is already running", "is being"]) {
        SystemErrorKind::Conflict
    } else if has(&[
        "not found",
        "no domain with",
        "no storage",
        "failed to get domain",
        "failed to get vol",
        "failed to get network",
    ]) {
        SystemErrorKind::NotFound
    } else if has(&["not supported", "unsupported", "no connection driver", "could not find capabilities"]) {
        SystemErrorKind::Unsupported
    } else if has(&["xml error", "invalid", "malformed", "does not match"]) {
        SystemErrorKind::Invalid
    } else {
        SystemErrorKind::Failed
    }
}

const fn remedy(kind: SystemErrorKind) -> &'static str {
    match kind {
        SystemErrorKind::Unauthenticated => "give the broker's account a key or certificate that the daemon takes",
        SystemErrorKind::Forbidden => "give the broker's account the right to do this",
        SystemErrorKind::Unreachable => "check its address, and that the daemon runs",
        SystemErrorKind::NoRoom => "add capacity, or wait until some is free",
        SystemErrorKind::Unsupported => "set virtType to qemu where the host has no KVM, or use a newer libvirt",
        SystemErrorKind::Invalid | SystemErrorKind::NotFound => "check the system's settings",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_libvirt_9_are_understood() {
        for (said, kind) in [
            (
                "failed to connect to the hypervisor; Failed to connect socket to '/x': No such file or directory",
                SystemErrorKind::Unreachable,
            ),
            ("failed to get domain 'x'", SystemErrorKind::NotFound),
            ("operation failed: domain 'x' already exists with uuid 1", SystemErrorKind::Conflict),
            (
                "internal error: process exited: qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory",
                SystemErrorKind::NoRoom,
            ),
            ("failed to connect to the hypervisor; authentication failed: no agent", SystemErrorKind::Unauthenticated),
            (
                "invalid argument: could not find capabilities for arch=x86_64 domaintype=kvm",
                SystemErrorKind::Unsupported,
            ),
        ] {
            assert_eq!(kind_of(said), kind, "{said}");
        }
        assert_eq!(complaints("error: a\nerror: b\n\n"), "a; b");
    }
}
