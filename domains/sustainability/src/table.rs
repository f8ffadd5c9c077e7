//! Tables in CSV (RFC 4180) with named columns, and faults that name line and column.

use crate::SustainabilityError;
use rust_decimal::Decimal;
use std::sync::Arc;

type Columns = Arc<[(&'static str, usize)]>;

/// The rows of a table.
pub(crate) struct Table<'t> {
    rows: csv::StringRecordsIntoIter<&'t [u8]>,
    columns: Columns,
    width: usize,
}

/// A row.
pub(crate) struct Row {
    line: u64,
    record: csv::StringRecord,
    columns: Columns,
}

impl<'t> Table<'t> {
    /// A table that has at least these columns, in any order.
    pub(crate) fn new(text: &'t str, needed: &[&'static str]) -> Result<Self, SustainabilityError> {
        Self::with(text, needed, &[])
    }

    /// A table that has at least the needed columns, in any order.
    pub(crate) fn with(
        text: &'t str,
        needed: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Self, SustainabilityError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| SustainabilityError::invalid("header", error.to_string()))?;
        let place = |name: &str| header.iter().position(|column| column == name);
        let mut columns = Vec::new();
        for name in needed {
            let problem = || format!("has no column `{name}`; its columns must be named in the first line");
            columns.push((*name, place(name).ok_or_else(|| SustainabilityError::invalid("header", problem()))?));
        }
        columns.extend(optional.iter().filter_map(|name| Some((*name, place(name)?))));
        let width = header.len();
        Ok(Self { rows: reader.into_records(), columns: columns.into(), width })
    }
}

impl Iterator for Table<'_> {
    type Item = Result<Row, SustainabilityError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.rows.next()? {
            Ok(record) => record,
            Err(error) => return Some(Err(SustainabilityError::invalid("table", error.to_string()))),
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != self.width {
            let problem = format!("has {} fields, and the header has {}; look for a comma", record.len(), self.width);
            return Some(Err(SustainabilityError::invalid(format!("line {line}"), problem)));
        }
        Some(Ok(Row { line, record, columns: Arc::clone(&self.columns) }))
    }
}

impl Row {
    /// Whether the table has a column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| *name == column)
    }

    /// What stands in a column; empty where the table has no such column.
    pub(crate) fn text(&self, column: &str) -> &str {
        let place = self.columns.iter().find(|(name, _)| *name == column).map(|(_, place)| *place);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    /// A number, with or without an exponent.
    pub(crate) fn decimal(&self, column: &str) -> Result<Decimal, SustainabilityError> {
        let text = self.text(column);
        decimal(text).ok_or_else(|| self.fault(column, &format!("`{text}` is no number; write one such as 380.5")))
    }

    /// What is wrong in a column.
    pub(crate) fn fault(&self, column: &str, problem: &str) -> SustainabilityError {
        SustainabilityError::invalid(format!("line {}, column `{column}`", self.line), problem)
    }
}

/// A number as people and programs write it: `380.5`, `4.2e-4`.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}
