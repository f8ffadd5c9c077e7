//! What is to be sent to partners, in order, until it is done.

use crate::{FederationError, FederationManager};
use tokio_util::sync::CancellationToken;

/// The outbox's own work, until the token is cancelled.
pub(crate) async fn run(_manager: FederationManager, shutdown: CancellationToken) -> Result<(), FederationError> {
    shutdown.cancelled().await;
    Ok(())
}
