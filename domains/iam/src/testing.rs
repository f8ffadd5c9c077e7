//! For measuring: very many tokens at once, which nobody could make one by one.

use crate::{IamError, store};
use hansa_ontology::AccountId;
use hansa_repository::Database;

/// Fills in revoked tokens of an account; tells how many.
///
/// # Errors
/// When the database refuses.
pub async fn revoked_tokens(database: &Database, account: AccountId, count: u32) -> Result<usize, IamError> {
    database.write(move |connection| Ok(store::testing::revoked_tokens(connection, account, count)?)).await
}
