//! What may be wrong with an export, in words that name the record.

use serde::Serialize;
use std::fmt;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It is no whole export.
    Unreadable,
    /// A record isn't what was sealed.
    Altered,
    /// A record isn't there.
    Missing,
    /// A record is there that wasn't sealed, or twice.
    Inserted,
    /// Records are in another order than they were sealed in.
    Reordered,
    /// A row of the database says something else than its record.
    AlteredRow,
    /// A checkpoint isn't signed by a key of the trail.
    ForgedCheckpoint,
    /// A key isn't vouched for as the list says.
    ForgedKey,
    /// Records, or signatures over them, are missing at the end.
    Truncated,
    /// Records from a place on were written anew.
    Rewritten,
}

/// The first fault of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The first record that it concerns.
    pub place: Option<u64>,
    /// In words.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    fn new(kind: FaultKind, place: impl Into<Option<u64>>, message: String) -> Self {
        Self { kind, place: place.into(), message }
    }

    pub(super) fn unreadable(reason: &str) -> Self {
        Self::new(FaultKind::Unreadable, None, format!("it is no whole export of an audit trail: {reason}"))
    }

    pub(super) fn out_of_order(line: u64) -> Self {
        Self::unreadable(&format!("line {line} stands where it doesn't belong"))
    }

    pub(super) fn last_line() -> Self {
        Self::unreadable(
            "its last line doesn't fit: a line that is no record was altered, left out or added after it was written",
        )
    }

    pub(super) fn key(reason: &str) -> Self {
        Self::new(FaultKind::ForgedKey, None, format!("the list of keys is forged: {reason}"))
    }

    pub(super) fn checkpoint(size: Option<u64>, reason: &str) -> Self {
        let which =
            size.map_or_else(|| "a checkpoint".to_owned(), |size| format!("the checkpoint over {size} records"));
        Self::new(FaultKind::ForgedCheckpoint, None, format!("{which} is forged: {reason}"))
    }

    pub(super) fn uncovered(covered: u64) -> Self {
        Self::new(
            FaultKind::Truncated,
            covered,
            format!("the records from {covered} on are covered by no signed checkpoint"),
        )
    }

    pub(super) fn ends_early(place: u64) -> Self {
        Self::new(
            FaultKind::Truncated,
            place,
            format!("the file breaks off where record {place} or the last line should be"),
        )
    }

    pub(super) fn row(place: u64, column: &str) -> Self {
        Self::new(
            FaultKind::AlteredRow,
            place,
            format!(
                "record {place} was altered in the database: its column `{column}` says something else than the sealed record"
            ),
        )
    }

    pub(super) fn altered(place: u64, how: &str) -> Self {
        Self::new(FaultKind::Altered, place, format!("record {place} was altered: {how}"))
    }

    pub(super) fn missing(place: u64, found: Option<u64>) -> Self {
        let found = found.map_or_else(|| "the file ends".to_owned(), |found| format!("record {found} follows"));
        Self::new(FaultKind::Missing, place, format!("record {place} is missing: in its place {found}"))
    }

    pub(super) fn reordered(place: u64, found: u64) -> Self {
        Self::new(
            FaultKind::Reordered,
            place,
            format!("record {place} isn't in its place: record {found} stands before it"),
        )
    }

    pub(super) fn inserted(place: u64) -> Self {
        Self::new(FaultKind::Inserted, place, format!("record {place} stands there twice: one of them was inserted"))
    }

    pub(super) fn beyond(place: u64) -> Self {
        Self::new(
            FaultKind::Inserted,
            place,
            format!("record {place} was inserted: the trail ended before it when it was exported"),
        )
    }

    /// The chain holds and the signed root doesn't.
    pub(super) fn rewritten(from: u64, size: u64) -> Self {
        let which = match size.saturating_sub(from) {
            1 => format!("record {from} was altered"),
            _ => format!("a record from {from} to {} was altered, and the chain after it made anew", size - 1),
        };
        Self::new(
            FaultKind::Rewritten,
            from,
            format!("{which}: the records don't have the root that the checkpoint over {size} records is signed for"),
        )
    }

    pub(super) fn last(place: u64, from: u64) -> Self {
        Self::new(
            FaultKind::Altered,
            place,
            format!(
                "record {place}, the last, was altered (or one from {from} on, and the chain after it made anew): the \
                 records don't have the root that the last checkpoint is signed for"
            ),
        )
    }

    pub(super) fn shorter(size: u64, earlier: u64) -> Self {
        Self::new(
            FaultKind::Truncated,
            size,
            format!(
                "the tail was cut off: there were {earlier} records earlier, and now there are {size}; record {size} is the first that is missing"
            ),
        )
    }

    pub(super) fn not_as_before(place: u64) -> Self {
        Self::new(
            FaultKind::Rewritten,
            place,
            format!("record {place} isn't what it was in the earlier export: the trail was written anew"),
        )
    }

    pub(super) fn history(size: u64) -> Self {
        Self::new(
            FaultKind::Rewritten,
            None,
            format!(
                "the first {size} records aren't what they were when the earlier checkpoint was signed: the trail was written anew"
            ),
        )
    }

    pub(super) fn earlier(reason: &str) -> Self {
        Self::new(FaultKind::ForgedCheckpoint, None, format!("the earlier checkpoint can't be used: {reason}"))
    }
}
