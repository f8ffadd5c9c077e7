//! The export as CSV (RFC 4180), nulls as empty fields.

use super::{
    FocusContext,
    column::{COLUMNS, Value},
};
use crate::{AccountingError, price::Charge};
use chrono::DateTime;
use std::io::Write;

/// Writes charges, and the invoice where there is one, as FOCUS 1.2 in CSV.
///
/// # Errors
/// When it can't be written.
pub fn write_csv(context: &FocusContext<'_>, charges: &[Charge], out: &mut impl Write) -> Result<(), AccountingError> {
    let fault = |error: std::io::Error| AccountingError::writing("the export as CSV", error);
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    writeln!(out, "{}", names.join(",")).map_err(fault)?;
    for row in context.rows(charges)? {
        let row = row?;
        let mut line = String::with_capacity(600);
        for (place, value) in row.values().iter().enumerate() {
            if place > 0 {
                line.push(',');
            }
            match value {
                Value::None => {}
                Value::Text(text) => quote(text, &mut line),
                Value::Number(number) => decimal(number, &mut line),
                Value::Time(seconds) => line.push_str(&moment(*seconds)),
            }
        }
        writeln!(out, "{line}").map_err(fault)?;
    }
    Ok(())
}

/// Always with a point: so that readers who guess types take no column for whole numbers.
fn decimal(number: &str, line: &mut String) {
    line.push_str(number);
    if !number.contains('.') {
        line.push_str(".0");
    }
}

fn moment(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// With quotes where a field has a comma, a quote or a line's end.
fn quote(text: &str, line: &mut String) {
    if text.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}
