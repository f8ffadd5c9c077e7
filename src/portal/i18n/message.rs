//! A message with arguments, as templates write it.

use super::{Language, catalogue};
use fluent_bundle::{FluentArgs, FluentValue};
use std::fmt;

/// A message that is said when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    language: Language,
    key: String,
    arguments: Vec<(&'static str, FluentValue<'static>)>,
}

impl Message {
    pub(super) fn new(language: Language, key: &str) -> Self {
        Self { language, key: key.to_owned(), arguments: Vec::new() }
    }

    /// With an argument: a number (which chooses the plural, too) or a text.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Value) -> Self {
        self.arguments.push((name, value.value()));
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arguments = FluentArgs::with_capacity(self.arguments.len());
        for (name, value) in &self.arguments {
            arguments.set(*name, value.clone());
        }
        f.write_str(&catalogue::say(self.language, &self.key, Some(&arguments)))
    }
}

/// What can be an argument. Templates hand in references.
pub(crate) trait Value {
    /// As Fluent wants it.
    fn value(self) -> FluentValue<'static>;
}

impl<T: Value + Clone> Value for &T {
    fn value(self) -> FluentValue<'static> {
        self.clone().value()
    }
}

impl Value for &str {
    fn value(self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Value for String {
    fn value(self) -> FluentValue<'static> {
        FluentValue::from(self)
    }
}

macro_rules! numbers {
    ($($type:ty)+) => {$(
        impl Value for $type {
            fn value(self) -> FluentValue<'static> {
                FluentValue::from(self)
            }
        }
    )+};
}

numbers!(i64 u64 usize i32 u32 u16);
