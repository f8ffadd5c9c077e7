//! What a function or a method is given.

use super::Machine;
use crate::rule::{fault::Trouble, syntax::Arguments, value::Value};
use std::sync::Arc;

/// Evaluated arguments, until they are taken.
pub(super) struct Given {
    by_place: std::collections::VecDeque<Value>,
    by_name: Vec<(Arc<str>, Value)>,
}

impl Machine<'_> {
    pub(super) fn given(&mut self, arguments: &Arguments) -> Result<Given, Trouble> {
        let by_place = arguments.by_place.iter().map(|value| self.value(value)).collect::<Result<_, _>>()?;
        let by_name = arguments.by_name.iter().map(|(name, value)| Ok((name.clone(), self.value(value)?)));
        let given = Given { by_place, by_name: by_name.collect::<Result<_, Trouble>>()? };
        // Whoever gets a text looks at it: counts its letters, or makes it ready to be looked for.
        for value in given.by_place.iter().chain(given.by_name.iter().map(|(_, value)| value)) {
            if let Value::Text(text) = value {
                self.meter.read(text.len())?;
            }
        }
        Ok(given)
    }
}

impl Given {
    pub(super) fn len(&self) -> usize {
        self.by_place.len()
    }

    /// The next one.
    pub(super) fn one(&mut self) -> Result<Value, Trouble> {
        self.maybe().ok_or_else(|| Trouble::kind("an argument is missing"))
    }

    pub(super) fn maybe(&mut self) -> Option<Value> {
        self.by_place.pop_front()
    }

    /// All that are left.
    pub(super) fn rest(&mut self) -> Vec<Value> {
        self.by_place.drain(..).collect()
    }

    /// One by its name.
    pub(super) fn named(&mut self, name: &str) -> Option<Value> {
        let at = self.by_name.iter().position(|(other, _)| &**other == name)?;
        Some(self.by_name.remove(at).1)
    }

    /// All that are given by name.
    pub(super) fn all_named(&mut self) -> Vec<(Arc<str>, Value)> {
        std::mem::take(&mut self.by_name)
    }

    /// Nothing may be left over.
    pub(super) fn end(&self) -> Result<(), Trouble> {
        if let Some((name, _)) = self.by_name.first() {
            let name: String = name.chars().take(40).collect();
            return Err(Trouble::kind(format!("there is no argument `{name}` here")));
        }
        if self.by_place.is_empty() { Ok(()) } else { Err(Trouble::kind("there are too many arguments")) }
    }

    /// The only one, and nothing else.
    pub(super) fn only(&mut self) -> Result<Value, Trouble> {
        let value = self.one()?;
        self.end()?;
        Ok(value)
    }
}

/// A text, or an error that names what it is for.
pub(super) fn text(value: Value, what: &str) -> Result<Arc<str>, Trouble> {
    match value {
        Value::Text(text) => Ok(text),
        other => {
            Err(Trouble::kind(format!("{what} is a text, not {}", other.type_name())).hint("convert it with str(...)"))
        }
    }
}

/// A whole number, or an error that names what it is for.
pub(super) fn int(value: &Value, what: &str) -> Result<i128, Trouble> {
    match value {
        Value::Int(value) => Ok(*value),
        Value::Bool(value) => Ok(i128::from(*value)),
        other => {
            let message = format!("{what} is a whole number, not {}", other.type_name());
            Err(Trouble::kind(message).hint("convert it with int(...)"))
        }
    }
}
