//! This very machine: the directories of the machines that have a share of a node.

use crate::error::PimError;
use hansa_ontology::MachineId;
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The directories of machines: `<data dir>/nodes/<node>/machines/<machine>`.
#[derive(Debug, Clone)]
pub(crate) struct MachineDirectories {
    nodes: PathBuf,
}

impl MachineDirectories {
    /// Below this directory, which need not exist yet.
    pub(crate) fn new(data_dir: &Path) -> Result<Self, PimError> {
        let absolute = std::path::absolute(data_dir).map_err(failed("use", data_dir))?;
        Ok(Self { nodes: absolute.join("nodes") })
    }

    /// Where the machine's directory is, or would be.
    pub(crate) fn path(&self, node: &str, machine: MachineId) -> PathBuf {
        self.nodes.join(node).join("machines").join(machine.to_string())
    }

    /// Makes a machine's directory, for its owner alone. Already there is success.
    pub(crate) fn make(path: &Path) -> Result<(), PimError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
            .map_err(failed("make the directory", path))
    }

    /// Removes a machine's directory and all in it. Already gone is success.
    pub(crate) fn remove(path: &Path) -> Result<(), PimError> {
        let removed = match fs::remove_dir_all(path) {
            // A workload took the right to write from a directory of its own.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                make_writable(path).and_then(|()| fs::remove_dir_all(path))
            }
            other => other,
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(failed("remove the directory", path)),
        }
    }

    /// Removes the machine's directory on whichever node it is.
    pub(crate) fn remove_of(&self, machine: MachineId) -> Result<(), PimError> {
        for (node, _) in children(&self.nodes)? {
            Self::remove(&self.path(&node, machine))?;
        }
        Ok(())
    }

    /// Every machine's directory that is there, with its node.
    pub(crate) fn list(&self) -> Result<Vec<(String, MachineId, PathBuf)>, PimError> {
        let mut found = Vec::new();
        for (node, directory) in children(&self.nodes)? {
            for (name, path) in children(&directory.join("machines"))? {
                // What is not named as a machine was not made by this room.
                if let Ok(machine) = name.parse() {
                    found.push((node.clone(), machine, path));
                }
            }
        }
        Ok(found)
    }
}

/// Gives the owner of each directory below the right to write to it. Follows no links.
fn make_writable(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

/// Names and paths in a directory; none where it does not exist.
fn children(directory: &Path) -> Result<Vec<(String, PathBuf)>, PimError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed("list the directory", directory))?,
    };
    let mut children = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("list the directory", directory))?;
        if let Ok(name) = entry.file_name().into_string() {
            children.push((name, entry.path()));
        }
    }
    Ok(children)
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> PimError {
    let path = path.to_owned();
    move |source| PimError::Directory { action, path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use uuid::Uuid;

    fn directory(below: &Path) -> (MachineDirectories, PathBuf) {
        let directories = MachineDirectories::new(below).unwrap();
        let path = directories.path("n1", MachineId(Uuid::from_u128(1)));
        (directories, path)
    }

    #[test]
    fn made_for_the_owner_alone_and_removed_with_all_in_it() {
        let data = tempfile::tempdir().unwrap();
        let (directories, path) = directory(data.path());
        assert_eq!(directories.list().unwrap(), []);
        MachineDirectories::make(&path).unwrap();
        MachineDirectories::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);

        let inner = path.join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), "x").unwrap();
        let outside = data.path().join("outside");
        fs::write(&outside, "kept").unwrap();
        std::os::unix::fs::symlink(data.path(), inner.join("link")).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).unwrap();
        make_writable(&path).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);

        MachineDirectories::remove(&path).unwrap();
        MachineDirectories::remove(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(fs::read_to_string(outside).unwrap(), "kept");
    }

    #[test]
    fn lists_what_is_named_as_a_machine() {
        let data = tempfile::tempdir().unwrap();
        let (directories, path) = directory(data.path());
        MachineDirectories::make(&path).unwrap();
        fs::create_dir(data.path().join("nodes/n1/machines/other")).unwrap();
        fs::write(data.path().join("nodes/file"), "").unwrap_or_default();
        fs::remove_file(data.path().join("nodes/file")).unwrap();
        let found = directories.list().unwrap();
        assert_eq!(found, [("n1".to_owned(), MachineId(Uuid::from_u128(1)), path)]);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let data = tempfile::tempdir().unwrap();
        let (_, path) = directory(data.path());
        fs::write(data.path().join("nodes"), "in the way").unwrap();
        let error = MachineDirectories::make(&path).unwrap_err();
        assert!(error.to_string().starts_with("cannot make the directory /"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let full = failed("make", &path)(io::ErrorKind::StorageFull.into());
        assert_eq!(full.kind(), ErrorKind::Full);
    }
}
