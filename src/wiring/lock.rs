//! One broker for one data directory: the operating system's lock on a file in
//! it, which ends with the process, however that ends.

use super::WiringError;
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

/// The data directory is ours as long as this lives.
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the directory.
    ///
    /// # Errors
    /// When another broker has it.
    pub(super) fn take(directory: &Path) -> Result<Self, WiringError> {
        let path = directory.join("broker.lock");
        let refused = |source| WiringError::DataDirectory {
            path: directory.to_path_buf(),
            source,
        };
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = file
                    .read_to_string(&mut holder)
                    .ok()
                    .map(|_| holder.trim().to_owned());
                return Err(WiringError::InUse {
                    path: directory.to_path_buf(),
                    holder: holder.filter(|pid| !pid.is_empty()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(refused)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_broker_and_says_which() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(directory.path()).unwrap();
        let refused = DirectoryLock::take(directory.path())
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(first);
        assert!(DirectoryLock::take(directory.path()).is_ok());
    }
}
