//! For tests and measuring: people who never signed in, and very many tokens at once.

use crate::{
    IamError,
    account::{Account, AccountOwner, AccountState},
    store::{self, account::StoredAccount},
};
use chrono::DateTime;
use hansa_ontology::AccountId;
use hansa_repository::Database;
use uuid::Uuid;

/// Fills in revoked tokens of an account; tells how many.
///
/// # Errors
/// When the database refuses.
pub async fn revoked_tokens(database: &Database, account: AccountId, count: u32) -> Result<usize, IamError> {
    database.write(move |connection| Ok(store::testing::revoked_tokens(connection, account, count)?)).await
}
/// Somebody who has signed in before, at an issuer called `test`.
///
/// # Errors
/// When the database refuses.
pub async fn person(database: &Database, handle: &str) -> Result<Account, IamError> {
    let now = DateTime::UNIX_EPOCH;
    let owner = AccountOwner::Person { issuer: "test".to_owned(), subject: handle.to_owned() };
    let account = Account {
        id: AccountId(Uuid::new_v5(&Uuid::NAMESPACE_OID, handle.as_bytes())),
        handle: handle.to_owned(),
        owner,
        name: format!("{handle} in full"),
        email: None,
        locale: None,
        state: AccountState::Active,
        created_at: now,
        created_by: None,
        seen_at: None,
        version: 1,
    };
    let stored = StoredAccount { account: account.clone(), claimed: Vec::new(), claimed_at: None };
    database.write(move |connection| Ok::<_, IamError>(store::account::account_insert(connection, &stored)?)).await?;
    Ok(account)
}
