//! Where the index of offers is kept between two requests.

use super::OfferIndex;
use hansa_repository::catalogue::Snapshot;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The index of the newest generation that was asked for. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfferShelf(Arc<Mutex<Option<Arc<OfferIndex>>>>);

impl OfferShelf {
    /// The index of this snapshot; it is made by the first who asks, while the others wait.
    pub(crate) async fn index(&self, snapshot: Arc<Snapshot>) -> Arc<OfferIndex> {
        let mut kept = self.0.lock().await;
        if let Some(index) = kept.as_ref().filter(|index| index.generation() == snapshot.generation) {
            return Arc::clone(index);
        }
        let wanted = Arc::clone(&snapshot);
        // Off the thread that serves others; where that fails for the program is ending, here.
        let made = tokio::task::spawn_blocking(move || OfferIndex::new(wanted)).await;
        let index = Arc::new(made.unwrap_or_else(|_| OfferIndex::new(snapshot)));
        *kept = Some(Arc::clone(&index));
        index
    }
}
