//! A decision as a value: what was decided, from which inputs, by which
//! formula, and what kept it from being another.

use crate::rule::Datum;
use chrono::{DateTime, Utc};
use hansa_ontology::quantity::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many there are to be, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Scaling decision")]
pub struct Decision {
    /// The component or the machines that it is about.
    pub target: String,
    /// How many were wanted.
    pub from: u32,
    /// How many are wanted now.
    pub to: u32,
    /// What each policy saw and proposed.
    pub because: Vec<Reason>,
    /// What kept the number from being what was proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// Instances or machines that go first, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// What one policy saw and proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Scaling reason")]
pub struct Reason {
    /// The policy's name.
    pub policy: String,
    /// How many it proposes; none where it has nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposes: Option<u32>,
    /// Whether it is the one that counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub won: bool,
    /// What it saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// How it came to its number, in words.
    pub formula: String,
}

/// A value that went into a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Scaling input")]
pub struct Input {
    /// Its name, or that of its source.
    pub name: String,
    /// The value; null where there was none.
    pub value: Datum,
    /// How old it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<TimeSpan>,
}

/// What kept a number from being another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Suppressed")]
pub struct Suppressed {
    /// What kept it.
    pub by: Keeper,
    /// The number that was proposed.
    pub proposed: u32,
    /// What became of it.
    pub allowed: u32,
    /// Why, in words.
    pub why: String,
}

/// What keeps a number from being another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Keeper")]
pub enum Keeper {
    /// Another policy proposed more.
    LargerPolicy,
    /// A policy that is a limit.
    Limit,
    /// `min` and `max`.
    Bounds,
    /// A measurement is missing.
    MissingMetric,
    /// A rule failed.
    RuleFault,
    /// Recent recommendations (stabilisation).
    Stabilization,
    /// How fast the number may change.
    Rate,
    /// The least time between two changes.
    MinimumInterval,
    /// There is no room for more, or no quota.
    NoRoom,
    /// Nothing is to be done; or there was something until just now.
    Zero,
}

impl Keeper {
    /// The stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LargerPolicy => "largerPolicy",
            Self::Limit => "limit",
            Self::Bounds => "bounds",
            Self::MissingMetric => "missingMetric",
            Self::RuleFault => "ruleFault",
            Self::Stabilization => "stabilization",
            Self::Rate => "rate",
            Self::MinimumInterval => "minimumInterval",
            Self::NoRoom => "noRoom",
            Self::Zero => "zero",
        }
    }
}

impl Decision {
    /// Whether it changes anything.
    #[must_use]
    pub const fn changes(&self) -> bool {
        self.from != self.to
    }

    /// Why, in words.
    #[must_use]
    pub fn why(&self) -> String {
        let because = self.because.iter().map(|it| (it.policy.as_str(), it.formula.as_str(), it.won));
        in_words(because, self.suppressed.iter().map(|kept| kept.why.as_str()))
    }
}

/// Why a number is what it is: what the policy that won says, and what kept
/// the number; where there is neither, what every policy says. `because`:
/// name, formula, and whether it won.
#[must_use]
pub fn in_words<'d>(
    because: impl Iterator<Item = (&'d str, &'d str, bool)> + Clone,
    kept: impl Iterator<Item = &'d str>,
) -> String {
    let told = |(policy, formula, _): (&str, &str, bool)| format!("{policy}: {formula}");
    let won = because.clone().filter(|(.., won)| *won).map(told);
    let why: Vec<String> = won.chain(kept.map(str::to_owned)).collect();
    if why.is_empty() { because.map(told).collect::<Vec<_>>().join("; ") } else { why.join("; ") }
}

impl Reason {
    pub(crate) fn new(policy: &str, proposes: Option<u32>, inputs: Vec<Input>, formula: String) -> Self {
        Self { policy: policy.to_owned(), proposes, won: false, inputs, formula }
    }
}

impl Input {
    pub(crate) fn measured(name: impl ToString, measured: crate::measure::Measured, now: DateTime<Utc>) -> Self {
        let age = Some(crate::measure::age(now, measured.at));
        Self { name: name.to_string(), value: Datum::Float(measured.value), age }
    }

    pub(crate) fn known(name: impl ToString, value: impl Into<Datum>) -> Self {
        Self { name: name.to_string(), value: value.into(), age: None }
    }
}

/// A number of instances from a number; what is not finite is none, what is negative is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within 0 and 2^32")]
pub(crate) fn count(value: f64) -> Option<u32> {
    value.is_finite().then(|| value.clamp(0.0, f64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn the_policy_that_won_and_what_kept_the_number_are_said() {
        let policies = [("load", "ceil(2 × 140 / 70)", true), ("night", "it is day", false)];
        assert_eq!(
            in_words(policies.into_iter(), ["9 is above 4"].into_iter()),
            "load: ceil(2 × 140 / 70); 9 is above 4"
        );
        let none = policies.map(|(policy, formula, _)| (policy, formula, false));
        assert_eq!(in_words(none.into_iter(), [].into_iter()), "load: ceil(2 × 140 / 70); night: it is day");
    }
}
