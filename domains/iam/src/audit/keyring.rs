//! The file of the key that signs checkpoints, and its way into the list of keys.
//!
//! A key is used once it is both in its file and in the list. A new key waits
//! in a file of its own until the list names it; so whenever the process is
//! killed, the next one finds either the old key or the new one in force.

use super::{AuditError, note::SigningKey, steps::reached, store};
use chrono::{DateTime, Utc};
use hansa_repository::Connection;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The files of one trail's key.
#[derive(Debug, Clone)]
pub(super) struct KeyFiles {
    current: PathBuf,
    next: PathBuf,
    origin: String,
}

impl KeyFiles {
    /// Those of the trail with this name.
    pub(super) fn new(folder: &Path, origin: &str) -> Self {
        let name = origin.rsplit('/').next().unwrap_or(origin);
        Self {
            current: folder.join(format!("audit-{name}.key")),
            next: folder.join(format!("audit-{name}.next.key")),
            origin: origin.to_owned(),
        }
    }

    /// The key in force. Makes one where there is none. Blocks.
    pub(super) fn load(&self, connection: &mut Connection) -> Result<Arc<SigningKey>, AuditError> {
        if let Some(next) = read(&self.next)? {
            if store::key_is_known(connection, &next.public)? {
                put(&self.next, &self.current)?;
            } else {
                fs::remove_file(&self.next).map_err(|source| refused(&self.next, source))?;
            }
        }
        if let Some(key) = read(&self.current)? {
            return Ok(Arc::new(key));
        }
        let key = self.generate()?;
        reached("key made");
        write(&self.current, &key)?;
        reached("key written");
        Ok(Arc::new(key))
    }

    /// Puts a key into the list that isn't there yet; within a transaction that writes.
    pub(super) fn list(connection: &mut Connection, key: &SigningKey, at: DateTime<Utc>) -> Result<(), AuditError> {
        if !store::key_is_known(connection, &key.public)? {
            let statement = key.statement(at, sealed(connection)?, None).map_err(AuditError::Damaged)?;
            store::key_add(connection, &key.public, &statement)?;
        }
        Ok(())
    }

    /// Makes the key that is to follow, and keeps it beside the one in force. Blocks.
    pub(super) fn prepare(&self) -> Result<SigningKey, AuditError> {
        let key = self.generate()?;
        write(&self.next, &key)?;
        reached("next key written");
        Ok(key)
    }

    /// Puts the next key into the list, vouched for by the one in force.
    pub(super) fn list_next(
        connection: &mut Connection,
        next: &SigningKey,
        current: &SigningKey,
        at: DateTime<Utc>,
    ) -> Result<(), AuditError> {
        let statement = next.statement(at, sealed(connection)?, Some(current)).map_err(AuditError::Damaged)?;
        store::key_add(connection, &next.public, &statement)?;
        Ok(())
    }

    /// Puts the next key in the place of the one in force. Blocks.
    pub(super) fn replace(&self) -> Result<(), AuditError> {
        put(&self.next, &self.current)?;
        reached("next key in place");
        Ok(())
    }

    fn generate(&self) -> Result<SigningKey, AuditError> {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed)
            .map_err(|error| refused(&self.current, io::Error::other(format!("no randomness: {error}"))))?;
        SigningKey::from_seed(&self.origin, &seed).map_err(AuditError::Damaged)
    }
}

fn sealed(connection: &mut Connection) -> Result<u64, AuditError> {
    let size = store::state(connection)?.map_or(0, |state| state.size);
    u64::try_from(size).map_err(|error| AuditError::Damaged(error.to_string()))
}

fn refused(path: &Path, source: io::Error) -> AuditError {
    AuditError::KeyFile { path: path.to_path_buf(), source }
}

fn read(path: &Path) -> Result<Option<SigningKey>, AuditError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(refused(path, source)),
    };
    let key = SigningKey::from_text(&text).map_err(|error| refused(path, io::Error::other(error)))?;
    Ok(Some(key))
}

/// Writes the file whole or not at all, readable by its owner alone.
fn write(path: &Path, key: &SigningKey) -> Result<(), AuditError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| refused(folder, source))?;
    let half = path.with_extension("half");
    let written = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&half)
        .and_then(|mut file| file.write_all(key.to_text().as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|source| refused(&half, source))?;
    put(&half, path)
}

fn put(from: &Path, to: &Path) -> Result<(), AuditError> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::rename(from, to).and_then(|()| fs::File::open(folder)?.sync_all()).map_err(|source| refused(to, source))
}
