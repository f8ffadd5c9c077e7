//! Fetching a DID document, by a client that the guard watches.

use super::{Did, DidDocument};
use crate::{FederationError, client::Fetcher, limits};

/// Fetches the document of a DID, checked as in [`DidDocument::read`].
///
/// # Errors
/// [`FederationError::Address`] when the DID's host is refused,
/// [`FederationError::Unreachable`] when it doesn't answer 200; as [`DidDocument::read`].
pub async fn resolve(fetcher: &Fetcher, did: &Did) -> Result<DidDocument, FederationError> {
    let url = did.document_url(fetcher.guard())?;
    let bytes = fetcher.get(&url, limits::DID_DOCUMENT_BYTES).await?;
    DidDocument::read(&bytes, did, fetcher.guard())
}
