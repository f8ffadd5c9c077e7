//! From what an issuer claims about a person to what they may do here.
//!
//! Rules are settings of an issuer; what no rule names gives nothing.

mod entitlement;
mod pattern;
mod rule;
#[cfg(test)]
mod tests;

pub use entitlement::{Entitlement, NoEntitlement};
pub use pattern::{Captures, NoPattern, Pattern};
pub use rule::{ClaimRule, EntitlementRule, NoScope, OverTemplate};

use crate::Grant;
use serde_json::Value;

/// The grants that these claims give; each once.
#[must_use]
pub fn grants(rules: &[ClaimRule], claims: &Value) -> Vec<Grant> {
    let mut found: Vec<Grant> = rules.iter().flat_map(|rule| rule.grants(claims)).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether the claims say anything that a rule reads.
#[must_use]
pub fn speak(rules: &[ClaimRule], claims: &Value) -> bool {
    rules.iter().any(|rule| rule.reads(claims))
}
