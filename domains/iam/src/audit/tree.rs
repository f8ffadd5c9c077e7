//! The Merkle tree (RFC 6962) over the records, as it grows.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

/// The leaf hash of a record.
pub(crate) fn leaf(line: &[u8]) -> Hash {
    record_hash(line)
}

/// What the first record names as the one before it.
pub(crate) const NOTHING: Hash = EMPTY_HASH;

/// A hash as text.
pub(crate) fn text(hash: Hash) -> String {
    BASE64_STANDARD.encode(hash.0)
}

/// The roots of the complete trees that the records so far form, the largest
/// first: enough to tell the root of all, and to go on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frontier {
    peaks: Vec<Hash>,
    size: u64,
}

impl Frontier {
    /// How many records there are.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Takes in the next record.
    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root over all records so far.
    pub(crate) fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        match peaks.next() {
            None => EMPTY_HASH,
            Some(last) => peaks.fold(last, |right, left| node_hash(left, right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use tlog_tiles::{Error, HashReader, stored_hashes, tree_hash};

    struct Stored(RefCell<Vec<Hash>>);

    impl HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
            Ok(indexes.iter().map(|at| self.0.borrow()[usize::try_from(*at).unwrap()]).collect())
        }
    }

    #[test]
    fn the_root_is_that_of_the_library_at_every_size() {
        let stored = Stored(RefCell::default());
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), EMPTY_HASH);
        for at in 0..130_u64 {
            let line = format!("record {at}");
            let new = stored_hashes(at, line.as_bytes(), &stored).unwrap();
            stored.0.borrow_mut().extend(new);
            frontier.push(leaf(line.as_bytes()));
            assert_eq!(frontier.size(), at + 1);
            assert_eq!(frontier.root(), tree_hash(at + 1, &stored).unwrap(), "{at}");
        }
    }
}
