//! Work that is cut off in the middle, as a broker that is killed cuts it off.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Lets the work go on until it has waited so many times, and drops it then.
/// None: it was cut off.
pub async fn cut_after<F: Future>(waits: u32, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = waits;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
