//! Verifies an export, offline and in one pass: nothing is fetched, and nobody
//! is believed but the keys that the reader pins.

mod earlier;
mod fault;
mod records;

pub use earlier::Earlier;
pub use fault::{Fault, FaultKind};

use super::{
    export::{Extra, Header},
    note::{Keys, read_checkpoint},
    tree,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use records::Records;
use sha2::{Digest as _, Sha256};
use std::io::BufRead;
use tlog_tiles::Hash;

/// The longest line, in bytes; a record is at most some 100 KiB.
const LONGEST_LINE: u64 = 4 << 20;

/// What was verified.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The trail's name.
    pub origin: String,
    /// How many records it has.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// How many signed checkpoints were checked against the records.
    pub checkpoints: usize,
    /// The public keys whose signatures were accepted.
    pub keys: Vec<String>,
    /// Whether the reader knew those keys, or keys that vouch for them, from elsewhere.
    pub pinned: bool,
    /// How many records the earlier checkpoint or export had; None where none was given.
    pub grown_from: Option<u64>,
    /// The last checkpoint, to be kept for the next time.
    pub checkpoint: Option<String>,
    #[serde(skip)]
    pub(super) leaves: Vec<Hash>,
}

/// Reads an export and says whether it is what the broker sealed.
///
/// `pinned` are public keys (`name+id+key`) that the reader knows; without
/// any, those of the file are taken as they are.
///
/// # Errors
/// The first fault.
pub fn verify(input: impl BufRead, pinned: &[String], earlier: Option<&Earlier>) -> Result<Verified, Fault> {
    run(input, pinned, earlier, false)
}

fn run(input: impl BufRead, pinned: &[String], earlier: Option<&Earlier>, keep: bool) -> Result<Verified, Fault> {
    let mut lines = Lines { input, line: Vec::new(), count: 0 };
    let mut hash = Sha256::new();
    let head = Head::read(&mut lines, &mut hash)?;
    let pins = match earlier {
        Some(earlier) if pinned.is_empty() => earlier.keys(),
        _ => pinned,
    };
    let mut keys = Keys::read(&head.header.origin, &head.keys).map_err(|reason| Fault::key(&reason))?;
    if !pins.is_empty() {
        keys = keys.trusted(pins).map_err(|reason| Fault::key(&reason))?;
    }
    let checkpoints = head.checkpoints(&keys)?;
    let mut earlier = earlier.map(|earlier| earlier.begin(&keys, head.header.size)).transpose()?;
    let mut records = Records::new(head.header.size, checkpoints.clone(), keep);
    loop {
        let line = lines.current();
        if let Some((place, previous)) = records::parse(line) {
            let leaf = tree::leaf(line);
            if let Err(doubt) = records.take(place, previous, leaf) {
                return Err(records.diagnose(doubt, &mut lines));
            }
            if let Some(earlier) = &mut earlier {
                earlier.take(leaf, &records.frontier)?;
            }
        } else {
            match serde_json::from_slice::<Extra>(line) {
                Ok(Extra::AlteredRow { place, column }) => return Err(Fault::row(place, &column)),
                Ok(Extra::End { .. }) => break,
                Ok(Extra::Key(_) | Extra::Checkpoint(_)) => return Err(Fault::out_of_order(lines.count)),
                Err(_) => return Err(records.diagnose(records.unreadable(), &mut lines)),
            }
        }
        if !lines.next()? {
            return Err(records.ends_early());
        }
    }
    records.end()?;
    lines.check_end(hash)?;
    Ok(Verified {
        origin: head.header.origin,
        size: head.header.size,
        root: tree::text(records.frontier.root()),
        checkpoints: checkpoints.len(),
        keys: keys.list().iter().map(|key| key.public.clone()).collect(),
        pinned: !pins.is_empty(),
        grown_from: earlier.map(|earlier| earlier.size()),
        checkpoint: head.notes.last().cloned(),
        leaves: records.leaves,
    })
}

/// What stands before the records.
struct Head {
    header: Header,
    keys: Vec<String>,
    notes: Vec<String>,
}

impl Head {
    /// Reads up to the first line that is none of the head's.
    fn read<R: BufRead>(lines: &mut Lines<R>, hash: &mut Sha256) -> Result<Self, Fault> {
        if !lines.next()? {
            return Err(Fault::unreadable("it is empty"));
        }
        let header: Header = serde_json::from_slice(lines.current())
            .map_err(|error| Fault::unreadable(&format!("its first line is no header of an export: {error}")))?;
        if header.hansa_audit_export != 1 {
            return Err(Fault::unreadable("its format is of another version than 1"));
        }
        let mut head = Self { header, keys: Vec::new(), notes: Vec::new() };
        loop {
            lines.hash(hash);
            if !lines.next()? {
                return Err(Fault::ends_early(0));
            }
            match serde_json::from_slice::<Extra>(lines.current()) {
                Ok(Extra::Key(statement)) if head.notes.is_empty() => head.keys.push(statement),
                Ok(Extra::Checkpoint(note)) => head.notes.push(note),
                _ => return Ok(head),
            }
        }
    }

    /// Size and root of every checkpoint.
    fn checkpoints(&self, keys: &Keys) -> Result<Vec<(u64, Hash)>, Fault> {
        let mut checkpoints: Vec<(u64, Hash)> = Vec::with_capacity(self.notes.len());
        for note in &self.notes {
            let (size, root) = keys.checkpoint(note).map_err(|reason| {
                Fault::checkpoint(read_checkpoint(note).ok().map(|checkpoint| checkpoint.size()), &reason)
            })?;
            if checkpoints.last().is_some_and(|(last, _)| *last >= size) || size > self.header.size {
                return Err(Fault::checkpoint(Some(size), "it is out of its order"));
            }
            checkpoints.push((size, root));
        }
        let covered = checkpoints.last().map_or(0, |(size, _)| *size);
        if covered < self.header.size {
            return Err(Fault::uncovered(covered));
        }
        Ok(checkpoints)
    }
}

/// The lines of a file.
struct Lines<R> {
    input: R,
    line: Vec<u8>,
    count: u64,
}

impl<R: BufRead> Lines<R> {
    /// Goes to the next line; false at the end of the file.
    fn next(&mut self) -> Result<bool, Fault> {
        self.line.clear();
        let mut limited = std::io::Read::take(&mut self.input, LONGEST_LINE);
        let read = limited.read_until(b'\n', &mut self.line).map_err(|error| Fault::unreadable(&error.to_string()))?;
        self.count += 1;
        if read == 0 {
            return Ok(false);
        }
        if self.line.last() != Some(&b'\n') && read as u64 == LONGEST_LINE {
            return Err(Fault::unreadable(&format!("line {} is longer than any record", self.count)));
        }
        Ok(true)
    }

    /// The line, without its end.
    fn current(&self) -> &[u8] {
        self.line.strip_suffix(b"\n").unwrap_or(&self.line)
    }

    fn hash(&self, hash: &mut Sha256) {
        hash.update(&self.line);
    }

    /// The current line is the last, and what it must be.
    fn check_end(&mut self, hash: Sha256) -> Result<(), Fault> {
        let lines = self.count - 1;
        let sha256 = BASE64_STANDARD.encode(hash.finalize());
        let wanted = serde_json::to_string(&Extra::End { lines, sha256 }).unwrap_or_default() + "\n";
        if wanted.as_bytes() != self.line {
            return Err(Fault::last_line());
        }
        if self.next()? {
            return Err(Fault::unreadable("something follows its last line"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
