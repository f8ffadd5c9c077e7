//! Waiting for what comes sooner or later. No test asks how fast something is:
//! the bound only ends a test that would wait for ever.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take on the slowest machine that runs these tests.
const BOUND: Duration = Duration::from_secs(90);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The first success of `condition`. Fails with what it last said.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, condition: impl FnMut() -> Result<T, String>) -> T {
    attempt(BOUND, condition).unwrap_or_else(|last| panic!("{what}: not after {BOUND:?}; {last}"))
}

/// The first success of `condition`, or what it last said when `bound` was over.
pub(crate) fn attempt<T>(bound: Duration, mut condition: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let begun = Instant::now();
    loop {
        match condition() {
            Ok(value) => return Ok(value),
            Err(last) if begun.elapsed() > bound => return Err(last),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}
