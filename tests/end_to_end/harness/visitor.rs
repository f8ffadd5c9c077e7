//! A visitor who asks for the page again and again while something changes.

use super::Page;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// Does something while `fetch` fetches the page without a pause. Fails when
/// one request failed.
#[track_caller]
pub(crate) fn without_a_gap<T>(fetch: impl Fn() -> Result<Page, String> + Sync, during: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let visitor = scope.spawn(|| {
            let (mut fetched, mut failures) = (0, Vec::new());
            while !over.load(Ordering::Relaxed) {
                failures.extend(fetch().err());
                fetched += 1;
            }
            (fetched, failures)
        });
        // A failure in here must not leave the visitor running for ever.
        let done = catch_unwind(AssertUnwindSafe(during));
        over.store(true, Ordering::Relaxed);
        let (fetched, failures) = visitor.join().unwrap();
        let done = done.unwrap_or_else(|failure| resume_unwind(failure));
        assert!(failures.is_empty(), "{} of {fetched} requests failed: {failures:#?}", failures.len());
        assert!(fetched > 0);
        done
    })
}
