//! The breaker of one partner: after several failures in a row nothing is sent
//! to it for a while, then one attempt at a time, until one succeeds. So a dead
//! partner costs a call now and then, and nobody else waits for it.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures in a row that open the breaker.
const FAILURES: u32 = 4;
/// The first pause.
const FIRST_PAUSE: TimeDelta = TimeDelta::milliseconds(500);
/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// How a call to a partner went, as far as its health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// It answered, whatever it said.
    Answered,
    /// It could not be reached, did not answer in time, or said that it can't answer now.
    Failed,
}

/// The breaker of one partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    failures: u32,
    opened_until: Option<DateTime<Utc>>,
}

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// As much as the partner's limit allows.
    All,
    /// One attempt, to see whether it is back.
    One,
    /// Nothing until then.
    Nothing {
        /// When one attempt may be made.
        until: DateTime<Utc>,
    },
}

impl Breaker {
    /// What may be sent now.
    #[must_use]
    pub fn permit(&self, now: DateTime<Utc>) -> Permit {
        match self.opened_until {
            None => Permit::All,
            Some(until) if until > now => Permit::Nothing { until },
            Some(_) => Permit::One,
        }
    }

    /// Notes how a call went. `spread` (0 to 255) makes pauses uneven, so that
    /// many brokers don't come back to one partner at the same moment.
    pub fn note(&mut self, contact: Contact, now: DateTime<Utc>, spread: u8) {
        match contact {
            Contact::Answered => *self = Self::default(),
            Contact::Failed => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES {
                    let doublings = (self.failures - FAILURES).min(10);
                    let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
                    self.opened_until = Some(now + pause + pause * i32::from(spread) / 1_024);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn opens_after_failures_and_closes_after_an_answer() {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES - 1 {
            breaker.note(Contact::Failed, at(0), 0);
            assert_eq!(breaker.permit(at(0)), Permit::All);
        }
        breaker.note(Contact::Failed, at(0), 0);
        assert!(matches!(breaker.permit(at(0)), Permit::Nothing { .. }));
        assert_eq!(breaker.permit(at(1)), Permit::One);
        breaker.note(Contact::Answered, at(1), 0);
        assert_eq!(breaker.permit(at(1)), Permit::All);
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let mut breaker = Breaker::default();
        let mut last = TimeDelta::zero();
        for _ in 0..40 {
            breaker.note(Contact::Failed, at(0), 255);
            if let Permit::Nothing { until } = breaker.permit(at(0)) {
                assert!(until - at(0) >= last);
                last = until - at(0);
            }
        }
        assert!(last <= LONGEST_PAUSE + LONGEST_PAUSE / 4);
    }
}
