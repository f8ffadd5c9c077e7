//! The key under which secrets are sealed: AES-256-GCM with a random nonce of
//! 96 bits (NIST SP 800-38D, 8.2.2), bound to the credential's name and
//! version, so that no sealed text can stand in another's place.

use super::CredentialError;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac, rand,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{
    fmt, fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Bytes of a key.
const KEY: usize = 32;
/// Who but the owner may do something with a file.
const OTHERS: u32 = 0o077;

/// The key under which secrets are sealed.
pub struct SealingKey {
    seal: LessSafeKey,
    fingerprint: hmac::Key,
    workloads: hmac::Key,
    machines: hmac::Key,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl SealingKey {
    /// The key of this file, which is made, for its owner alone, where there is none.
    ///
    /// # Errors
    /// `KeyFile` when it can't be read or made, is readable by others, or is no key.
    pub fn in_file(path: &Path) -> Result<Self, CredentialError> {
        let bytes = match read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
            Err(error) => return Err(refused(path, "it can't be read", Some(error))),
            Ok((_, mode)) if mode & OTHERS != 0 => {
                return Err(refused(path, "others may read it; chmod 600, and rotate the credentials", None));
            }
            Ok((bytes, _)) => bytes,
        };
        let bytes: [u8; KEY] =
            bytes.try_into().ok().ok_or_else(|| refused(path, "it has not the 32 bytes of a key; restore it", None))?;
        Self::new(bytes)
    }

    fn new(bytes: [u8; KEY]) -> Result<Self, CredentialError> {
        let seal = UnboundKey::new(&AES_256_GCM, &bytes)?;
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, b"hansa").extract(&bytes);
        Ok(Self {
            seal: LessSafeKey::new(seal),
            fingerprint: mac_key(&derived, b"fingerprints of credentials")?,
            workloads: mac_key(&derived, b"tokens of workloads")?,
            machines: mac_key(&derived, b"tokens of machines")?,
        })
    }

    /// The key of machines' tokens.
    pub(crate) fn of_machines(&self) -> hmac::Key {
        self.machines.clone()
    }

    /// The key of workloads' tokens.
    pub(crate) fn of_workloads(&self) -> hmac::Key {
        self.workloads.clone()
    }

    /// What tells whether two secrets are the same: 16 hexadecimal digits.
    pub(super) fn fingerprint(&self, secret: &[u8]) -> Result<String, CredentialError> {
        let tag = hmac::sign(&self.fingerprint, secret);
        Ok(tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The sealed secret, with its nonce before it, in Base64.
    pub(super) fn seal(&self, name: &str, version: i64, secret: &[u8]) -> Result<String, CredentialError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce)?;
        let mut sealed = secret.to_vec();
        let aad = Aad::from(bound_to(name, version));
        self.seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)?;
        Ok(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// The secret of a sealed text.
    pub(super) fn open(&self, name: &str, version: i64, sealed: &str) -> Result<Vec<u8>, CredentialError> {
        let refuse = || CredentialError::Sealed(name.to_owned());
        let bytes = BASE64_STANDARD.decode(sealed).ok().ok_or_else(refuse)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(refuse)?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(bound_to(name, version));
        let opened = self.seal.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed);
        opened.map(|secret| secret.to_vec()).ok().ok_or_else(refuse)
    }
}

/// A key for one purpose alone (RFC 5869, section 3.2).
fn mac_key(derived: &hkdf::Prk, purpose: &[u8]) -> Result<hmac::Key, CredentialError> {
    let mut key = [0; KEY];
    let filled = derived.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|material| material.fill(&mut key));
    filled?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

fn bound_to(name: &str, version: i64) -> Vec<u8> {
    format!("hansa credential 1\n{name}\n{version}").into_bytes()
}

fn read(path: &Path) -> io::Result<(Vec<u8>, u32)> {
    let mut file = fs::File::open(path)?;
    let mode = file.metadata()?.mode();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((bytes, mode))
}

/// Makes a key and its file: written whole under another name first, so that
/// a crash leaves no half key.
fn make(path: &Path) -> Result<Vec<u8>, CredentialError> {
    let mut bytes = vec![0; KEY];
    rand::fill(&mut bytes)?;
    let new = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|error| refused(path, "it can't be made", Some(error)))?;
    Ok(bytes)
}

fn refused(path: &Path, reason: &str, source: Option<io::Error>) -> CredentialError {
    let reason = source.as_ref().map_or_else(|| reason.to_owned(), |source| format!("{reason}: {source}"));
    CredentialError::KeyFile { path: path.to_owned(), reason, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new([byte; KEY]).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_in_its_own_place_alone() {
        let sealed = key(1).seal("a", 1, b"secret").unwrap();
        assert_eq!(key(1).open("a", 1, &sealed).unwrap(), b"secret");
        assert!(key(1).open("b", 1, &sealed).is_err() && key(1).open("a", 2, &sealed).is_err());
        assert!(key(2).open("a", 1, &sealed).is_err() && key(1).open("a", 1, "AAAA").is_err());
        assert_ne!(sealed, key(1).seal("a", 1, b"secret").unwrap(), "each time another nonce");
        assert_ne!(key(1).fingerprint(b"x").unwrap(), key(2).fingerprint(b"x").unwrap(), "keyed");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("k");
        let sealed = SealingKey::in_file(&path).unwrap().seal("a", 1, b"s").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(SealingKey::in_file(&path).unwrap().open("a", 1, &sealed).unwrap(), b"s", "it is kept");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(SealingKey::in_file(&path).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"short").unwrap();
        assert!(SealingKey::in_file(&path).is_err());
    }
}
