//! How much one document may hold: a document comes from strangers.

use super::{ReadError, Violation};
use crate::rdf::RdfFormat;

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

/// An offer needs about ten levels.
const MAX_DEPTH: usize = 100;

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

    /// The JSON-LD parser is recursive, and the RDF/XML parser's time grows with
    /// the square of the depth: a short document could exhaust the stack or the
    /// processor. The parsers of the other formats are built otherwise.
    pub(super) fn check_depth(bytes: &[u8], format: RdfFormat) -> Result<(), ReadError> {
        let deepest = match format {
            RdfFormat::JsonLd => json_depth(bytes),
            RdfFormat::RdfXml => xml_depth(bytes),
            RdfFormat::Turtle | RdfFormat::NTriples => 0,
        };
        if deepest > MAX_DEPTH { Err(ReadError::TooDeep { limit: MAX_DEPTH }) } else { Ok(()) }
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

fn json_depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Start tags less end tags. Tags in comments count, so this may be more than the depth.
fn xml_depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for pair in bytes.windows(2) {
        match pair {
            [b'<', b'/'] | [b'/', b'>'] => depth = depth.saturating_sub(1),
            [b'<', b'!' | b'?'] => {}
            [b'<', _] => depth += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
