//! The records in their order: the chain, the tree, and when they don't hold,
//! which record is at fault.

use super::{Fault, Lines};
use crate::audit::tree::{self, Frontier, NOTHING};
use std::io::BufRead;
use tlog_tiles::Hash;

/// Place and predecessor's hash of a record, by the fixed form of its line.
pub(super) fn parse(line: &[u8]) -> Option<(u64, Hash)> {
    let rest = line.strip_prefix(b"{\"place\":")?;
    let digits = rest.iter().position(|byte| *byte == b',')?;
    let place = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
    let rest = rest.get(digits..)?.strip_prefix(b",\"previous\":\"")?;
    let hash = std::str::from_utf8(rest.get(..44)?).ok()?;
    (rest.get(44) == Some(&b'"')).then_some(())?;
    Some((place, Hash::parse_hash(hash).ok()?))
}

/// What has been read so far.
pub(super) struct Records {
    pub(super) frontier: Frontier,
    /// The hashes of all records, where they are wanted.
    pub(super) leaves: Vec<Hash>,
    keep: bool,
    size: u64,
    head: Hash,
    checkpoints: Vec<(u64, Hash)>,
    checked: usize,
    /// The last checkpoint that held.
    good: u64,
    /// The checkpoint that doesn't hold, until it is known why.
    broken: Option<u64>,
    /// As it was before the last record but one.
    before: Option<Frontier>,
}

/// A line that isn't what must follow.
pub(super) enum Doubt {
    /// It can't be read as a record.
    Unreadable,
    /// It doesn't fit.
    Misfit(Line),
    /// It fits, but a signed root before it doesn't.
    Root(u64),
}

/// A record's line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    place: u64,
    previous: Hash,
    leaf: Hash,
}

impl Records {
    pub(super) fn new(size: u64, checkpoints: Vec<(u64, Hash)>, keep: bool) -> Self {
        Self {
            frontier: Frontier::default(),
            leaves: Vec::new(),
            keep,
            size,
            head: NOTHING,
            checkpoints,
            checked: 0,
            good: 0,
            broken: None,
            before: None,
        }
    }

    /// Takes in the next record.
    pub(super) fn take(&mut self, place: u64, previous: Hash, leaf: Hash) -> Result<(), Doubt> {
        let expected = self.frontier.size();
        if place != expected || previous != self.head || place >= self.size {
            return Err(Doubt::Misfit(Line { place, previous, leaf }));
        }
        if let Some(size) = self.broken {
            return Err(Doubt::Root(size));
        }
        if expected + 2 == self.size {
            self.before = Some(self.frontier.clone());
        }
        self.frontier.push(leaf);
        self.head = leaf;
        if self.keep {
            self.leaves.push(leaf);
        }
        if let Some((size, root)) = self.checkpoints.get(self.checked)
            && *size == self.frontier.size()
        {
            self.checked += 1;
            if *root == self.frontier.root() {
                self.good = *size;
            } else {
                self.broken = Some(*size);
            }
        }
        Ok(())
    }

    pub(super) const fn unreadable(&self) -> Doubt {
        Doubt::Unreadable
    }

    /// The file ends without its last line.
    pub(super) fn ends_early(&self) -> Fault {
        self.end().err().unwrap_or_else(|| Fault::ends_early(self.frontier.size()))
    }

    /// All records have been read.
    pub(super) fn end(&self) -> Result<(), Fault> {
        let read = self.frontier.size();
        match self.broken {
            Some(size) if size == self.size => Err(Fault::last(size - 1, self.good)),
            Some(size) => Err(Fault::rewritten(self.good, size)),
            None if read < self.size => Err(Fault::missing(read, None)),
            None => Ok(()),
        }
    }

    /// Which record is at fault, by what follows.
    pub(super) fn diagnose<R: BufRead>(&self, doubt: Doubt, lines: &mut Lines<R>) -> Fault {
        let expected = self.frontier.size();
        let rest = rest(lines);
        let next = rest.first().copied();
        let line = match doubt {
            Doubt::Root(size) => return Fault::rewritten(self.good, size),
            Doubt::Unreadable if expected >= self.size => return Fault::beyond(expected),
            Doubt::Unreadable => return Fault::altered(expected, "it can't be read as a record"),
            Doubt::Misfit(line) => line,
        };
        let follows = |place: u64| next.is_some_and(|next| next.place == place);
        if line.place == expected {
            return if expected >= self.size { Fault::beyond(expected) } else { self.broken_chain(line, next) };
        }
        if line.place < expected {
            let is_the_rest = next.is_none() && expected + 1 == self.size;
            return if is_the_rest || (follows(expected + 1) && expected < self.size) {
                Fault::altered(expected, &format!("it says that its place is {}", line.place))
            } else {
                Fault::inserted(line.place)
            };
        }
        if rest.iter().any(|other| other.place == expected) {
            Fault::reordered(expected, line.place)
        } else if follows(expected + 1) || (next.is_none() && expected + 1 == self.size) {
            Fault::altered(expected, &format!("it says that its place is {}", line.place))
        } else {
            Fault::missing(expected, Some(line.place))
        }
    }

    /// A record in its place that doesn't name the one before it: one of the two was altered.
    fn broken_chain(&self, line: Line, next: Option<Line>) -> Fault {
        let Some(before) = line.place.checked_sub(1) else {
            return Fault::altered(line.place, "it is the first and names one before it");
        };
        let vouched = match (next, &self.before) {
            (Some(next), _) => next.previous == line.leaf,
            (None, Some(frontier)) => {
                let mut frontier = frontier.clone();
                frontier.push(line.previous);
                frontier.push(line.leaf);
                self.checkpoints.last().is_some_and(|(_, root)| *root == frontier.root())
            }
            (None, None) => false,
        };
        if vouched || self.broken == Some(line.place) {
            Fault::altered(before, "the record after it names another hash")
        } else {
            Fault::altered(
                line.place,
                "neither does it name the hash of the record before it, nor has it the hash that is named after it",
            )
        }
    }
}

/// The records that follow, as far as they can be read.
fn rest<R: BufRead>(lines: &mut Lines<R>) -> Vec<Line> {
    let mut rest = Vec::new();
    while lines.next().unwrap_or(false) {
        let line = lines.current();
        if let Some((place, previous)) = parse(line) {
            rest.push(Line { place, previous, leaf: tree::leaf(line) });
        }
    }
    rest
}
