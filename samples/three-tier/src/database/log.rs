//! The file behind the database: a record a line, each with its checksum,
//! synced before it is acknowledged. A record that was being written when the
//! process was killed is cut off at the next start; anything else that doesn't
//! fit its checksum is damage, and refused.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

const NAME: &str = "data.log";
const NEW: &str = "data.log.new";
const LOCK: &str = "lock";
/// From this size on a log is written anew at the start if most of it is history.
const WORTH_COMPACTING: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Log {
    file: File,
    length: u64,
    /// Held for as long as the log is open: one process to a directory.
    _lock: File,
}

impl Log {
    /// Opens the log of a directory, makes both where they don't exist, and
    /// replays every record in order.
    pub(super) fn open(directory: &Path, replay: impl FnMut(String, String)) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "another database uses this directory")
            }
            TryLockError::Error(error) => error,
        })?;
        let path = directory.join(NAME);
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        File::open(directory)?.sync_all()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let length = play(&bytes, replay)?;
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        file.sync_all()?;
        Ok(Self { file, length, _lock: lock })
    }

    /// Adds a record. When this returns, it is on the disk; when it fails, it
    /// is as though it had never been tried.
    pub(super) fn append(&mut self, key: &str, value: &str) -> io::Result<()> {
        let line = record(key, value);
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A full disk leaves half a record: it must not stand before the next one.
                self.file.set_len(self.length)?;
                self.file.seek(SeekFrom::Start(self.length))?;
                Err(error)
            }
        }
    }

    /// The same log without its history, if that is worth it.
    pub(super) fn compacted(self, directory: &Path, values: &BTreeMap<String, String>) -> io::Result<Self> {
        let text: String = values.iter().map(|(key, value)| record(key, value)).collect();
        if self.length < WORTH_COMPACTING || self.length < 2 * text.len() as u64 {
            return Ok(self);
        }
        let path = directory.join(NEW);
        let mut file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&path, directory.join(NAME))?;
        File::open(directory)?.sync_all()?;
        Ok(Self { file, length: text.len() as u64, _lock: self._lock })
    }
}

/// Replays whole records; the length of what is sound.
fn play(bytes: &[u8], mut replay: impl FnMut(String, String)) -> io::Result<u64> {
    let mut sound = 0_u64;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match read(line) {
            Some((key, value)) => replay(key, value),
            None if !line.ends_with(b"\n") => break,
            None => {
                let message = format!("the record at byte {sound} of {NAME} is damaged");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        sound += line.len() as u64;
    }
    Ok(sound)
}

fn record(key: &str, value: &str) -> String {
    let content = format!("{key} {value}");
    format!("{:08x} {content}\n", crc32(content.as_bytes()))
}

fn read(line: &[u8]) -> Option<(String, String)> {
    let (sum, content) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    let fits = u32::from_str_radix(sum, 16).ok()? == crc32(content.as_bytes());
    let (key, value) = content.split_once(' ')?;
    fits.then(|| (key.to_owned(), value.to_owned()))
}

/// CRC-32 (ISO 3309), bit by bit: records are short.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(bytes: &[u8]) -> io::Result<(u64, Vec<(String, String)>)> {
        let mut found = Vec::new();
        play(bytes, |key, value| found.push((key, value))).map(|length| (length, found))
    }

    #[test]
    fn checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_cut_at_any_byte_loses_the_last_record_only() {
        let text = record("a", "1") + &record("b", "two words") + &record("a", "");
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for cut in 0..=text.len() {
            let (length, found) = replayed(&text.as_bytes()[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(
                (length, found.len()),
                (ends.iter().rev().find(|end| **end <= cut).map_or(0, |end| *end as u64), whole)
            );
        }
    }

    #[test]
    fn damage_in_the_middle_is_refused() {
        let text = (record("a", "1") + &record("b", "2")).replacen("a 1", "a 7", 1);
        assert_eq!(replayed(text.as_bytes()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
