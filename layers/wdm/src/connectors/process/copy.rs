//! Reading volumes of processes as archives, and writing them. What is not
//! within the volume is never read and never written, whatever links say.

use super::{
    layout::{create_private, is_absent, remove_tree, volumes_directory},
    lock::Lock,
};
use crate::{
    WdmError,
    connectors::copying::{CopyLock, PIECE, Pieces},
    model::WorkloadSpec,
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tar::{Archive, Builder};
use tokio::sync::mpsc;

/// How long is measured at most before it is called unknown.
const MEASURING: Duration = Duration::from_secs(3);

/// Where the volumes of a workload lie.
pub(super) fn place(spec: &WorkloadSpec) -> PathBuf {
    volumes_directory(&spec.target.directory, spec.application, &spec.component, spec.ordinal)
}

/// Where they lie until all of them have arrived: nothing starts there.
fn fresh(volumes: &Path, attempt: i64) -> PathBuf {
    volumes.with_file_name(format!("{}{attempt}", half_name(volumes)))
}

/// How half-copied volumes of an instance begin; no ordinal begins so.
fn half_name(volumes: &Path) -> String {
    format!("{}.copy-", volumes.file_name().unwrap_or_default().to_string_lossy())
}

/// The volumes of an attempt, or those that are used.
pub(super) fn from(spec: &WorkloadSpec, attempt: Option<i64>) -> PathBuf {
    let volumes = place(spec);
    attempt.map_or_else(|| volumes.clone(), |attempt| fresh(&volumes, attempt))
}

/// Takes the lock of who writes there; None while another has it.
pub(super) fn lock(spec: &WorkloadSpec) -> Result<Option<CopyLock>, WdmError> {
    let volumes = place(spec);
    let path = volumes.with_extension("lock");
    if let Some(parent) = volumes.parent() {
        create_private(parent)?;
    }
    let lock = Lock::take(&path).map_err(WdmError::io("lock", &path))?;
    Ok(lock.map(|lock| CopyLock::new(lock, path)))
}

/// Removes the volumes of an instance, and what was half copied of them.
pub(crate) fn discard(volumes: &Path) -> Result<(), WdmError> {
    remove_tree(volumes)?;
    let Some(parent) = volumes.parent() else { return Ok(()) };
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(WdmError::io("list", parent)(error)),
    };
    let half = half_name(volumes);
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&half)) {
        remove_tree(&entry.path())?;
    }
    Ok(())
}

/// Makes the place of an attempt.
pub(super) fn begin(spec: &WorkloadSpec, attempt: i64) -> Result<(), WdmError> {
    create_private(&fresh(&place(spec), attempt))
}

/// Puts what has arrived where it is used, once it is on the disk.
pub(super) fn finish(spec: &WorkloadSpec, attempt: i64) -> Result<(), WdmError> {
    let (volumes, half) = (place(spec), fresh(&place(spec), attempt));
    let synced = File::open(&half).and_then(|folder| rustix::fs::syncfs(&folder).map_err(io::Error::from));
    synced.map_err(WdmError::io("write to disk", &half))?;
    fs::rename(&half, &volumes).map_err(WdmError::io("put the copy in place at", &volumes))
}

/// Sends a volume as an archive. Ends early where nobody reads it any more.
pub(super) fn pack(volumes: &Path, volume: &str, pieces: &mpsc::Sender<io::Result<Vec<u8>>>) {
    let written = packed(volumes, volume, Sending(pieces));
    if let Err(error) = written {
        drop(pieces.blocking_send(Err(error)));
    }
}

fn packed(volumes: &Path, volume: &str, sending: Sending<'_>) -> io::Result<()> {
    let root = volumes.join(volume);
    let mut archive = Builder::new(BufWriter::with_capacity(PIECE, sending));
    archive.follow_symlinks(false);
    let there = match fs::symlink_metadata(&root) {
        Ok(found) if found.is_dir() => true,
        Ok(_) => {
            return Err(told("read", &root, io::Error::other("it is no folder any more")));
        }
        // Its component never ran there.
        Err(error) if is_absent(&error) => false,
        Err(error) => return Err(told("read", &root, error)),
    };
    if there {
        pack_folder(&mut archive, &root, Path::new(volume))?;
    }
    archive.into_inner()?.flush()
}

/// A folder with all below it, in the order of names. Sockets, pipes and
/// devices hold nothing and are left out.
fn pack_folder<W: Write>(archive: &mut Builder<W>, folder: &Path, name: &Path) -> io::Result<()> {
    let mut left = vec![(folder.to_owned(), name.to_owned())];
    while let Some((path, name)) = left.pop() {
        let kind = fs::symlink_metadata(&path).map_err(|error| told("read", &path, error))?.file_type();
        if kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device() {
            continue;
        }
        archive.append_path_with_name(&path, &name).map_err(|error| told("read", &path, error))?;
        if kind.is_dir() {
            let entries = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let mut entries = entries.map_err(|error| told("list", &path, error))?;
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
            left.extend(entries.into_iter().map(|entry| (entry.path(), name.join(entry.file_name()))));
        }
    }
    Ok(())
}

/// Writes a volume from an archive, into a place that is empty.
pub(super) fn unpack(volumes: &Path, volume: &str, mut pieces: Pieces) -> Result<(), WdmError> {
    let root = volumes.join(volume);
    let unpacked = fs::create_dir(&root).and_then(|()| unpack_all(volumes, volume, &mut pieces));
    unpacked.and_then(|()| pieces.finish()).map_err(WdmError::io("copy a volume to", &root))
}

fn unpack_all(volumes: &Path, volume: &str, pieces: &mut Pieces) -> io::Result<()> {
    let mut archive = Archive::new(pieces);
    archive.set_preserve_permissions(true);
    archive.set_preserve_mtime(true);
    archive.set_overwrite(false);
    // Another's files can only be made by root; what isn't root has none.
    archive.set_preserve_ownerships(rustix::process::geteuid().is_root());
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.path()?.starts_with(volume) {
            return Err(outside(&entry));
        }
        if entry.header().entry_type().is_dir() {
            folders.push(entry);
        } else if !entry.unpack_in(volumes)? {
            return Err(outside(&entry));
        }
    }
    // The deepest first: modes and times of folders hold when nothing more is put into them.
    folders.sort_by(|a, b| b.path_bytes().cmp(&a.path_bytes()));
    for mut folder in folders {
        if !folder.unpack_in(volumes)? {
            return Err(outside(&folder));
        }
    }
    Ok(())
}

fn outside<R: io::Read>(entry: &tar::Entry<'_, R>) -> io::Error {
    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    io::Error::new(io::ErrorKind::InvalidData, format!("`{path}` leads out of the volume"))
}

/// How much volumes hold, in bytes as they lie on the disk. None: that would take long.
pub(super) fn size<'a>(volumes: &Path, names: impl Iterator<Item = &'a String>) -> Result<Option<u64>, WdmError> {
    let (begun, mut bytes) = (Instant::now(), 0_u64);
    let mut left: Vec<PathBuf> = names.map(|name| volumes.join(name)).collect();
    while let Some(path) = left.pop() {
        if begun.elapsed() > MEASURING {
            return Ok(None);
        }
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            // What runs may have removed it just now.
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(WdmError::io("measure", &path)(error)),
        };
        bytes = bytes.saturating_add(found.len().min(found.blocks().saturating_mul(512)));
        if found.is_dir() {
            let entries = fs::read_dir(&path).map_err(WdmError::io("measure", &path))?;
            left.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    Ok(Some(bytes))
}

fn told(action: &str, path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("can't {action} {}: {error}", path.display()))
}

/// Each write is a piece.
struct Sending<'a>(&'a mpsc::Sender<io::Result<Vec<u8>>>);

impl Write for Sending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let nobody = |_gone| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads it any more");
        self.0.blocking_send(Ok(bytes.to_vec())).map_err(nobody)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "copy_tests.rs"]
mod tests;
