//! How much one document may hold: a document comes from strangers.

use super::{ReadError, Violation};

/// How much one document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Triples in the document.
    pub triples: usize,
    /// Triples that belong to one resource.
    pub triples_per_resource: usize,
}

impl Default for ReadLimits {
    /// 64 MiB, a million triples, of which 20,000 for one resource: some 20,000 offers.
    fn default() -> Self {
        Self { bytes: 64 << 20, triples: 1_000_000, triples_per_resource: 20_000 }
    }
}

impl ReadLimits {
    pub(super) fn check_bytes(&self, bytes: usize) -> Result<(), ReadError> {
        if bytes > self.bytes { Err(ReadError::TooLong { bytes, limit: self.bytes }) } else { Ok(()) }
    }

    pub(super) fn too_large(&self) -> Violation {
        let limit = self.triples_per_resource;
        Violation {
            field: String::new(),
            value: None,
            message: format!("it has more than the {limit} triples allowed for one resource: say less about it"),
            shape: String::new(),
        }
    }
}
