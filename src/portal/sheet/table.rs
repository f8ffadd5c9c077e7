//! Tables, and facts with their names.

use super::Cell;
use askama::{Template, filters::HtmlSafe};

/// A table. The first cell of a row is its heading.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/table.html")]
pub(crate) struct Table {
    caption: String,
    /// Whether the heading above it says the same: then only screen readers are told.
    said: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    label: String,
    number: bool,
    /// The address of the list sorted by it, and how it is sorted now.
    sort: Option<(String, Option<&'static str>)>,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    cells: Vec<Cell>,
}

/// Facts with their names.
#[derive(Debug, Clone, Default, Template)]
#[template(
    source = "<dl class=\"facts\">{% for (name, cell) in facts %}<dt>{{ name }}</dt><dd>{{ cell }}</dd>{% endfor %}</dl>",
    ext = "html"
)]
pub(crate) struct Facts {
    facts: Vec<(String, Cell)>,
}

impl HtmlSafe for Table {}
impl HtmlSafe for Facts {}

impl Table {
    /// An empty table.
    pub(crate) fn new(caption: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        Self { caption: caption.into(), said: false, columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// With these rows.
    #[must_use]
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Under a heading, which its caption need not repeat.
    pub(super) fn under(&mut self, heading: &str) {
        self.said = self.caption == heading;
    }

    /// A row's cells with their columns; the first is the row's heading.
    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Cell, &'a Column)> {
        row.cells.iter().zip(&self.columns)
    }
}

impl Column {
    /// A column of words.
    pub(crate) fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), number: false, sort: None }
    }

    /// A column of numbers: they stand at the right.
    pub(crate) fn number(label: impl Into<String>) -> Self {
        Self { number: true, ..Self::new(label) }
    }
}

impl Row {
    /// A row of these cells.
    pub(crate) fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect() }
    }
}

impl Facts {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a fact.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, cell: Cell) -> Self {
        self.facts.push((name.into(), cell));
        self
    }

    /// With a fact, where it is known.
    #[must_use]
    pub(crate) fn maybe(self, name: impl Into<String>, cell: Option<Cell>) -> Self {
        match cell {
            Some(cell) => self.with(name, cell),
            None => self,
        }
    }
}
