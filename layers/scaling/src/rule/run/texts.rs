//! Methods of texts.

use super::{
    Machine,
    arguments::{Given, int, text},
    methods::no_method,
};
use crate::rule::{
    fault::Trouble,
    limits::wide,
    syntax::Method,
    value::{Heap, Value},
};
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn text_method(&mut self, of: &Arc<str>, method: Method, mut given: Given) -> Result<Value, Trouble> {
        self.meter.read(of.len())?;
        match method {
            Method::Upper | Method::Lower => {
                given.end()?;
                // A letter may become up to three.
                self.meter.take(wide(of.len()).saturating_mul(3))?;
                let text = if method == Method::Upper { of.to_uppercase() } else { of.to_lowercase() };
                Ok(Value::Text(text.into()))
            }
            Method::Strip | Method::Lstrip | Method::Rstrip => self.stripped(of, method, given),
            Method::Split => self.split(of, given),
            Method::Join => self.joined_by(of, given),
            Method::Replace => self.replaced(of, given),
            Method::Format => self.formatted(of, given),
            Method::Startswith => {
                let part = text(given.only()?, "the beginning")?;
                Ok(Value::Bool(of.starts_with(&*part)))
            }
            Method::Endswith => {
                let part = text(given.only()?, "the end")?;
                Ok(Value::Bool(of.ends_with(&*part)))
            }
            Method::Find | Method::Index => {
                let part = text(given.only()?, "what is looked for")?;
                let found = of.find(&*part).and_then(|at| of.get(..at)).map(|before| wide(before.chars().count()));
                match found {
                    Some(at) => Ok(Value::Int(at.into())),
                    None if method == Method::Find => Ok(Value::Int(-1)),
                    None => Err(Trouble::value("the text doesn't have this part").hint("use find, which gives -1")),
                }
            }
            Method::Count => {
                let part = text(given.only()?, "what is counted")?;
                let count = if part.is_empty() { of.chars().count() + 1 } else { of.matches(&*part).count() };
                Ok(Value::Int(wide(count).into()))
            }
            Method::Isdigit => {
                given.end()?;
                Ok(Value::Bool(!of.is_empty() && of.chars().all(|letter| letter.is_ascii_digit())))
            }
            _ => Err(no_method(&Value::Text(of.clone()), method)),
        }
    }

    fn stripped(&mut self, of: &str, method: Method, mut given: Given) -> Result<Value, Trouble> {
        let letters = match given.maybe() {
            None | Some(Value::None) => None,
            Some(letters) => Some(text(letters, "what is taken away")?),
        };
        given.end()?;
        if let Some(letters) = &letters {
            self.meter.step(wide(letters.len()).saturating_mul(wide(of.len())) / 64)?;
        }
        let goes = |letter: char| match &letters {
            None => letter.is_whitespace(),
            Some(letters) => letters.contains(letter),
        };
        self.meter.take(wide(of.len()))?;
        let text = match method {
            Method::Lstrip => of.trim_start_matches(goes),
            Method::Rstrip => of.trim_end_matches(goes),
            _ => of.trim_matches(goes),
        };
        Ok(Value::Text(text.into()))
    }

    fn split(&mut self, of: &str, mut given: Given) -> Result<Value, Trouble> {
        let by = match given.maybe().or_else(|| given.named("sep")) {
            None | Some(Value::None) => None,
            Some(by) => Some(text(by, "what separates")?),
        };
        let most = given.maybe().or_else(|| given.named("maxsplit")).unwrap_or(Value::Int(-1));
        let most = usize::try_from(int(&most, "the number of splits")?).unwrap_or(usize::MAX - 1);
        given.end()?;
        if by.as_deref() == Some("") {
            return Err(Trouble::value("a text can't be split by nothing").hint("go over its letters with for"));
        }
        // At most one part for each letter, and all letters.
        self.meter.take(wide(of.len()).saturating_mul(2).saturating_add(64))?;
        let mut parts: Vec<Value> = Vec::new();
        let mut rest = if by.is_some() { of } else { of.trim_start() };
        loop {
            let found = match &by {
                Some(by) => rest.find(&**by).map(|at| (at, at + by.len())),
                None => rest.find(char::is_whitespace).map(|at| (at, at)),
            };
            self.meter.step(1)?;
            Heap::room(&mut self.meter, 1)?;
            let Some((at, behind)) = found.filter(|_| parts.len() < most) else { break };
            parts.push(Value::Text(rest.get(..at).unwrap_or_default().into()));
            rest = rest.get(behind..).unwrap_or_default();
            if by.is_none() {
                rest = rest.trim_start();
            }
        }
        if by.is_some() {
            parts.push(Value::Text(rest.into()));
        } else if !rest.is_empty() {
            // The last part keeps its blanks only if splitting was ended by the number.
            let last = if parts.len() < most { rest.trim_end() } else { rest };
            parts.push(Value::Text(last.into()));
        }
        self.heap.list(&mut self.meter, parts)
    }

    fn joined_by(&mut self, by: &str, mut given: Given) -> Result<Value, Trouble> {
        let values = given.only()?;
        let mut parts = Vec::new();
        let mut size = 0_u64;
        for value in self.gather(&values)? {
            let part = text(value, "each part of join")?;
            size = size.saturating_add(wide(part.len())).saturating_add(wide(by.len()));
            parts.push(part);
        }
        self.meter.take(size)?;
        let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
        Ok(Value::Text(parts.join(by).into()))
    }

    fn replaced(&mut self, of: &str, mut given: Given) -> Result<Value, Trouble> {
        let old = text(given.one()?, "what is replaced")?;
        let new = text(given.one()?, "what replaces")?;
        let most = given.maybe().map(|most| int(&most, "the number of replacements")).transpose()?;
        given.end()?;
        let count = of.matches(&*old).count();
        let size = wide(count).saturating_mul(wide(new.len())).saturating_add(wide(of.len()));
        self.meter.take(size)?;
        let text = match most.and_then(|most| usize::try_from(most).ok()) {
            Some(most) => of.replacen(&*old, &new, most),
            None => of.replace(&*old, &new),
        };
        Ok(Value::Text(text.into()))
    }
}
