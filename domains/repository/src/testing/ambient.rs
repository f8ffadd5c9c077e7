//! A clock that is set by hand and identifiers that are counted.

use crate::ambient::{Clock, IdSource};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct HandClock(Arc<Mutex<DateTime<Utc>>>);

impl Default for HandClock {
    /// Noon of 1 June 2026.
    fn default() -> Self {
        Self::new(DateTime::from_timestamp(1_780_315_200, 0).unwrap_or_default())
    }
}

impl HandClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Identifiers 1, 2, 3 and so on. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct CountedIds(Arc<AtomicU64>);

impl IdSource for CountedIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}
