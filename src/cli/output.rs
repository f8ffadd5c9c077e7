//! How answers are shown: a table for people, JSON and YAML for programs.
//! Answers go to standard output, everything else to standard error.

use crate::{config::to_yaml, failure::Failure};
use comfy_table::{CellAlignment, ContentArrangement, presets};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Shows answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: OutputFormat,
}

impl Output {
    /// Shows answers so.
    pub(crate) const fn new(format: OutputFormat) -> Self {
        Self { format }
    }

    /// Shows `value`; `text` makes what people read.
    pub(crate) fn show<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let shown = match self.format {
            OutputFormat::Table => text(value),
            OutputFormat::Json => serde_json::to_string_pretty(value).map_err(unreadable)?,
            OutputFormat::Yaml => to_yaml(&serde_json::to_value(value).map_err(unreadable)?),
        };
        write(format!("{}\n", shown.trim_end_matches('\n')).as_bytes())
    }

    /// Shows one of a stream of values: a line, a JSON line, or a YAML document.
    pub(crate) fn show_next<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let shown = match self.format {
            OutputFormat::Table => format!("{}\n", text(value)),
            OutputFormat::Json => {
                format!("{}\n", serde_json::to_string(value).map_err(unreadable)?)
            }
            OutputFormat::Yaml => format!("---\n{}", to_yaml(&serde_json::to_value(value).map_err(unreadable)?)),
        };
        write(shown.as_bytes())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: serde_json::Error) -> Failure {
    Failure::failed(format!("the answer can't be shown: {error}"))
}

/// Writes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Writes text to standard output.
pub(crate) fn write_text(text: &str) -> Result<(), Failure> {
    write(text.as_bytes())
}

/// A table without lines, as `ps` and `kubectl` have it.
pub(crate) struct Table {
    table: comfy_table::Table,
    empty: &'static str,
}

impl Table {
    /// A table with these headings; `empty` is said where it has no row.
    pub(crate) fn new<const N: usize>(empty: &'static str, headings: [&str; N]) -> Self {
        Self::with_headings(empty, &headings)
    }

    /// As [`Self::new`], where the headings are only known when it runs.
    pub(crate) fn with_headings(empty: &'static str, headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(headings.iter().copied());
        Self { table, empty }
    }

    /// With these columns (from 0) to the right: numbers.
    #[must_use]
    pub(crate) fn right(mut self, columns: &[usize]) -> Self {
        for column in columns {
            if let Some(column) = self.table.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    /// One row more.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.cells(cells);
    }

    /// As [`Self::row`], where the number of cells is only known when it runs.
    pub(crate) fn cells(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells.into_iter());
    }

    /// As text.
    pub(crate) fn text(&self) -> String {
        if self.table.row_count() == 0 {
            return self.empty.to_owned();
        }
        let lines: Vec<String> = self
            .table
            .to_string()
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned())
            .collect();
        lines.join("\n")
    }
}

/// Whether a person sees standard error.
pub(crate) fn person_watches() -> bool {
    std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_plain_columns() {
        let mut table = Table::new("none", ["NAME", "COUNT"]).right(&[1]);
        assert_eq!(table.text(), "none");
        table.row(["shop".to_owned(), "12".to_owned()]);
        assert_eq!(table.text(), "NAME  COUNT\nshop     12");
    }
}
