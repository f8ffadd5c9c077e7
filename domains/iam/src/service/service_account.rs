//! Service accounts of organisations and projects: programs that act in their
//! own name, with tokens of their own.

use super::{Iam, account};
use crate::{
    Action, Grant, GrantScope, IamError, Principal, Role,
    account::{Account, AccountFilter, AccountOwner, AccountState, NewServiceAccount, handle},
    policy::{Receiver, expect_may_give},
    store::account::{self as store, StoredAccount},
};
use hansa_ontology::{AccountId, OrganisationId};

/// Roles that a service account may have. Others are for people.
const ROLES: [Role; 4] = [Role::UseCaseAdministrator, Role::UseCaseUser, Role::Auditor, Role::Billing];

impl Iam {
    /// Makes a service account.
    ///
    /// # Errors
    /// When name, scope or role break a rule, whoever asks may not give the
    /// role, or the handle was given before.
    pub async fn service_account_create(&self, new: NewServiceAccount, by: &Principal) -> Result<Account, IamError> {
        let account = self.service_account_check(&new, by)?;
        let stored = StoredAccount { account: account.clone(), claimed: Vec::new(), claimed_at: None };
        self.inner
            .database
            .write(move |connection| {
                if store::account_by_handle(connection, &stored.account.handle)?.is_some() {
                    return Err(IamError::Conflict(format!(
                        "there is or was a service account {}; handles are given once, choose another name",
                        stored.account.handle
                    )));
                }
                store::account_insert(connection, &stored)?;
                Ok(())
            })
            .await?;
        Ok(account)
    }

    /// What a service account would be, for a dry run.
    ///
    /// # Errors
    /// As [`Self::service_account_create`], but for the handle.
    pub fn service_account_check(&self, new: &NewServiceAccount, by: &Principal) -> Result<Account, IamError> {
        // The rule for names is that of organisations.
        OrganisationId::new(new.name.clone()).map_err(|error| IamError::invalid("/name", error.to_string()))?;
        let handle = handle::of_service(&new.name, &new.over)
            .ok_or_else(|| IamError::invalid("/over", "a service account works for an organisation or a project"))?;
        if !ROLES.contains(&new.role) {
            let known = ROLES.map(Role::name).join(", ");
            return Err(IamError::invalid("/role", format!("a service account has one of: {known}")));
        }
        let grant = Grant { role: new.role, over: new.over.clone() };
        expect_may_give(by, Action::ServiceAccountWrite, &grant, Receiver::Service)?;
        Ok(Account {
            id: AccountId(self.inner.ids.next()),
            handle,
            owner: AccountOwner::Service { over: new.over.clone(), role: new.role },
            name: new.name.clone(),
            email: None,
            locale: None,
            state: AccountState::Active,
            created_at: self.now(),
            created_by: Some(by.actor.to_string()),
            seen_at: None,
            version: 1,
        })
    }

    /// At most `limit` service accounts of an organisation or a project, by
    /// handle, those after `after` of an earlier page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_account_list(
        &self,
        over: GrantScope,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Account>, IamError> {
        let filter = AccountFilter { after, service_of: Some(over), ..AccountFilter::default() };
        self.account_list(filter, limit).await
    }

    /// A service account of an organisation or a project, by name, handle or id.
    ///
    /// # Errors
    /// When there is none of that scope.
    pub async fn service_account_get(&self, over: &GrantScope, reference: &str) -> Result<Account, IamError> {
        let missing = || IamError::NotFound(format!("the service account `{reference}`"));
        let account = match reference.parse::<AccountId>() {
            Ok(id) => self.account_get(id).await.map_err(|_not_found| missing())?,
            Err(_) => {
                let handle = match reference.contains('@') {
                    true => Some(reference.to_owned()),
                    false => handle::of_service(reference, over),
                };
                self.account_by_handle(&handle.ok_or_else(missing)?).await.map_err(|_not_found| missing())?
            }
        };
        match &account.owner {
            AccountOwner::Service { over: theirs, .. } if theirs == over && account.state != AccountState::Removed => {
                Ok(account)
            }
            _ => Err(missing()),
        }
    }

    /// Removes a service account: its tokens are refused at once. Its handle is never given again.
    ///
    /// # Errors
    /// When there is none, or it has another version than `expected`.
    pub async fn service_account_remove(&self, id: AccountId, expected: Option<i64>) -> Result<(), IamError> {
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                let mut stored = account::stored(store::account_get(connection, id)?, id)?;
                if !matches!(stored.account.owner, AccountOwner::Service { .. }) {
                    return Err(IamError::NotFound(format!("the service account {id}")));
                }
                account::version(stored.account.version, expected)?;
                account::cut_off(connection, id, now)?;
                stored.account.state = AccountState::Removed;
                stored.account.version += 1;
                store::account_update(connection, &stored)?;
                Ok(())
            })
            .await
    }
}
