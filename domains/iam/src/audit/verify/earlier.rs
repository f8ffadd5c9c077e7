//! What the reader kept from earlier: a checkpoint, or a whole export. Only
//! with it can a tail that was cut off be noticed.

use super::{Fault, Verified, run};
use crate::audit::{
    note::{Keys, read_checkpoint},
    tree::Frontier,
};
use tlog_tiles::Hash;

/// What the reader kept from earlier.
#[derive(Debug, Clone)]
pub struct Earlier {
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// A signed checkpoint.
    Note(String),
    /// A verified export.
    Export(Verified),
}

impl Earlier {
    /// Reads a checkpoint (a signed note) or an export; the latter must be a good one.
    ///
    /// # Errors
    /// When it is neither, or the export has a fault.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.starts_with(b"{") {
            return Ok(Self { kept: Kept::Export(run(bytes, &[], None, true)?) });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| Fault::earlier(&error.to_string()))?;
        read_checkpoint(text).map_err(|reason| Fault::earlier(&reason))?;
        Ok(Self { kept: Kept::Note(text.to_owned()) })
    }

    /// The keys that it vouches for.
    pub(super) fn keys(&self) -> &[String] {
        match &self.kept {
            Kept::Note(_) => &[],
            Kept::Export(export) => &export.keys,
        }
    }

    /// Checks that `size` records can be what it has grown to.
    pub(super) fn begin(&self, keys: &Keys, size: u64) -> Result<Comparison<'_>, Fault> {
        let comparison = match &self.kept {
            Kept::Note(note) => {
                let (size, root) = keys.checkpoint(note).map_err(|reason| Fault::earlier(&reason))?;
                Comparison { size, root: Some(root), leaves: &[] }
            }
            Kept::Export(export) => Comparison { size: export.size, root: None, leaves: &export.leaves },
        };
        if size < comparison.size {
            return Err(Fault::shorter(size, comparison.size));
        }
        Ok(comparison)
    }
}

/// A comparison under way.
pub(super) struct Comparison<'a> {
    size: u64,
    root: Option<Hash>,
    leaves: &'a [Hash],
}

impl Comparison<'_> {
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// The next record has this hash; with it, the tree is this.
    pub(super) fn take(&self, leaf: Hash, frontier: &Frontier) -> Result<(), Fault> {
        let place = frontier.size() - 1;
        let was = usize::try_from(place).ok().and_then(|place| self.leaves.get(place));
        if was.is_some_and(|was| *was != leaf) {
            return Err(Fault::not_as_before(place));
        }
        if frontier.size() == self.size && self.root.is_some_and(|root| root != frontier.root()) {
            return Err(Fault::history(self.size));
        }
        Ok(())
    }
}
