//! Where the files of one workload lie, and how they are written so that a
//! reader never sees half of one.

use crate::{WdmError, model::WorkloadSpec};
use hansa_ontology::ApplicationId;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Name of the directory of workloads within a node's directory.
pub(crate) const WORKLOADS: &str = "workloads";
/// Name of the directory of volumes within a node's directory.
pub(crate) const VOLUMES: &str = "volumes";

/// Where the volumes of one instance of a component lie.
pub(crate) fn volumes_directory(
    directory: &Path,
    application: ApplicationId,
    component: &str,
    ordinal: u32,
) -> PathBuf {
    directory.join(VOLUMES).join(application.to_string()).join(component).join(ordinal.to_string())
}

/// Where one volume of this workload lies.
pub(crate) fn volume_directory(spec: &WorkloadSpec, name: &str) -> PathBuf {
    volumes_directory(&spec.target.directory, spec.application, &spec.component, spec.ordinal).join(name)
}

/// The directory of one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Held by the supervisor for as long as anything of the workload runs.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// What the supervisor has to run.
    pub(crate) fn spec(&self) -> PathBuf {
        self.root.join("spec.json")
    }

    /// What the supervisor did.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }

    /// The peers' current addresses, for the workload to read.
    pub(crate) fn peers(&self) -> PathBuf {
        self.root.join("peers.json")
    }

    /// What the workload shows when it looks up its peers.
    pub(crate) fn token(&self) -> PathBuf {
        self.root.join("discovery-token")
    }

    /// The component's files, for the workload to read.
    pub(crate) fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// The workload's working directory and home.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The workload's temporary files; emptied at each start.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Captured output.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Makes the workload's directory. Only its owner may look into it: the
    /// specification holds the workload's environment, and with it secrets.
    pub(crate) fn create(&self) -> Result<(), WdmError> {
        create_private(&self.root)
    }
}

/// Makes a directory with its parents, closed to others.
pub(crate) fn create_private(path: &Path) -> Result<(), WdmError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(WdmError::io("make the directory", path))
}

/// Writes a file in one step: after a crash there is the old one or the new one.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WdmError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Two may write the same file at once, in two processes or in one.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("new.{}.{count}", std::process::id()));
    let written = (|| -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    written.map_err(|source| {
        // What was written in part only takes room on a full disk.
        drop(fs::remove_file(&temporary));
        WdmError::Io { action: "write", path: path.to_owned(), source }
    })
}

/// [`write_atomically`] for a value as JSON.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), WdmError> {
    let bytes =
        serde_json::to_vec_pretty(value).map_err(|source| WdmError::Damaged { path: path.to_owned(), source })?;
    write_atomically(path, &bytes)
}

/// Reads JSON; `None` where the file doesn't exist.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, WdmError> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| WdmError::Damaged { path: path.to_owned(), source })
}

/// A file's bytes; `None` where it doesn't exist.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, WdmError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(source) if is_absent(&source) => Ok(None),
        Err(source) => Err(WdmError::Io { action: "read", path: path.to_owned(), source }),
    }
}

/// Removes a file; it may already be gone.
pub(crate) fn remove_file(path: &Path) -> Result<(), WdmError> {
    match fs::remove_file(path) {
        Err(source) if !is_absent(&source) => Err(WdmError::Io { action: "remove", path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Removes a directory with all that is in it; it may already be gone.
pub(crate) fn remove_tree(path: &Path) -> Result<(), WdmError> {
    match fs::remove_dir_all(path) {
        Err(source) if !is_absent(&source) => Err(WdmError::Io { action: "remove", path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Removes directories upwards while they are empty, and stops below `end`.
pub(crate) fn remove_empty_parents(path: &Path, end: &Path) {
    for parent in path.ancestors().skip(1).take_while(|parent| *parent != end) {
        if !parent.starts_with(end) || fs::remove_dir(parent).is_err() {
            return;
        }
    }
}

/// Opens the lock file, which it makes where it is absent.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

/// No such file, or no such directory above it.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        write_json(&path, &vec![1, 2]).unwrap();
        write_json(&path, &vec![3]).unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path).unwrap(), Some(vec![3]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn parents_go_while_they_are_empty_and_never_past_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let end = folder.path().join("node");
        let deep = end.join("volumes/app/db/0/data");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir_all(end.join("volumes/app/db/1")).unwrap();
        remove_tree(&deep).unwrap();
        remove_empty_parents(&deep, &end);
        assert!(!end.join("volumes/app/db/0").exists());
        assert!(end.join("volumes/app/db/1").exists());
        fs::remove_dir(end.join("volumes/app/db/1")).unwrap();
        remove_empty_parents(&end.join("volumes/app/db/1"), &end);
        assert!(end.exists() && !end.join("volumes").exists());
    }
}
