//! Credentials of infrastructure: what connectors need to reach a cloud, a
//! cluster or a management controller. Written and rotated, never read by
//! people: only name, kind, fingerprint, who and when come back. A connector
//! gets the secret by name ([`Credentials::secret`]).

mod error;
mod key;
mod signing;
mod store;

pub use error::{CredentialError, ErrorKind};
pub use key::SealingKey;
pub use store::MIGRATIONS;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, Database,
    ambient::SharedClock,
    event::{self, NewEvent},
    system::{SystemSecret, SystemSecrets},
};
use serde_json::json;
use std::sync::Arc;

/// The longest secret, in bytes: a kubeconfig with certificates fits.
pub const LONGEST_SECRET: usize = 65_536;
/// The longest name, in letters.
const LONGEST_NAME: usize = 63;

/// A credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// What it is for, in its owner's words: `openstack`, `kubeconfig`, `redfish`.
    pub kind: String,
    /// Tells whether two secrets are the same, and nothing else about them: a
    /// keyed digest (HMAC-SHA-256), which nobody can try guesses against.
    pub fingerprint: String,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Actor,
    /// When its secret was last replaced.
    pub rotated_at: Option<DateTime<Utc>>,
    /// By whom.
    pub rotated_by: Option<Actor>,
    /// Grows with every change.
    pub version: i64,
}

/// The credentials of this broker. Clones share everything.
#[derive(Debug, Clone)]
pub struct Credentials {
    database: Database,
    clock: SharedClock,
    key: Arc<SealingKey>,
}

impl Credentials {
    /// Those of this database, sealed under this key.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, key: SealingKey) -> Self {
        Self { database, clock, key: Arc::new(key) }
    }

    /// Every credential by name, without secrets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential_list(&self) -> Result<Vec<Credential>, CredentialError> {
        self.database.read(|connection| Ok(store::list(connection)?)).await
    }

    /// One credential, without its secret.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn credential(&self, name: &str) -> Result<Credential, CredentialError> {
        let name = name.to_owned();
        self.database.read(move |connection| found(connection, &name)).await
    }

    /// Writes a credential down. With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `Invalid` when a field breaks a rule, `Taken` when the name is.
    pub async fn credential_add(
        &self,
        name: &str,
        kind: &str,
        secret: &[u8],
        actor: Actor,
        dry_run: bool,
    ) -> Result<Credential, CredentialError> {
        check_name("/name", name)?;
        check_name("/kind", kind)?;
        check_secret(secret)?;
        let new = Credential {
            name: name.to_owned(),
            kind: kind.to_owned(),
            fingerprint: self.key.fingerprint(secret)?,
            created_at: self.clock.now(),
            created_by: actor,
            rotated_at: None,
            rotated_by: None,
            version: 1,
        };
        let sealed = self.key.seal(&new.name, new.version, secret)?;
        self.database
            .write(move |connection| {
                if store::get(connection, &new.name)?.is_some() {
                    return Err(CredentialError::Taken(new.name));
                }
                if !dry_run {
                    store::insert(connection, &new, &sealed)?;
                    told(connection, &new, "credential.added", "was added", new.created_by.clone(), new.created_at)?;
                }
                Ok(new)
            })
            .await
    }

    /// Replaces the secret. With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `NotFound`; `Changed` when it isn't of the expected version; `Invalid` when the secret breaks a rule.
    pub async fn credential_rotate(
        &self,
        name: &str,
        secret: &[u8],
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<Credential, CredentialError> {
        check_secret(secret)?;
        let fingerprint = self.key.fingerprint(secret)?;
        let (name, secret, key, now) = (name.to_owned(), secret.to_vec(), Arc::clone(&self.key), self.clock.now());
        self.database
            .write(move |connection| {
                let known = as_expected(connection, &name, expected)?;
                let version = known.version + 1;
                let rotated = Credential {
                    fingerprint,
                    rotated_at: Some(now),
                    rotated_by: Some(actor.clone()),
                    version,
                    ..known
                };
                if !dry_run {
                    let sealed = key.seal(&name, version, &secret)?;
                    store::update(connection, &rotated, &sealed)?;
                    told(connection, &rotated, "credential.rotated", "has a new secret", actor, now)?;
                }
                Ok(rotated)
            })
            .await
    }

    /// Forgets a credential.
    ///
    /// # Errors
    /// `NotFound`; `Changed` when it isn't of the expected version.
    pub async fn credential_remove(
        &self,
        name: &str,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<Credential, CredentialError> {
        let (name, now) = (name.to_owned(), self.clock.now());
        self.database
            .write(move |connection| {
                let known = as_expected(connection, &name, expected)?;
                if !dry_run {
                    store::delete(connection, &name)?;
                    told(connection, &known, "credential.removed", "was removed", actor, now)?;
                }
                Ok(known)
            })
            .await
    }

    /// The secret, for a connector that reaches infrastructure with it.
    ///
    /// # Errors
    /// `NotFound`; `Sealed` when this key does not open it.
    pub async fn secret(&self, name: &str) -> Result<SystemSecret, CredentialError> {
        let name = name.to_owned();
        let key = Arc::clone(&self.key);
        self.database
            .read(move |connection| {
                let (credential, sealed) =
                    store::get(connection, &name)?.ok_or_else(|| CredentialError::NotFound(name.clone()))?;
                key.open(&name, credential.version, &sealed).map(SystemSecret::new)
            })
            .await
    }
}

#[async_trait]
impl SystemSecrets for Credentials {
    async fn secret(&self, credential: &str) -> Result<SystemSecret, String> {
        Self::secret(self, credential).await.map_err(|error| error.to_string())
    }

    async fn version(&self, credential: &str) -> Result<i64, String> {
        self.credential(credential).await.map(|known| known.version).map_err(|error| error.to_string())
    }
}

fn found(connection: &mut Connection, name: &str) -> Result<Credential, CredentialError> {
    let known = store::get(connection, name)?;
    known.map(|(credential, _)| credential).ok_or_else(|| CredentialError::NotFound(name.to_owned()))
}

fn as_expected(connection: &mut Connection, name: &str, expected: Option<i64>) -> Result<Credential, CredentialError> {
    let known = found(connection, name)?;
    match expected {
        Some(expected) if expected != known.version => Err(CredentialError::Changed(name.to_owned())),
        _ => Ok(known),
    }
}

fn check_name(field: &'static str, name: &str) -> Result<(), CredentialError> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let good = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(letter);
    if good && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(());
    }
    let message = format!("must be 1 to {LONGEST_NAME} of a-z, 0-9 and -, such as openstack-north");
    Err(CredentialError::Invalid { field, message })
}

fn check_secret(secret: &[u8]) -> Result<(), CredentialError> {
    if (1..=LONGEST_SECRET).contains(&secret.len()) {
        return Ok(());
    }
    let message = format!("must have 1 to {LONGEST_SECRET} bytes; it has {}", secret.len());
    Err(CredentialError::Invalid { field: "/secret", message })
}

fn told(
    connection: &mut Connection,
    credential: &Credential,
    kind: &str,
    what: &str,
    actor: Actor,
    at: DateTime<Utc>,
) -> Result<(), CredentialError> {
    let new = NewEvent {
        at,
        actor,
        application: None,
        subject: format!("credential/{}", credential.name),
        kind: kind.to_owned(),
        message: format!("credential {} {what}", credential.name),
        data: json!({ "kind": credential.kind, "fingerprint": credential.fingerprint }),
    };
    event::append(connection, &new)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_repository::testing::{HandClock, for_each_database};

    #[test]
    fn a_secret_goes_in_is_used_by_name_and_never_comes_back() {
        for_each_database(&[MIGRATIONS], async |database| {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("credentials.key");
            let make = || {
                let key = SealingKey::in_file(&path).unwrap();
                Credentials::new(database.clone(), Arc::new(HandClock::default()), key)
            };
            let credentials = make();
            let would = credentials.credential_add("cloud", "openstack", b"hunter2", Actor::Local, true).await.unwrap();
            assert!(credentials.credential_list().await.unwrap().is_empty(), "a dry run");
            let added =
                credentials.credential_add("cloud", "openstack", b"hunter2", Actor::Local, false).await.unwrap();
            assert_eq!(would.fingerprint, added.fingerprint);
            assert!(!format!("{added:?}").contains("hunter2"));
            let taken = credentials.credential_add("cloud", "x", b"y", Actor::Local, false).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::Conflict);

            // Another process with the same key file opens it.
            assert_eq!(make().secret("cloud").await.unwrap().reveal(), b"hunter2");
            let rotated = credentials.credential_rotate("cloud", b"new", Some(1), Actor::Local, false).await.unwrap();
            assert_ne!(rotated.fingerprint, added.fingerprint);
            let late = credentials.credential_rotate("cloud", b"x", Some(1), Actor::Local, false).await.unwrap_err();
            assert_eq!(late.kind(), ErrorKind::PreconditionFailed);
            assert_eq!(credentials.secret("cloud").await.unwrap().reveal(), b"new");

            // With another key nothing is opened.
            std::fs::remove_file(&path).unwrap();
            assert!(matches!(make().secret("cloud").await, Err(CredentialError::Sealed(_))));
            credentials.credential_remove("cloud", Some(2), Actor::Local, false).await.unwrap();
            assert_eq!(credentials.secret("cloud").await.unwrap_err().kind(), ErrorKind::NotFound);
        });
    }
}
