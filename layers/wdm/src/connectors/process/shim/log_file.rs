//! Captured output on disk: bounded, rotated, and never in the workload's way.
//!
//! Lines are written in the format of the Kubernetes container runtime
//! interface: time, stream, `F` for a full line or `P` for a part of one, text.
//! Files are numbered upwards and never renamed, so that a reader who follows
//! them loses nothing at a rotation.

use super::super::record::LogBounds;
use crate::model::LogSource;
use chrono::{DateTime, SecondsFormat, Utc};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// One line, or a part of one that is too long.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: DateTime<Utc>,
    pub(super) source: LogSource,
    pub(super) partial: bool,
    pub(super) text: Vec<u8>,
}

impl Entry {
    pub(super) fn note(at: DateTime<Utc>, text: String) -> Self {
        Self { at, source: LogSource::Note, partial: false, text: text.into_bytes() }
    }

    /// As it stands in the file.
    fn append_to(&self, buffer: &mut Vec<u8>) {
        let source = match self.source {
            LogSource::Stdout => "stdout",
            LogSource::Stderr => "stderr",
            LogSource::Note => "note",
        };
        let tag = if self.partial { 'P' } else { 'F' };
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        buffer.extend_from_slice(format!("{at} {source} {tag} ").as_bytes());
        buffer.extend_from_slice(&self.text);
        buffer.push(b'\n');
    }
}

/// The numbered log files of a directory, oldest first.
pub(crate) fn log_files(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files: Vec<(u64, PathBuf)> = fs::read_dir(directory)?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_suffix(".log")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// The files of one workload, open at their end.
#[derive(Debug)]
pub(super) struct LogFiles {
    directory: PathBuf,
    bounds: LogBounds,
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    number: u64,
    file: File,
    length: u64,
}

impl LogFiles {
    pub(super) fn new(directory: PathBuf, bounds: LogBounds) -> Self {
        Self { directory, bounds, current: None }
    }

    /// Writes lines behind each other. On an error none of them is in the file.
    pub(super) fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut buffer = Vec::new();
        for entry in entries {
            entry.append_to(&mut buffer);
        }
        self.rotate_if_full()?;
        let current = match &mut self.current {
            Some(current) => current,
            none => none.insert(open_last(&self.directory)?),
        };
        let written = current.file.write_all(&buffer);
        if let Err(error) = written {
            // A half-written line would spoil the next one.
            drop(current.file.set_len(current.length));
            drop(current.file.seek(SeekFrom::Start(current.length)));
            self.current = None;
            return Err(error);
        }
        current.length += buffer.len() as u64;
        Ok(())
    }

    fn rotate_if_full(&mut self) -> io::Result<()> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        if current.length < self.bounds.file_bytes {
            return Ok(());
        }
        let number = current.number + 1;
        // The oldest goes first: on a full disk that makes the room.
        let files = log_files(&self.directory)?;
        let surplus = (files.len() + 1).saturating_sub(self.bounds.files.max(1));
        for (_, path) in files.iter().take(surplus) {
            fs::remove_file(path)?;
        }
        self.current = Some(open(&self.directory, number)?);
        Ok(())
    }
}

fn open_last(directory: &Path) -> io::Result<Current> {
    // Only this one: were the workload's own directory made anew after
    // somebody had deleted it, nobody would ever remove it.
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let number = log_files(directory)?.last().map_or(1, |(number, _)| *number);
    open(directory, number)
}

/// Opens a file at its end; cuts off a line that a crash left unfinished.
fn open(directory: &Path, number: u64) -> io::Result<Current> {
    let path = directory.join(format!("{number:010}.log"));
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end as u64 + 1);
    if length < bytes.len() as u64 {
        file.set_len(length)?;
    }
    file.seek(SeekFrom::Start(length))?;
    Ok(Current { number, file, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Entry {
        Entry { at: DateTime::UNIX_EPOCH, source: LogSource::Stdout, partial: false, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn rotates_keeps_so_many_and_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let bounds = LogBounds { file_bytes: 50, files: 2 };
        let mut files = LogFiles::new(folder.path().to_owned(), bounds);
        for number in 0..6 {
            files.write(&[line(&format!("line {number}"))]).unwrap();
        }
        let numbers: Vec<u64> = log_files(folder.path()).unwrap().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2, 3]);
        let mut again = LogFiles::new(folder.path().to_owned(), bounds);
        again.write(&[line("after")]).unwrap();
        let last = fs::read_to_string(folder.path().join("0000000003.log")).unwrap();
        assert!(last.ends_with("1970-01-01T00:00:00.000000Z stdout F after\n"), "{last}");
    }

    #[test]
    fn a_line_that_a_crash_cut_short_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0000000001.log"), "whole\nhal").unwrap();
        let mut files = LogFiles::new(folder.path().to_owned(), LogBounds::default());
        files.write(&[line("next")]).unwrap();
        let text = fs::read_to_string(folder.path().join("0000000001.log")).unwrap();
        assert_eq!(text, "whole\n1970-01-01T00:00:00.000000Z stdout F next\n");
    }
}
