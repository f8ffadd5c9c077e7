//! How much one query may ask.

use super::GraphError;
use std::time::Duration;

/// How much one query may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows, or triples, of the answer. A longer answer is cut, and says so.
    pub rows: usize,
    /// How long it may take.
    pub time: Duration,
    /// Bytes of the query's text.
    pub length: usize,
}

impl Default for QueryLimits {
    /// 1,000 rows, 5 seconds, 8 KiB.
    fn default() -> Self {
        Self { rows: 1_000, time: Duration::from_secs(5), length: 8 << 10 }
    }
}

impl QueryLimits {
    pub(super) fn check_length(&self, sparql: &str) -> Result<(), GraphError> {
        if sparql.len() > self.length {
            return Err(GraphError::TooLong { bytes: sparql.len(), limit: self.length });
        }
        Ok(())
    }
}
