//! Many small documents one after the other, as they come from a partner.

use super::{
    ReadError, ReadLimits, Reading, document::Document, parts::GoodParts, portion, portion::Portion, unknown_subjects,
};
use crate::rdf::RdfFormat;

/// Reads many documents of one source and remembers between them which parts
/// were found good, so that what they have in common is validated once. What
/// it remembers has a bound.
#[derive(Default)]
pub struct Reader {
    limits: ReadLimits,
    good: GoodParts,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader that has read nothing yet. The limits are for each document.
    #[must_use]
    pub fn new(limits: ReadLimits) -> Self {
        Self { limits, good: GoodParts::default() }
    }

    /// Reads a document, on this thread.
    ///
    /// # Errors
    /// As [`super::read_within`].
    pub fn read(&mut self, bytes: &[u8], format: RdfFormat) -> Result<Reading, ReadError> {
        self.limits.check_bytes(bytes.len())?;
        let document = Document::parse(bytes, format, &self.limits)?;
        let Portion { mut reading, understood } = portion::read_alone(&document, &mut self.good, &self.limits)?;
        reading.refused.extend(unknown_subjects(&document, &understood));
        Ok(reading)
    }
}
