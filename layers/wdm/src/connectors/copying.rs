//! The common form in which the content of volumes goes from one system to
//! another: a stream of tar, with everything below a folder of the volume's
//! name. And how it is known that what arrived is what was sent.

use super::process::Lock;
use crate::{WdmError, model::WorkloadSpec};
use futures_util::stream::BoxStream;
use hansa_repository::system::{SystemError, SystemErrorKind};
use sha2::{Digest as _, Sha256};
use std::{
    io::{self, Read},
    path::PathBuf,
};
use tokio::sync::mpsc;

/// Pieces of a tar archive as they come.
pub(crate) type Archive = BoxStream<'static, io::Result<Vec<u8>>>;

/// So many bytes go together.
pub(crate) const PIECE: usize = 128 * 1024;
/// So many pieces wait for who takes them.
pub(crate) const WAITING: usize = 8;
/// An archive ends with so many zero bytes at least; what does not was cut off.
const END: u64 = 1024;

/// Keeps a place from being written by two, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct CopyLock {
    held: Option<(Lock, PathBuf)>,
}

impl CopyLock {
    pub(crate) fn new(lock: Lock, path: PathBuf) -> Self {
        Self { held: Some((lock, path)) }
    }
}

impl Drop for CopyLock {
    fn drop(&mut self) {
        // Who waits for it sees that the file is another's, and makes its own.
        if let Some((_, path)) = &self.held {
            drop(std::fs::remove_file(path));
        }
    }
}

/// That this system's volumes can be neither read nor written.
pub(crate) fn unable(spec: &WorkloadSpec) -> WdmError {
    WdmError::System(SystemError {
        system: spec.target.system.clone().unwrap_or_else(|| "this machine".to_owned()),
        kind: SystemErrorKind::Unsupported,
        action: "copy volumes".to_owned(),
        said: "nothing here reads or writes what they hold".to_owned(),
        remedy: "move it with leaveVolumes (--leave-volumes), and it begins with empty volumes".to_owned(),
    })
}

/// Reads pieces that another task sends, on a thread that may block.
pub(crate) struct Pieces {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    taken: usize,
    zeros: u64,
}

impl Pieces {
    pub(crate) fn new(pieces: mpsc::Receiver<io::Result<Vec<u8>>>) -> Self {
        Self { pieces, piece: Vec::new(), taken: 0, zeros: 0 }
    }

    /// Reads to the end, which has to be that of an archive.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink())?;
        if self.zeros < END {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "what was sent broke off"));
        }
        Ok(())
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() {
            let Some(piece) = self.pieces.blocking_recv() else { return Ok(0) };
            (self.piece, self.taken) = (piece?, 0);
            let trailing = self.piece.iter().rev().take_while(|byte| **byte == 0).count();
            let all = if trailing == self.piece.len() { self.zeros } else { 0 };
            self.zeros = all.saturating_add(trailing as u64);
        }
        let left = self.piece.get(self.taken..).unwrap_or_default();
        let count = left.len().min(into.len());
        for (to, from) in into.iter_mut().zip(left) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
    }
}

/// What a volume holds, so that two can be compared: the same for the same
/// content, in whatever order a system tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// How many files, folders and links.
    pub(crate) entries: u64,
    /// The bytes of all files.
    pub(crate) bytes: u64,
    /// The SHA-256 of each entry, all combined.
    pub(crate) digest: [u8; 32],
}

impl Content {
    /// Reads an archive to its end.
    ///
    /// # Errors
    /// What reading says; an archive that was cut off.
    pub(crate) fn of(mut pieces: Pieces) -> io::Result<Self> {
        let mut content = Self::default();
        let mut archive = tar::Archive::new(&mut pieces);
        let mut buffer = vec![0; PIECE];
        for entry in archive.entries()? {
            let mut entry = entry?;
            let mut hash = described(&mut entry)?;
            loop {
                let count = entry.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                hash.update(buffer.get(..count).unwrap_or_default());
                content.bytes += count as u64;
            }
            content.entries += 1;
            let one: [u8; 32] = hash.finalize().into();
            for (all, byte) in content.digest.iter_mut().zip(one) {
                *all ^= byte;
            }
        }
        pieces.finish()?;
        Ok(content)
    }
}

/// What an entry is, without its bytes. The time of a folder isn't among it:
/// it changes by being looked at in some systems.
fn described<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let path = entry.path_bytes().into_owned();
    let link = entry.link_name_bytes().map(|name| name.into_owned()).unwrap_or_default();
    let header = entry.header();
    let kind = header.entry_type();
    let mtime = if kind.is_dir() { 0 } else { header.mtime()? };
    // Sparse or not, it reads as the same file.
    let kind = if kind.is_gnu_sparse() || kind.is_contiguous() { tar::EntryType::Regular } else { kind };
    let mode = if kind.is_symlink() { 0 } else { header.mode()? & 0o7777 };
    let trimmed = path.strip_suffix(b"/").unwrap_or(&path);
    for part in [trimmed, &link] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let numbers = [u64::from(kind.as_byte()), u64::from(mode), mtime, header.uid()?, header.gid()?];
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    Ok(hash)
}
