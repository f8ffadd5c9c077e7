//! One broker for one data directory: the operating system's lock on a file in
//! it, which ends with the process, however that ends.

use super::WiringError;
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a lock that is held is tried again.
const PATIENCE: Duration = Duration::from_secs(1);

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
        let refused = |source| WiringError::DataDirectory { path: directory.to_path_buf(), source };
        let mut file =
            File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(refused)?;
        if !locked(&file).map_err(refused)? {
            let mut holder = String::new();
            let holder = file.read_to_string(&mut holder).ok().map(|_| holder.trim().to_owned());
            return Err(WiringError::InUse {
                path: directory.to_path_buf(),
                holder: holder.filter(|pid| !pid.is_empty()),
            });
        }
        let told = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = told {
            // Only for people: a full disk must not keep a broker from its workloads.
            tracing::warn!(%error, "the process id can't be written to {}", path.display());
        }
        Ok(Self { _file: file })
    }
}

/// Whether the lock was had. A broker that was killed just now may have left a
/// child that is on its way to become another program; until then it holds the
/// lock too, so one that is held is tried again for a while.
fn locked(file: &File) -> std::io::Result<bool> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => return Ok(false),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_broker_and_says_which() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(directory.path()).unwrap();
        let refused = DirectoryLock::take(directory.path()).err().unwrap().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        assert!(DirectoryLock::take(directory.path()).is_ok());
    }
}
