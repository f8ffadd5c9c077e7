//! What opens an engine and the registries that it pulls from: the secret of
//! the system's credential.

use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The names by which the Docker Hub goes.
const HUB: [&str; 4] = ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// The secret of an engine's credential, as JSON. Every field may be absent.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logins {
    /// The certificate that the broker shows, and those above it, PEM.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Its key, PEM.
    #[serde(default)]
    pub key: Option<String>,
    /// Logins by the registry's host, with its port where it has one.
    #[serde(default)]
    pub registries: BTreeMap<String, Login>,
}

/// A login at a registry.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user.
    pub username: String,
    /// The password, or a token in its place.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<&String> = self.registries.keys().collect();
        f.debug_struct("Logins").field("certificate", &self.certificate.is_some()).field("registries", &hosts).finish()
    }
}

impl Logins {
    /// Reads the secret; none is as good as an empty one.
    ///
    /// # Errors
    /// What is wrong with it, for people, without any part of it.
    pub fn read(secret: Option<&[u8]>) -> Result<Self, String> {
        let Some(secret) = secret.filter(|secret| !secret.trim_ascii().is_empty()) else { return Ok(Self::default()) };
        let read: Self = serde_json::from_slice(secret).map_err(|error| {
            // Not serde's own sentence: it shows what it stumbled over.
            let (line, column) = (error.line(), error.column());
            format!("the secret is no such JSON as is documented (line {line}, column {column})")
        })?;
        match (&read.certificate, &read.key) {
            (Some(_), None) => Err("the secret has a `certificate` and no `key`".to_owned()),
            (None, Some(_)) => Err("the secret has a `key` and no `certificate`".to_owned()),
            _ => Ok(read),
        }
    }

    /// The login at a registry; the Docker Hub goes by several names.
    #[must_use]
    pub fn of(&self, registry: &str) -> Option<&Login> {
        let hub = HUB.contains(&registry);
        let plain = |known: &str| {
            let host = known.trim_start_matches("https://").trim_start_matches("http://");
            host.split('/').next().unwrap_or_default().to_owned()
        };
        self.registries
            .iter()
            .find(|(known, _)| {
                let known = plain(known);
                known == registry || (hub && HUB.contains(&known.as_str()))
            })
            .map(|(_, login)| login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_by_host() {
        let secret = br#"{"registries": {"https://index.docker.io/v1/": {"username": "me", "password": "pw"},
                           "registry.example:5000": {"username": "you", "password": "pw2"}}}"#;
        let logins = Logins::read(Some(secret)).unwrap();
        assert_eq!(logins.of("docker.io").unwrap().username, "me");
        assert_eq!(logins.of("registry.example:5000").unwrap().username, "you");
        assert_eq!(logins.of("registry.example"), None);
        assert!(!format!("{logins:?}{:?}", logins.of("docker.io")).contains("pw"));
    }

    #[test]
    fn a_wrong_secret_is_told_without_a_part_of_it() {
        let said = Logins::read(Some(br#"{"registries": "hunter2"}"#)).unwrap_err();
        assert!(!said.contains("hunter2") && said.contains("line 1"), "{said}");
        let said = Logins::read(Some(br#"{"certificate": "x"}"#)).unwrap_err();
        assert!(said.contains("no `key`"), "{said}");
        assert!(Logins::read(None).is_ok() && Logins::read(Some(b" \n")).is_ok());
    }
}
