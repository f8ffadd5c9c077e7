//! Who the command line is: the token that the environment gives, or that of
//! `hansa login`, kept for each server in a file that its owner alone can read.

use super::ClientError;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_iam::{Secret, oidc::device::DeviceClient};
use hansa_repository::ambient::{Clock, SystemClock};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The token of the environment, which goes before that of a login.
const VARIABLE: &str = "HANSA_TOKEN";
/// So long before its end a token is renewed.
const EARLY: TimeDelta = TimeDelta::seconds(30);

/// What `hansa login` keeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    /// The broker.
    pub server: String,
    /// The issuer that vouched.
    pub issuer: String,
    /// The client of the command line there.
    pub client_id: String,
    /// Where tokens are renewed.
    pub token_endpoint: Url,
    /// What is sent.
    pub token: Secret,
    /// Until when that is good.
    pub expires_at: DateTime<Utc>,
    /// What gets the next.
    pub refresh: Option<Secret>,
}

/// The file of one server.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    path: PathBuf,
}

impl Credentials {
    /// The file for this server, below the user's configuration directory
    /// (`XDG_CONFIG_HOME`, or `.config` in the home directory). None: there is no such directory.
    pub(crate) fn of(server: &Url) -> Option<Self> {
        let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = given("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| given("HOME").map(|home| home.join(".config")))?;
        Some(Self::below(&config, server))
    }

    fn below(config: &Path, server: &Url) -> Self {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' };
        let text = format!("{}{}", server.origin().ascii_serialization(), server.path().trim_end_matches('/'));
        let name: String = text.chars().map(plain).collect();
        Self { path: config.join("hansa/login").join(format!("{name}.json")) }
    }

    /// What is kept; None: nobody is logged in.
    pub(crate) fn read(&self) -> Result<Option<Stored>, ClientError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_unread| {
                ClientError::Login(format!("{} is damaged; run `hansa login` again", self.path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Keeps a login, in a file of mode 0600 that is whole or not there.
    pub(crate) fn write(&self, stored: &Stored) -> Result<(), ClientError> {
        self.try_write(stored).map_err(|error| self.failed(&error))
    }

    fn try_write(&self, stored: &Stored) -> io::Result<()> {
        self.make_folder()?;
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(stored)?)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn make_folder(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(folder) => fs::DirBuilder::new().recursive(true).mode(0o700).create(folder),
            None => Ok(()),
        }
    }

    /// Forgets a login; tells whether there was one.
    pub(crate) fn remove(&self) -> Result<bool, ClientError> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The token to send now, renewed where it is old. One process renews at a
    /// time: a refresh token is good once.
    pub(crate) async fn token(&self, roots: &[Vec<u8>]) -> Result<Option<Secret>, ClientError> {
        let fresh = |stored: &Stored| stored.expires_at - EARLY > SystemClock.now();
        let Some(stored) = self.read()? else { return Ok(None) };
        if fresh(&stored) || stored.refresh.is_none() {
            return Ok(Some(stored.token));
        }
        let lock = self.locked().await.map_err(|error| self.failed(&error))?;
        // Another process may have renewed it while this one waited.
        let Some(stored) = self.read()? else { return Ok(None) };
        let renewed = match &stored.refresh {
            Some(refresh) if !fresh(&stored) => self.renew(&stored, refresh, roots).await?,
            _ => stored,
        };
        drop(lock);
        Ok(Some(renewed.token))
    }

    async fn renew(&self, stored: &Stored, refresh: &Secret, roots: &[Vec<u8>]) -> Result<Stored, ClientError> {
        let told = |error: hansa_iam::IamError| ClientError::Login(format!("{error}; run `hansa login` again"));
        let client = DeviceClient::new(roots).map_err(told)?;
        let tokens = client.refresh(&stored.token_endpoint, &stored.client_id, refresh).await.map_err(told)?;
        let renewed = Stored {
            token: tokens.bearer,
            expires_at: SystemClock.now() + TimeDelta::from_std(tokens.expires_in).unwrap_or_default(),
            refresh: tokens.refresh.or_else(|| stored.refresh.clone()),
            ..stored.clone()
        };
        self.write(&renewed)?;
        Ok(renewed)
    }

    async fn locked(&self) -> io::Result<fs::File> {
        let path = self.path.with_extension("lock");
        let waited = tokio::task::spawn_blocking(move || {
            let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
            file.lock()?;
            Ok(file)
        });
        waited.await.map_err(io::Error::other)?
    }

    fn failed(&self, error: &io::Error) -> ClientError {
        ClientError::Login(format!("the login can't be kept in {}: {error}", self.path.display()))
    }
}

/// The token of the environment.
pub(crate) fn from_environment() -> Option<Secret> {
    std::env::var(VARIABLE).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn each_server_has_a_file_that_its_owner_alone_reads() {
        let folder = tempfile::tempdir().unwrap();
        let of = |url: &str| Credentials::below(folder.path(), &Url::parse(url).unwrap());
        let (one, other) = (of("http://127.0.0.1:8080"), of("https://broker.example/hansa/"));
        assert_ne!(one.path, other.path);
        assert!(one.read().unwrap().is_none());
        let stored = Stored {
            server: "http://127.0.0.1:8080".to_owned(),
            issuer: "dev".to_owned(),
            client_id: "hansa-cli".to_owned(),
            token_endpoint: Url::parse("http://127.0.0.1:8080/dev/oidc/token").unwrap(),
            token: Secret::new("t"),
            expires_at: DateTime::UNIX_EPOCH,
            refresh: None,
        };
        one.write(&stored).unwrap();
        assert_eq!(fs::metadata(&one.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(one.read().unwrap().unwrap().token, Secret::new("t"));
        assert!(other.read().unwrap().is_none());
        assert!(one.remove().unwrap() && !one.remove().unwrap());
    }
}
