//! Pages of owners of infrastructure: maintenance, offers from the first draft
//! on, flavours, credentials.

pub(crate) mod credentials;
pub(crate) mod draft;
pub(crate) mod flavours;
pub(crate) mod maintenance;
pub(crate) mod sale;
pub(crate) mod sales;
pub(crate) mod systems;

use crate::portal::{
    Frame,
    parts::{Choice, Field, FieldKind, Notice, Tone},
    sheet::{Cell, Column},
};
use std::collections::BTreeMap;

/// What stands in the fields of a form, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entered {
    values: BTreeMap<String, String>,
    faults: BTreeMap<String, String>,
    /// What is wrong with none of the fields.
    others: Vec<String>,
}

impl Entered {
    /// These values, and nothing is wrong.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { values, ..Self::default() }
    }

    /// With what is wrong with a field, or with the whole.
    pub(crate) fn refuse(&mut self, field: Option<&str>, why: impl Into<String>) {
        match field {
            Some(field) => {
                let told = self.faults.entry(field.to_owned()).or_default();
                if !told.is_empty() {
                    told.push_str("; ");
                }
                told.push_str(&why.into());
            }
            None => self.others.push(why.into()),
        }
    }

    /// Without the value of a field: what is secret isn't shown again.
    #[must_use]
    pub(crate) fn without(mut self, field: &str) -> Self {
        self.values.remove(field);
        self
    }

    /// What stands in a field.
    pub(crate) fn value(&self, field: &str) -> &str {
        self.values.get(field).map(String::as_str).unwrap_or_default()
    }

    /// A field with what was entered, and what is wrong with that.
    pub(crate) fn fill(&self, field: Field) -> Field {
        let error = self.faults.get(&field.name).cloned();
        match self.values.get(&field.name) {
            Some(value) => field.value(value).error(error),
            None => field.error(error),
        }
    }

    /// What is wrong with none of the fields.
    pub(crate) fn notice(&self, title: String) -> Option<Notice> {
        let notice = || Notice::new(Tone::Bad, title);
        (!self.others.is_empty()).then(|| self.others.iter().fold(notice(), Notice::detail))
    }
}

/// A field of one line.
fn line(frame: &Frame, name: &str, label: &str) -> Field {
    Field::new(name, frame.t(label), FieldKind::Line("text"))
}

/// A choice among these values, by their names.
fn choice(values: impl IntoIterator<Item = (String, String)>) -> FieldKind {
    FieldKind::Choice(values.into_iter().map(|(value, label)| Choice { value, label }).collect())
}

/// Columns of words with these labels.
fn columns<const N: usize>(frame: &Frame, labels: [&str; N]) -> [Column; N] {
    labels.map(|label| Column::new(frame.t(label)))
}

/// A text, or that there is none.
fn text_or_none(frame: &Frame, text: &str) -> Cell {
    if text.is_empty() { Cell::Nothing(frame.t("none")) } else { Cell::text(text) }
}
