//! How often one partner may send: a bucket of tokens for each, refilled evenly.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// A bucket of tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(burst: u32, now: DateTime<Utc>) -> Self {
        Self { tokens: f64::from(burst), at: now }
    }

    /// Takes a token; else says when there will be one.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn take(&mut self, per_second: u32, burst: u32, now: DateTime<Utc>) -> Result<(), Duration> {
        let rate = f64::from(per_second.max(1));
        // A clock that was set back refills nothing, and takes nothing away.
        let elapsed = now.signed_duration_since(self.at).to_std().unwrap_or_default();
        self.tokens = (self.tokens + elapsed.as_secs_f64() * rate).min(f64::from(burst.max(1)));
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::milliseconds(millis)
    }

    #[test]
    fn a_burst_passes_then_the_rate() {
        let mut bucket = Bucket::full(3, at(0));
        assert!((0..3).all(|_| bucket.take(10, 3, at(0)).is_ok()));
        let wait = bucket.take(10, 3, at(0)).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert!(bucket.take(10, 3, at(99)).is_err());
        assert!(bucket.take(10, 3, at(200)).is_ok());
    }

    #[test]
    fn it_holds_no_more_than_its_burst_and_bears_a_clock_set_back() {
        let mut bucket = Bucket::full(2, at(0));
        assert!(bucket.take(10, 2, at(60_000)).is_ok());
        assert!(bucket.take(10, 2, at(30_000)).is_ok());
        assert!(bucket.take(10, 2, at(30_000)).is_err());
        assert!(bucket.take(10, 2, at(30_100)).is_ok());
    }
}
