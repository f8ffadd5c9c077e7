//! The request that is being served, as transactions know it.
//!
//! Events are written in many rooms; which request caused one is known at the
//! HTTP border alone. It is carried beside the calls instead of through every
//! signature: [`within`] names the request for everything that is awaited
//! inside, and each transaction takes it along to its thread. Work in the
//! background has no request.

use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// Runs `future` as a part of the request `id`.
pub async fn within<F: Future>(id: Uuid, future: F) -> F::Output {
    REQUEST.scope(id, future).await
}

/// The request that is being served, where there is one.
#[must_use]
pub fn current() -> Option<Uuid> {
    REQUEST.try_with(|id| *id).ok()
}
