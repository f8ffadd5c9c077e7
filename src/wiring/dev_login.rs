//! The development login: for whoever is at this machine, and for programs
//! of this user, which find everybody's token in one file.

use super::WiringError;
use crate::config::Settings;
use hansa_iam::{
    ErrorKind, Iam, IamError,
    dev::{self, DevProvider},
};
use hansa_ontology::Actor;
use hansa_repository::ambient::SharedClock;
use reqwest::Url;
use serde_json::json;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file in the data directory. It is there while a broker runs with `--dev-login`, and never otherwise.
const FILE: &str = "dev-login.json";

/// The file with the tokens; it goes when this goes.
pub(super) struct TokensFile {
    path: Option<PathBuf>,
}

/// The provider and its file, where the settings ask for them; whatever an
/// earlier start left is taken away in any case.
///
/// # Errors
/// When it would be reached from elsewhere, or the file can't be written.
pub(super) fn begin(
    settings: &Settings,
    url: &Url,
    clock: &SharedClock,
) -> Result<(Option<DevProvider>, TokensFile), WiringError> {
    let path = settings.data_dir.join(FILE);
    let refused = |source| WiringError::DataDirectory { path: path.clone(), source };
    remove(&path).map_err(refused)?;
    if !settings.auth.dev_login {
        return Ok((None, TokensFile { path: None }));
    }
    let provider = DevProvider::new(url, Arc::clone(clock))?;
    let told = json!({"server": url.as_str().trim_end_matches('/'), "people": provider.tokens()?});
    write(&path, &told.to_string()).map_err(refused)?;
    tracing::warn!(
        tokens = %path.display(),
        "development login: whoever reaches this broker is whom they choose; programs find tokens in the file"
    );
    Ok((Some(provider), TokensFile { path: Some(path) }))
}

/// Makes the projects that the development login's people work in, where they
/// are not there yet: a newcomer who logs in has somewhere to deploy to.
///
/// # Errors
/// When the database fails.
pub(super) async fn make_projects(login: Option<&DevProvider>, iam: &Iam) -> Result<(), WiringError> {
    let projects = login.map(|_| dev::people::projects());
    for project in projects.into_iter().flatten() {
        let organisation = project.organisation();
        let titles = (organisation.to_string(), project.name().to_owned());
        known(iam.organisation_create(organisation, titles.0, Actor::Broker).await)?;
        known(iam.project_create(project, titles.1, Actor::Broker).await)?;
    }
    Ok(())
}

/// What is there already, or was closed by somebody, stays as it is.
fn known<T>(made: Result<T, IamError>) -> Result<(), WiringError> {
    match made {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Readable by its owner alone from its first byte on, and whole or not there.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    remove(&new)?;
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Drop for TokensFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = remove(path)
        {
            tracing::warn!(%error, "the tokens of the development login stay in {}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_file_is_its_owners_alone_and_goes_with_the_broker() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(path.with_extension("new"), "left by a kill").unwrap();
        write(&path, "{}").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(TokensFile { path: Some(path.clone()) });
        assert!(!path.exists());
    }
}
