//! What an engine's refusals mean: its own words, and what to do about them.

use bollard::errors::Error;
use hansa_repository::system::{SystemError, SystemErrorKind as Kind};
use std::{error::Error as StdError, time::Duration};

/// The most letters of what an engine says that are told on.
const MOST_LETTERS: usize = 600;

/// Makes errors of one engine.
#[derive(Debug, Clone)]
pub struct Troubles {
    system: String,
}

impl Troubles {
    /// Errors of the system of this name.
    #[must_use]
    pub fn of(system: &str) -> Self {
        Self { system: system.to_owned() }
    }

    /// An error of this engine.
    #[must_use]
    pub fn error(&self, kind: Kind, action: &str, said: &str, remedy: &str) -> SystemError {
        SystemError {
            system: self.system.clone(),
            kind,
            action: action.to_owned(),
            said: bounded(said),
            remedy: remedy.to_owned(),
        }
    }

    /// No answer in time.
    #[must_use]
    pub fn timed_out(&self, action: &str, within: Duration) -> SystemError {
        let said = format!("no answer within {} s", within.as_secs());
        self.error(Kind::TimedOut, action, &said, "it is tried again; look how busy the engine is")
    }

    /// What is under that name is not this broker's.
    #[must_use]
    pub fn foreign(&self, action: &str, what: &str, name: &str) -> SystemError {
        let said = format!("there is a {what} {name} that this broker did not make");
        let remedy = format!("it is not touched: rename or remove the {what} {name}, or use another engine");
        self.error(Kind::Conflict, action, &said, &remedy)
    }

    /// What a call came to.
    #[must_use]
    pub fn of_call(&self, action: &str, error: &Error) -> SystemError {
        match error {
            Error::DockerResponseServerError { status_code, message } => self.refusal(action, *status_code, message),
            Error::DockerStreamError { error } => self.refusal(action, 500, error),
            Error::RequestTimeoutError => self.error(
                Kind::TimedOut,
                action,
                "no answer in time",
                "it is tried again; look how busy the engine is",
            ),
            Error::SocketNotFoundError(path) => self.error(
                Kind::Unreachable,
                action,
                &format!("there is no socket {path}"),
                "check that the engine runs, and the system's address",
            ),
            Error::IOError { .. } | Error::HyperResponseError { .. } | Error::HyperLegacyError { .. } => self.error(
                Kind::Unreachable,
                action,
                &innermost(error),
                "check that the engine runs, its address and its certificate",
            ),
            other => {
                self.error(Kind::Failed, action, &other.to_string(), "the engine answers otherwise than documented")
            }
        }
    }

    /// A status that is not the wished one.
    #[must_use]
    pub fn refusal(&self, action: &str, status: u16, message: &str) -> SystemError {
        let (kind, remedy) = by_words(message).unwrap_or_else(|| by_status(status));
        self.error(kind, action, message.trim(), remedy)
    }
}

fn by_status(status: u16) -> (Kind, &'static str) {
    match status {
        400 | 422 => (Kind::Invalid, "mend the component's package, or the system's settings"),
        401 => (Kind::Unauthenticated, "rotate the system's credential"),
        403 => (Kind::Forbidden, "let the engine allow it to the credential"),
        404 | 410 => (Kind::NotFound, ""),
        405 | 501 => (Kind::Unsupported, "use another engine for this, or a newer version of it"),
        408 | 504 => (Kind::TimedOut, "it is tried again; look how busy the engine is"),
        409 | 423 => (Kind::Conflict, ""),
        429 => (Kind::RateLimited, "it is tried again later"),
        _ => (Kind::Failed, "look into the engine's own log"),
    }
}

/// Engines answer 500 to most of what goes wrong below them; only the words tell.
fn by_words(message: &str) -> Option<(Kind, &'static str)> {
    const WORDS: [(&str, Kind, &str); 19] = [
        ("no space left on device", Kind::NoRoom, "free disk space on the engine's machine: docker system df"),
        ("disk quota exceeded", Kind::Quota, "raise the quota of the engine's file system"),
        ("cannot allocate memory", Kind::NoRoom, "free memory on the engine's machine"),
        (
            "no available ipv4 addresses",
            Kind::NoRoom,
            "give the engine's networks more addresses: default-address-pools",
        ),
        (
            "has active endpoints",
            Kind::Conflict,
            "disconnect what is still in the network; where nothing is, restart the engine",
        ),
        ("is ambiguous", Kind::Conflict, "it is tried again; where it stays, remove all networks of the name but one"),
        ("fully subnetted", Kind::NoRoom, "give the engine more networks: default-address-pools in daemon.json"),
        ("non-overlapping ipv4 address pool", Kind::NoRoom, "give the engine more networks: default-address-pools"),
        ("could not find free subnet", Kind::NoRoom, "give the engine more networks: default_subnet_pools"),
        ("toomanyrequests", Kind::RateLimited, "put a login for the registry into the system's credential, or wait"),
        ("port is already allocated", Kind::Conflict, "free the port on the engine's machine, or take other numbers"),
        ("address already in use", Kind::Conflict, "free the port on the engine's machine, or take other numbers"),
        (
            "could not select device driver",
            Kind::Unsupported,
            "install the GPU's container runtime on the engine's machine",
        ),
        ("unauthorized", Kind::Unauthenticated, LOGIN),
        ("authentication required", Kind::Unauthenticated, LOGIN),
        (
            "pull access denied",
            Kind::NotFound,
            "check the image's name; if it is private, put a login into the credential",
        ),
        ("manifest unknown", Kind::NotFound, "check the image's tag"),
        ("client version", Kind::Unsupported, "use a version of the engine that is not so far from this broker's"),
        ("invalid reference format", Kind::Invalid, "mend the component's `image`"),
    ];
    let message = message.to_ascii_lowercase();
    WORDS.iter().find(|(words, ..)| message.contains(words)).map(|(_, kind, remedy)| (*kind, *remedy))
}

const LOGIN: &str = "put a login for the registry into the system's credential, under `registries`";

/// The cause that names the trouble: "connection refused", not "error sending request".
pub(crate) fn innermost(error: &Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn bounded(text: &str) -> String {
    if text.chars().count() <= MOST_LETTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_LETTERS).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, message: &str) -> Kind {
        Troubles::of("edge").refusal("start", status, message).kind
    }

    #[test]
    fn an_engines_words_have_a_meaning() {
        // As Docker Engine 20.10 and Podman 4.3 said them.
        let port = "driver failed programming external connectivity on endpoint hansa-1 (6c): Bind for \
                    127.0.0.1:20001 failed: port is already allocated";
        assert_eq!(kind(500, port), Kind::Conflict);
        assert_eq!(kind(400, "network hansa-1 is ambiguous (2 matches found on name)"), Kind::Conflict);
        assert_eq!(kind(500, "rootlessport listen tcp 127.0.0.1:20001: bind: address already in use"), Kind::Conflict);
        assert_eq!(
            kind(
                500,
                "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
            ),
            Kind::NoRoom
        );
        assert_eq!(
            kind(403, "no available IPv4 addresses on this network's address pools: hansa-1 (6c)"),
            Kind::NoRoom
        );
        assert_eq!(kind(500, "all predefined address pools have been fully subnetted"), Kind::NoRoom);
        assert_eq!(kind(500, "write /data/x: no space left on device"), Kind::NoRoom);
        assert_eq!(kind(500, "toomanyrequests: You have reached your pull rate limit."), Kind::RateLimited);
        assert_eq!(
            kind(500, "Head \"https://r.example/v2/a\": unauthorized: incorrect username or password"),
            Kind::Unauthenticated
        );
        assert_eq!(
            kind(404, "pull access denied for shop, repository does not exist or may require 'docker login'"),
            Kind::NotFound
        );
        assert_eq!(kind(500, "could not select device driver \"\" with capabilities: [[gpu]]"), Kind::Unsupported);
        assert_eq!(kind(409, "Conflict. The container name \"/hansa-1\" is already in use"), Kind::Conflict);
        assert_eq!(kind(503, "the daemon is starting"), Kind::Failed);
    }

    #[test]
    fn the_error_names_system_words_and_remedy() {
        let error = Troubles::of("edge").foreign("start", "container", "hansa-1");
        let text = error.to_string();
        assert!(
            text.contains("system edge") && text.contains("container hansa-1 that this broker did not make"),
            "{text}"
        );
        let long = Troubles::of("edge").refusal("start", 500, &"x".repeat(10_000));
        assert!(long.said.chars().count() <= MOST_LETTERS + 1);
    }
}
