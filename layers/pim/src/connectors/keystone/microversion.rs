//! The numbers by which OpenStack's services tell what they can do.

use std::{fmt, str::FromStr};

/// A microversion (API-SIG, "Microversion Specification"): `2.79`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion(pub u16, pub u16);

impl Microversion {
    /// The highest that both sides know.
    #[must_use]
    pub fn negotiated(ours: (Self, Self), theirs: (Self, Self)) -> Option<Self> {
        let highest = ours.1.min(theirs.1);
        (highest >= ours.0.max(theirs.0)).then_some(highest)
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Microversion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('.').and_then(|(a, b)| Some(Self(a.parse().ok()?, b.parse().ok()?)));
        numbers.ok_or_else(|| format!("`{text}` is no version such as 2.79"))
    }
}
