//! Tokens that people and services make for programs: 256 random bits, shown
//! once, of which only the SHA-256 is kept.
//!
//! Whether one is revoked is read from the database with each use, so a
//! revocation counts at once, in every broker process.

use crate::{Secret, TokenLimits};
use chrono::{DateTime, Utc};
use hansa_ontology::AccountId;
use serde::Serialize;
use std::fmt;
use uuid::Uuid;

/// What the token of a person begins with.
pub const PERSONAL: &str = "hansa_pat_";
/// What the token of a service account begins with.
pub const SERVICE: &str = "hansa_sat_";

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its public id: for lists, for revoking it, for the audit trail.
    pub id: Uuid,
    /// Whose it is.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// What it is limited to.
    pub limits: TokenLimits,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it and so has seen it, as events name them. None: that wasn't kept yet.
    pub created_by: Option<String>,
    /// From when on it is refused.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, coarsely.
    pub used_at: Option<DateTime<Utc>>,
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewToken {
    /// What its owner calls it: 1 to 100 letters.
    pub name: String,
    /// What it is limited to.
    pub limits: TokenLimits,
    /// From when on it is refused. None: after the longest time.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token just made: the one time its secret is known.
#[derive(Debug, Clone)]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// What a program sends.
    pub secret: Secret,
}

/// A text that has the form of a token of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presented {
    /// Which token it says to be.
    pub(crate) id: Uuid,
    /// Whether it says to be a service account's.
    pub(crate) service: bool,
}

impl Presented {
    /// Reads `hansa_pat_<id>_<secret>`: 32 and 64 lower-case hexadecimal digits. None: it is something else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (rest, service) = match (text.strip_prefix(PERSONAL), text.strip_prefix(SERVICE)) {
            (Some(rest), _) => (rest, false),
            (_, Some(rest)) => (rest, true),
            _ => return None,
        };
        let (id, secret) = rest.split_once('_')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if id.len() != 32 || secret.len() != 64 || !digits(id) || !digits(secret) {
            return None;
        }
        Some(Self { id: Uuid::try_parse(id).ok()?, service })
    }
}

/// Whether a text says to be a token of ours, well formed or not.
pub(crate) fn is_ours(text: &str) -> bool {
    text.starts_with(PERSONAL) || text.starts_with(SERVICE)
}

/// The text of a token.
pub(crate) fn text(service: bool, id: Uuid, secret: &Secret) -> Secret {
    let prefix = if service { SERVICE } else { PERSONAL };
    Secret::new(format!("{prefix}{}_{}", id.simple(), secret.reveal()))
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_made_is_read_and_what_differs_is_not() {
        let id = Uuid::from_u128(7);
        let made = text(false, id, &Secret::random().unwrap());
        assert_eq!(Presented::read(made.reveal()), Some(Presented { id, service: false }));
        let upper = made.reveal().to_uppercase();
        for bad in ["", "hansa_pat_", "hansa_pat__", &upper, &format!("{} ", made.reveal()), &made.reveal()[..100]] {
            assert_eq!(Presented::read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_has_another_text(id: u128, service: bool, junk in ".{0,120}") {
            let made = text(service, Uuid::from_u128(id), &Secret::new("0".repeat(64)));
            prop_assert_eq!(Presented::read(made.reveal()), Some(Presented { id: Uuid::from_u128(id), service }));
            prop_assert!(Presented::read(&junk).is_none() || is_ours(&junk));
        }
    }
}
