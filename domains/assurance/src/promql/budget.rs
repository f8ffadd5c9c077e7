//! What one query may take. Everything is paid for before it is taken.

use super::QueryError;
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// What one query may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Steps: a part of the query at one time, an element or a sample that it looks at.
    pub steps: u64,
    /// Series that it looks at.
    pub series: u64,
    /// Samples that it holds, taken from series or made by subqueries: 16 bytes each.
    pub samples: u64,
    /// Bytes of text of labels that it makes.
    pub text: u64,
    /// How long it may take.
    pub time: Duration,
}

impl Default for QueryLimits {
    /// 10 million steps, 100,000 series, 2 million samples (32 MB), 16 MiB of text, 2 seconds.
    fn default() -> Self {
        Self { steps: 10_000_000, series: 100_000, samples: 2_000_000, text: 16 << 20, time: Duration::from_secs(2) }
    }
}

/// So many steps go by between two looks at the time.
const LOOK: u64 = 4_096;

/// What a running query has taken.
#[derive(Debug)]
pub(super) struct Budget {
    limits: QueryLimits,
    until: Option<Instant>,
    steps: Cell<u64>,
    looked: Cell<u64>,
    series: Cell<u64>,
    samples: Cell<u64>,
    text: Cell<u64>,
}

impl Budget {
    pub(super) fn new(limits: QueryLimits) -> Self {
        let none = Cell::default;
        let until = Instant::now().checked_add(limits.time);
        Self { limits, until, steps: none(), looked: none(), series: none(), samples: none(), text: none() }
    }

    /// So many steps more.
    pub(super) fn steps(&self, count: usize) -> Result<(), QueryError> {
        let steps = spend(&self.steps, count, self.limits.steps, "steps")?;
        if steps / LOOK != self.looked.get() {
            self.looked.set(steps / LOOK);
            self.in_time()?;
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), QueryError> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            let most = u64::try_from(self.limits.time.as_millis()).unwrap_or(u64::MAX);
            return Err(QueryError::Limit { what: "milliseconds", most });
        }
        Ok(())
    }

    /// So many series were looked at, and samples taken of them. Patterns may have taken long.
    pub(super) fn taken(&self, series: usize, samples: usize) -> Result<(), QueryError> {
        if series > 0 {
            self.in_time()?;
        }
        self.steps(series)?;
        spend(&self.series, series, self.limits.series, "series")?;
        self.samples(samples)
    }

    /// So many samples more.
    pub(super) fn samples(&self, count: usize) -> Result<(), QueryError> {
        spend(&self.samples, count, self.limits.samples, "samples").map(drop)
    }

    /// So many samples fewer: they are done with.
    pub(super) fn give_back(&self, samples: usize) {
        let samples = u64::try_from(samples).unwrap_or(u64::MAX);
        self.samples.set(self.samples.get().saturating_sub(samples));
    }

    /// So many bytes of labels more.
    pub(super) fn text(&self, bytes: usize) -> Result<(), QueryError> {
        spend(&self.text, bytes, self.limits.text, "bytes of labels").map(drop)
    }
}

fn spend(taken: &Cell<u64>, more: usize, most: u64, what: &'static str) -> Result<u64, QueryError> {
    let sum = taken.get().saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
    taken.set(sum);
    if sum > most { Err(QueryError::Limit { what, most }) } else { Ok(sum) }
}
