//! The folder itself: modes, locks, PEM, and replacing a file in one step.

use super::Index;
use crate::{FederationError, json};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

const INDEX: &str = "keys.json";
const LOCK: &str = "lock";
const INDEX_BYTES: usize = 16 * 1024 * 1024;
const PEM_BYTES: usize = 4 * 1024;
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

/// A folder that only its owner may read.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> Result<Self, FederationError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&path).map_err(|error| failed(&path, "the folder can't be made", error))?;
        let about = fs::metadata(&path).map_err(|error| failed(&path, "the folder can't be read", error))?;
        check_mode(&path, &about, "0700")?;
        Ok(Self { path })
    }

    /// Waits for this process's turn; it ends when the file is dropped.
    pub(super) fn lock(&self) -> Result<File, FederationError> {
        let path = self.path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|error| failed(&path, "the lock can't be opened", error))?;
        file.lock().map_err(|error| failed(&path, "the lock can't be had", error))?;
        Ok(file)
    }

    pub(super) fn wrong(&self, reason: String) -> FederationError {
        FederationError::KeyFile { path: self.path.clone(), reason, source: None }
    }

    /// None: there is no index yet.
    pub(super) fn index_stamp(&self) -> Result<Option<Stamp>, FederationError> {
        let path = self.path.join(INDEX);
        match fs::metadata(&path) {
            Ok(about) => Ok(Some(stamp(&about))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, "it can't be read", error)),
        }
    }

    pub(super) fn index_read(&self) -> Result<Index, FederationError> {
        let path = self.path.join(INDEX);
        let bytes = read_private(&path, INDEX_BYTES)?;
        json::read("keys.json", &bytes, INDEX_BYTES)
    }

    pub(super) fn index_write(&self, index: &Index) -> Result<Stamp, FederationError> {
        let bytes = serde_json::to_vec_pretty(index)
            .map_err(|error| FederationError::invalid("keys.json", error.to_string()))?;
        self.replace(INDEX, &bytes)
    }

    pub(super) fn pair_write(&self, name: &str, pair: &Ed25519KeyPair) -> Result<(), FederationError> {
        let der = pair
            .to_pkcs8v1()
            .map_err(|_unspecified| FederationError::Crypto("the private key can't be written as PKCS#8".to_owned()))?;
        let pem = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der.as_ref()));
        self.replace(&pem_name(name), pem.as_bytes()).map(drop)
    }

    pub(super) fn pair_read(&self, name: &str) -> Result<Ed25519KeyPair, FederationError> {
        let path = self.path.join(pem_name(name));
        let bytes = read_private(&path, PEM_BYTES)?;
        let wrong = || FederationError::KeyFile {
            path: path.clone(),
            reason: "it is no Ed25519 key in PKCS#8 as PEM; put it back from a backup".to_owned(),
            source: None,
        };
        let text = std::str::from_utf8(&bytes).ok().ok_or_else(wrong)?;
        let inner = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or_else(wrong)?;
        let encoded: String = inner.split_whitespace().collect();
        let der = STANDARD.decode(encoded).ok().ok_or_else(wrong)?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().ok_or_else(wrong)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<Stamp, FederationError> {
        let (path, new) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let written = || -> io::Result<Stamp> {
            // What a killed process left there may have any mode, so it isn't written into.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            let stamp = stamp(&file.metadata()?);
            fs::rename(&new, &path)?;
            File::open(&self.path)?.sync_all()?;
            Ok(stamp)
        };
        written().map_err(|error| failed(&path, "it can't be written", error))
    }
}

fn pem_name(name: &str) -> String {
    format!("{name}.pem")
}

fn stamp(about: &Metadata) -> Stamp {
    Stamp { inode: about.ino(), length: about.len(), seconds: about.mtime(), nanoseconds: about.mtime_nsec() }
}

fn read_private(path: &Path, limit: usize) -> Result<Vec<u8>, FederationError> {
    let unread = |error| failed(path, "it can't be read", error);
    let file = File::open(path).map_err(unread)?;
    check_mode(path, &file.metadata().map_err(unread)?, "0600")?;
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

fn check_mode(path: &Path, about: &Metadata, wanted: &str) -> Result<(), FederationError> {
    if about.mode() & 0o077 == 0 {
        return Ok(());
    }
    let reason = format!("others may read or change it (mode {:04o}); chmod {wanted}", about.mode() & 0o7777);
    Err(FederationError::KeyFile { path: path.to_owned(), reason, source: None })
}

fn failed(path: &Path, reason: &str, error: io::Error) -> FederationError {
    FederationError::KeyFile { path: path.to_owned(), reason: format!("{reason}: {error}"), source: Some(error) }
}
