//! What a rule may use, and the meter that counts it. Everything that takes
//! time or memory asks the meter first, so that nothing is done that is too much.

use super::fault::Trouble;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one run of a rule may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Steps: one for each statement, expression and element that is looked at.
    pub steps: u64,
    /// Bytes that it allocates, all in all: what it no longer uses counts too.
    pub bytes: u64,
    /// Bytes of printed lines that are kept; what is beyond is dropped.
    pub printed: u64,
    /// Bytes of `m_userdata`, which is stored from round to round.
    pub userdata: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 100_000, bytes: 4 << 20, printed: 16 << 10, userdata: 64 << 10 }
    }
}

/// The longest rule, in bytes.
pub(super) const LONGEST: usize = 64 << 10;
/// The most tokens of one statement.
pub(super) const MOST_TOKENS: usize = 2_000;
/// The deepest nesting of a rule's statements and expressions, and of the values that it makes.
pub(super) const DEEPEST: u32 = 100;

/// Counts steps and bytes.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    steps: u64,
    bytes: u64,
}

impl Meter {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, steps: 0, bytes: 0 }
    }

    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `count` steps.
    pub(super) fn step(&mut self, count: u64) -> Result<(), Trouble> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.limits.steps {
            self.steps = self.limits.steps;
            let message = format!("the rule takes more than {} steps", self.limits.steps);
            return Err(Trouble::limit(message).hint("look for a loop that doesn't end, or does too much"));
        }
        Ok(())
    }

    /// Takes the steps of looking at `length` bytes of text.
    pub(super) fn read(&mut self, length: usize) -> Result<(), Trouble> {
        self.step(1 + wide(length) / 64)
    }

    /// Takes `count` bytes, before they are allocated.
    pub(super) fn take(&mut self, count: u64) -> Result<(), Trouble> {
        let sum = self.bytes.saturating_add(count);
        if sum > self.limits.bytes {
            let message = format!("the rule needs more than {} bytes of memory", self.limits.bytes);
            return Err(Trouble::limit(message).hint("a value grows without bound, or is made too large at once"));
        }
        self.bytes = sum;
        Ok(())
    }
}

/// A length as the meter counts.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
