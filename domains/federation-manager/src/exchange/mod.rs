//! The exchange of offers: our own published in a feed, partners' pulled,
//! verified and taken into the catalogue.

use crate::{FederationError, FederationManager};
use tokio_util::sync::CancellationToken;

/// What the exchange remembers between calls. Nothing of it must survive the process.
#[derive(Debug, Default)]
pub(crate) struct Memory {}

/// The exchange's own work, until the token is cancelled.
pub(crate) async fn run(_manager: FederationManager, shutdown: CancellationToken) -> Result<(), FederationError> {
    shutdown.cancelled().await;
    Ok(())
}
