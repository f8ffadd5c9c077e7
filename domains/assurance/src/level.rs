//! Whether a service level is kept: rounds that were good and bad, held
//! against a target and the error budget that it leaves.

use chrono::{DateTime, Utc};
use hansa_ontology::{quantity::TimeSpan, sla::Window};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::ops::Add;

/// What one round counts: in thousandths, as a round may be partly good.
pub const ROUND: u64 = 1_000;
/// So much of the budget spent (percent) is a risk.
pub(crate) const AT_RISK: Decimal = Decimal::from_parts(50, 0, 0, false, 0);

/// What was measured: rounds in thousandths ([`ROUND`]), or seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The good ones.
    pub good: u64,
    /// The bad ones.
    pub bad: u64,
}

impl Tally {
    /// One round, of which so many of so many were good. None: there were none.
    #[must_use]
    pub fn round(good: usize, of: usize) -> Option<Self> {
        let share = (u64::try_from(good).ok()? * ROUND).checked_div(u64::try_from(of).ok()?)?.min(ROUND);
        Some(Self { good: share, bad: ROUND - share })
    }

    /// All of them.
    #[must_use]
    pub const fn all(self) -> u64 {
        self.good.saturating_add(self.bad)
    }

    /// The share of good ones in percent. None: nothing was measured.
    #[must_use]
    pub fn percent(self) -> Option<Decimal> {
        (Decimal::from(self.good) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(self.all()))
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { good: self.good.saturating_add(other.good), bad: self.bad.saturating_add(other.bad) }
    }
}

/// What is to be reached, and how often it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// Percent of the rounds that must be good, more than 0, at most 100.
    pub target: Decimal,
    /// Within each of these windows.
    pub window: Window,
    /// Time between two rounds.
    pub every: TimeSpan,
}

/// How a service level stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelState {
    /// Nothing was measured in this window.
    Unmeasured,
    /// Less than half of the error budget is spent.
    Kept,
    /// Half of the error budget is spent.
    AtRisk,
    /// The error budget is spent: whatever follows, too much of the window was bad.
    Missed,
}

impl LevelState {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unmeasured => "unmeasured",
            Self::Kept => "kept",
            Self::AtRisk => "at-risk",
            Self::Missed => "missed",
        }
    }
}

/// How a service level stands in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compliance {
    /// Where the window begins.
    pub from: DateTime<Utc>,
    /// Where the next one begins.
    pub until: DateTime<Utc>,
    /// What was measured in it.
    pub tally: Tally,
    /// How much of the error budget of the whole window is spent, in percent.
    /// It may be more than all. None: the target leaves no budget.
    pub spent: Option<Decimal>,
    /// How it stands.
    pub state: LevelState,
}

impl Compliance {
    /// How it stands in the window that a moment lies in, of which this was measured.
    ///
    /// The error budget is what the target leaves of all rounds that the window
    /// has room for, measured or not.
    #[must_use]
    pub fn at(aim: &Aim, at: DateTime<Utc>, tally: Tally) -> Self {
        let (from, until) = aim.window.containing(at);
        let millis = |span: i64| Decimal::from(span.max(1));
        let every = millis(i64::try_from(aim.every.duration().as_millis()).unwrap_or(i64::MAX));
        let rounds = millis((until - from).num_milliseconds()) / every * Decimal::from(ROUND);
        let budget = rounds * (Decimal::ONE_HUNDRED - aim.target) / Decimal::ONE_HUNDRED;
        let spent = (Decimal::from(tally.bad) * Decimal::ONE_HUNDRED).checked_div(budget);
        let state = match spent {
            _ if tally.all() == 0 => LevelState::Unmeasured,
            None if tally.bad > 0 => LevelState::Missed,
            Some(spent) if spent >= Decimal::ONE_HUNDRED => LevelState::Missed,
            Some(spent) if spent >= AT_RISK => LevelState::AtRisk,
            _ => LevelState::Kept,
        };
        Self { from, until, tally, spent, state }
    }

    /// Whether the target was reached by what was measured, once the window is
    /// over. None: nothing was.
    #[must_use]
    pub fn reached(&self, aim: &Aim) -> Option<bool> {
        self.tally.percent().map(|percent| percent >= aim.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim(target: &str) -> Aim {
        Aim { target: target.parse().unwrap(), window: Window::Day, every: TimeSpan::from_millis(10_000) }
    }

    fn at() -> DateTime<Utc> {
        "2026-11-23T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_budget_is_spent_by_bad_rounds_only() {
        // A day has 8,640 rounds: 1 % are 86.4.
        let state = |bad| {
            let known = Compliance::at(&aim("99"), at(), Tally { good: 50_000, bad });
            (known.state, known.spent.unwrap().round_dp(2).normalize().to_string())
        };
        assert_eq!(state(0), (LevelState::Kept, "0".to_owned()));
        assert_eq!(state(43_100), (LevelState::Kept, "49.88".to_owned()));
        assert_eq!(state(43_200), (LevelState::AtRisk, "50".to_owned()));
        assert_eq!(state(86_400), (LevelState::Missed, "100".to_owned()));
        assert_eq!(state(172_800), (LevelState::Missed, "200".to_owned()));
    }

    #[test]
    fn a_target_of_all_leaves_no_budget() {
        let known = |bad| Compliance::at(&aim("100"), at(), Tally { good: 1_000, bad });
        assert_eq!((known(0).state, known(0).spent), (LevelState::Kept, None));
        assert_eq!((known(1).state, known(1).spent), (LevelState::Missed, None));
    }

    #[test]
    fn what_was_not_measured_is_said() {
        let none = Compliance::at(&aim("99"), at(), Tally::default());
        assert_eq!((none.state, none.tally.percent(), none.reached(&aim("99"))), (LevelState::Unmeasured, None, None));
    }

    #[test]
    fn a_round_may_be_partly_good() {
        assert_eq!(Tally::round(2, 3), Some(Tally { good: 666, bad: 334 }));
        assert_eq!(Tally::round(3, 3), Some(Tally { good: 1_000, bad: 0 }));
        assert_eq!(Tally::round(0, 0), None);
        let two = Tally { good: 900, bad: 100 } + Tally { good: 1_000, bad: 0 };
        assert_eq!(two.percent(), Some("95".parse().unwrap()));
        let known = Compliance::at(&aim("95"), at(), two);
        assert_eq!((known.reached(&aim("95")), known.reached(&aim("95.1"))), (Some(true), Some(false)));
    }
}
