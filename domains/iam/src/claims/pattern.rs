//! Patterns of claim values: plain letters, `*` for any letters, and
//! `{organisation}` and `{project}` for names that the rule uses.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The longest name that is captured: that of an organisation or project.
const LONGEST_NAME: usize = 40;
/// The longest value that is looked at, in bytes.
const LONGEST_VALUE: usize = 1_024;
/// The most parts of a pattern, which bounds the work of matching.
const MOST_PARTS: usize = 16;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Letters(String),
    Anything,
    Name(&'static str),
}

/// What the names of a pattern stood for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures {
    organisation: Option<String>,
    project: Option<String>,
}

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern; `*` stands for any letters, {{organisation}} and {{project}} for a name, each once at most"
)]
pub struct NoPattern(String);

impl Captures {
    /// Names that every template can be tried with.
    pub(super) fn example() -> Self {
        Self { organisation: Some("organisation".to_owned()), project: Some("project".to_owned()) }
    }

    /// The text with the names filled in; a name that is not known stays as it is.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in [("{organisation}", &self.organisation), ("{project}", &self.project)] {
            if let Some(value) = value {
                filled = filled.replace(name, value);
            }
        }
        filled
    }

    /// Both together. None: they contradict each other.
    pub(super) fn joined(mut self, other: Self) -> Option<Self> {
        for (mine, theirs) in [(&mut self.organisation, other.organisation), (&mut self.project, other.project)] {
            match (&*mine, theirs) {
                (Some(mine), Some(theirs)) if *mine != theirs => return None,
                (None, Some(theirs)) => *mine = Some(theirs),
                _ => {}
            }
        }
        Some(self)
    }

    fn set(&mut self, name: &str, value: &str) {
        let place = if name == "project" { &mut self.project } else { &mut self.organisation };
        *place = Some(value.to_owned());
    }
}

impl Pattern {
    /// The names in it.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.parts.iter().filter_map(|part| if let Part::Name(name) = part { Some(*name) } else { None }).collect()
    }

    /// What its names stand for in a value. None: the value doesn't match as a whole.
    #[must_use]
    pub fn captures(&self, value: &str) -> Option<Captures> {
        if value.len() > LONGEST_VALUE {
            return None;
        }
        let mut captures = Captures::default();
        matches(&self.parts, value, &mut captures).then_some(captures)
    }
}

/// Tries each way to share the value among the parts: first the longest for
/// names, the shortest for `*`. Parts are few and values short.
fn matches(parts: &[Part], value: &str, captures: &mut Captures) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return value.is_empty();
    };
    match first {
        Part::Letters(letters) => {
            value.strip_prefix(letters.as_str()).is_some_and(|value| matches(rest, value, captures))
        }
        Part::Anything if rest.is_empty() => true,
        Part::Anything => {
            let ends = value.char_indices().map(|(at, _)| at).chain([value.len()]);
            ends.filter_map(|at| value.get(at..)).any(|value| matches(rest, value, captures))
        }
        Part::Name(name) => {
            let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let longest = value.bytes().take(LONGEST_NAME).take_while(|byte| known(*byte)).count();
            (1..=longest).rev().filter_map(|length| value.split_at_checked(length)).any(|(taken, left)| {
                let whole = !taken.starts_with('-') && !taken.ends_with('-');
                if whole && matches(rest, left, captures) {
                    captures.set(name, taken);
                    return true;
                }
                false
            })
        }
    }
}

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let wrong = || NoPattern(text.to_owned());
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let end = rest.find(['*', '{', '}']).unwrap_or(rest.len());
            let (letters, after) = rest.split_at_checked(end).ok_or_else(wrong)?;
            if !letters.is_empty() {
                parts.push(Part::Letters(letters.to_owned()));
            }
            let special = ["*", "{organisation}", "{project}"].into_iter().find(|word| after.starts_with(word));
            let part = match special {
                Some("*") => Part::Anything,
                Some("{organisation}") => Part::Name("organisation"),
                Some(_) => Part::Name("project"),
                None if after.is_empty() => break,
                None => return Err(wrong()),
            };
            if parts.last() != Some(&Part::Anything) || part != Part::Anything {
                if matches!(part, Part::Name(_)) && parts.contains(&part) {
                    return Err(wrong());
                }
                parts.push(part);
            }
            rest = special.and_then(|word| after.strip_prefix(word)).ok_or_else(wrong)?;
        }
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return Err(wrong());
        }
        let stars = parts.iter().filter(|part| **part == Part::Anything).count();
        // Each `*` multiplies the work by the value's length.
        if stars > 2 { Err(wrong()) } else { Ok(Self { text: text.to_owned(), parts }) }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(pattern: &str, value: &str) -> Option<String> {
        let captures = pattern.parse::<Pattern>().unwrap().captures(value)?;
        Some(captures.fill("{organisation}/{project}"))
    }

    #[test]
    fn names_are_captured_and_the_whole_value_must_match() {
        assert_eq!(names("hansa:{organisation}:{project}:admin", "hansa:acme:web:admin").as_deref(), Some("acme/web"));
        assert_eq!(names("/tenants/{organisation}/{project}", "/tenants/acme/web-1").as_deref(), Some("acme/web-1"));
        assert_eq!(names("{organisation}-{project}", "a-b-c").as_deref(), Some("a-b/c"));
        for (pattern, value) in [
            ("hansa:{organisation}", "hansa:acme:web"),
            ("hansa:{organisation}", "xhansa:acme"),
            ("hansa:{organisation}", "hansa:Acme"),
            ("hansa:{organisation}", "hansa:-acme"),
            ("hansa:{organisation}", "hansa:"),
            ("admin", "admins"),
            ("admin", "ADMIN"),
        ] {
            assert_eq!(names(pattern, value), None, "{pattern} {value}");
        }
        assert!("a*c".parse::<Pattern>().unwrap().captures("abbbc").is_some());
        assert!("a*".parse::<Pattern>().unwrap().captures("a").is_some());
        for bad in ["", "{", "}", "{group}", "{project}{project}", "*a*b*"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_signs_matches_itself_alone(text in "[a-zA-Z0-9:/#._-]{1,60}", other in "[a-zA-Z0-9:/#._-]{1,60}") {
            let pattern: Pattern = text.parse().unwrap();
            prop_assert!(pattern.captures(&text).is_some());
            prop_assert_eq!(pattern.captures(&other).is_some(), text == other);
        }

        #[test]
        fn what_is_captured_is_a_name(value in "\\PC{0,80}") {
            let pattern: Pattern = "*{organisation}:*".parse().unwrap();
            if let Some(captures) = pattern.captures(&value) {
                let name = captures.fill("{organisation}");
                prop_assert!(hansa_ontology::OrganisationId::new(name).is_ok());
            }
        }
    }
}
