//! Service accounts on the wire.

use chrono::{DateTime, Utc};
use hansa_iam::{
    Role,
    account::{Account, AccountOwner, AccountState},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A program that acts in its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccount {
    /// Its id.
    pub id: String,
    /// Its name within the organisation or project.
    pub name: String,
    /// How events name it: `ci@acme/web`.
    pub handle: String,
    /// Its role there.
    pub role: String,
    /// `active` or `locked`.
    pub state: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The handle of whoever made it; absent where that wasn't kept yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When it was last used, to a few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
    /// Its version, for If-Match.
    pub version: i64,
}

/// A service account that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewServiceAccount {
    /// Its name within the organisation or project: `a-z`, `0-9`, `-`; never given again.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// Its role: `use-case-user`, `use-case-administrator`, `auditor` or `billing`.
    pub role: String,
}

impl NewServiceAccount {
    /// The role.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read_role(&self) -> Result<Role, String> {
        let known = Role::ALL.into_iter().find(|role| role.name() == self.role);
        known.ok_or_else(|| format!("`{}` is no role; use-case-user is one", self.role))
    }
}

impl From<Account> for ServiceAccount {
    fn from(account: Account) -> Self {
        let role = match &account.owner {
            AccountOwner::Service { role, .. } => role.name().to_owned(),
            AccountOwner::Person { .. } => String::new(),
        };
        let state = match account.state {
            AccountState::Active => "active",
            AccountState::Locked { .. } => "locked",
            AccountState::Removed => "removed",
        };
        Self {
            id: account.id.to_string(),
            name: account.name,
            handle: account.handle,
            role,
            state: state.to_owned(),
            created_at: account.created_at,
            created_by: account.created_by,
            seen_at: account.seen_at,
            version: account.version,
        }
    }
}
