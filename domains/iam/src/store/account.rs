//! Accounts as rows.

use crate::{
    Grant, GrantScope, Role,
    account::{Account, AccountFilter, AccountOwner, AccountState},
    member::Place,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    AsChangeset, BoolExpressionMethods as _, EscapeExpressionMethods as _, ExpressionMethods as _, Insertable,
    OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
    TextExpressionMethods as _,
};
use hansa_ontology::AccountId;
use hansa_repository::{Connection, RepositoryError, json, time};
use serde::{Deserialize, Serialize};

/// The issuer of service accounts: this broker.
const OURSELVES: &str = "hansa";

diesel::table! {
    iam_account (id) {
        id -> Text,
        handle -> Text,
        issuer -> Text,
        subject -> Text,
        service -> Nullable<Text>,
        service_of -> Nullable<Text>,
        name -> Text,
        email -> Nullable<Text>,
        locale -> Nullable<Text>,
        state -> Text,
        reason -> Nullable<Text>,
        claimed -> Text,
        claimed_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        seen_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_by -> Nullable<Text>,
    }
}

diesel::define_sql_function! {
    /// In small letters.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

diesel::define_sql_function! {
    /// In small letters, where there is something.
    #[sql_name = "lower"]
    fn lower_of(text: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

/// An account with what only this room reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredAccount {
    /// The account.
    pub(crate) account: Account,
    /// What its issuer's claims gave it at the last login.
    pub(crate) claimed: Vec<Grant>,
    /// When that was.
    pub(crate) claimed_at: Option<DateTime<Utc>>,
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = iam_account, treat_none_as_null = true)]
pub(super) struct Row {
    id: String,
    handle: String,
    issuer: String,
    subject: String,
    service: Option<String>,
    service_of: Option<String>,
    name: String,
    email: Option<String>,
    locale: Option<String>,
    state: String,
    reason: Option<String>,
    claimed: String,
    claimed_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    seen_at: Option<NaiveDateTime>,
    version: i64,
    created_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ServiceColumn {
    over: GrantScope,
    role: Role,
}

impl Row {
    fn new(stored: &StoredAccount) -> Result<Self, RepositoryError> {
        let account = &stored.account;
        let (issuer, subject, service, service_of) = match &account.owner {
            AccountOwner::Person { issuer, subject } => (issuer.clone(), subject.clone(), None, None),
            AccountOwner::Service { over, role } => {
                let column = json::to_column("service", &ServiceColumn { over: over.clone(), role: *role })?;
                (OURSELVES.to_owned(), account.id.to_string(), Some(column), Some(scope_text(over)?))
            }
        };
        let (state, reason) = match &account.state {
            AccountState::Active => ("active", None),
            AccountState::Locked { reason } => ("locked", Some(reason.clone())),
            AccountState::Removed => ("removed", None),
        };
        Ok(Self {
            id: account.id.to_string(),
            handle: account.handle.clone(),
            issuer,
            subject,
            service,
            service_of,
            name: account.name.clone(),
            email: account.email.clone(),
            locale: account.locale.clone(),
            state: state.to_owned(),
            reason,
            claimed: json::to_column("claimed grants", &stored.claimed)?,
            claimed_at: stored.claimed_at.map(time::to_column),
            created_at: time::to_column(account.created_at),
            seen_at: account.seen_at.map(time::to_column),
            version: account.version,
            created_by: account.created_by.clone(),
        })
    }

    pub(super) fn into_stored(self) -> Result<StoredAccount, RepositoryError> {
        let owner = match self.service {
            Some(text) => {
                let column: ServiceColumn = json::from_column("service", &text)?;
                AccountOwner::Service { over: column.over, role: column.role }
            }
            None => AccountOwner::Person { issuer: self.issuer, subject: self.subject },
        };
        let state = match self.state.as_str() {
            "active" => AccountState::Active,
            "locked" => AccountState::Locked { reason: self.reason.unwrap_or_default() },
            _ => AccountState::Removed,
        };
        let account = Account {
            id: self.id.parse().map_err(|error| RepositoryError::unreadable("account id", &error))?,
            handle: self.handle,
            owner,
            name: self.name,
            email: self.email,
            locale: self.locale,
            state,
            created_at: time::from_column(self.created_at),
            created_by: self.created_by,
            seen_at: self.seen_at.map(time::from_column),
            version: self.version,
        };
        let claimed = json::from_column("claimed grants", &self.claimed)?;
        Ok(StoredAccount { account, claimed, claimed_at: self.claimed_at.map(time::from_column) })
    }
}

fn scope_text(over: &GrantScope) -> Result<String, RepositoryError> {
    json::to_column("scope", over)
}

pub(crate) fn account_insert(connection: &mut Connection, new: &StoredAccount) -> Result<(), RepositoryError> {
    diesel::insert_into(iam_account::table).values(Row::new(new)?).execute(connection)?;
    Ok(())
}

/// Writes everything of an account; its id, handle, issuer and subject never change.
pub(crate) fn account_update(connection: &mut Connection, stored: &StoredAccount) -> Result<(), RepositoryError> {
    let row = Row::new(stored)?;
    diesel::update(iam_account::table.find(row.id.clone())).set(row).execute(connection)?;
    Ok(())
}

pub(crate) fn account_seen(
    connection: &mut Connection,
    id: AccountId,
    at: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    diesel::update(iam_account::table.find(id.to_string()))
        .set(iam_account::seen_at.eq(Some(time::to_column(at))))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn account_get(
    connection: &mut Connection,
    id: AccountId,
) -> Result<Option<StoredAccount>, RepositoryError> {
    let row: Option<Row> =
        iam_account::table.find(id.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::into_stored).transpose()
}

pub(crate) fn account_by_handle(
    connection: &mut Connection,
    handle: &str,
) -> Result<Option<StoredAccount>, RepositoryError> {
    let row: Option<Row> = iam_account::table
        .filter(iam_account::handle.eq(handle))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_stored).transpose()
}

pub(crate) fn account_by_subject(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
) -> Result<Option<StoredAccount>, RepositoryError> {
    let row: Option<Row> = iam_account::table
        .filter(iam_account::issuer.eq(issuer))
        .filter(iam_account::subject.eq(subject))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_stored).transpose()
}

/// A text in a pattern of LIKE, as itself.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// At most `limit` accounts by handle.
pub(crate) fn account_list(
    connection: &mut Connection,
    filter: &AccountFilter,
    limit: usize,
) -> Result<Vec<Account>, RepositoryError> {
    let mut query = iam_account::table.select(Row::as_select()).order(iam_account::handle.asc()).into_boxed();
    if let Some(after) = &filter.after {
        query = query.filter(iam_account::handle.gt(after.clone()));
    }
    if let Some(prefix) = &filter.prefix {
        query = query.filter(iam_account::handle.like(format!("{}%", literal(prefix))).escape('\\'));
    }
    if let Some(text) = &filter.text {
        let within = format!("%{}%", literal(&text.to_lowercase()));
        let named = lower(iam_account::name).like(within.clone()).escape('\\');
        let mailed = lower_of(iam_account::email).like(within.clone()).escape('\\');
        query = query.filter(iam_account::handle.like(within).escape('\\').or(named).or(mailed));
    }
    if let Some(over) = &filter.service_of {
        query = query.filter(iam_account::service_of.eq(scope_text(over)?)).filter(iam_account::state.ne("removed"));
    }
    if filter.persons {
        query = query.filter(iam_account::service_of.is_null());
    }
    let rows: Vec<Row> = query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    rows.into_iter().map(|row| row.into_stored().map(|stored| stored.account)).collect()
}

/// The service accounts of a place: of an organisation those of its projects too.
pub(crate) fn services_within(connection: &mut Connection, place: &Place) -> Result<Vec<Account>, RepositoryError> {
    let services = iam_account::table
        .filter(iam_account::service_of.is_not_null())
        .filter(iam_account::state.ne("removed"))
        .order(iam_account::handle.asc())
        .select(Row::as_select())
        .into_boxed();
    // Names have no characters that LIKE takes specially.
    let rows: Vec<Row> = match place {
        Place::Project(id) => services.filter(iam_account::handle.like(format!("%@{id}"))).load(connection)?,
        Place::Organisation(id) => {
            let its = iam_account::handle.like(format!("%@{id}"));
            services.filter(its.or(iam_account::handle.like(format!("%@{id}/%")))).load(connection)?
        }
    };
    rows.into_iter().map(|row| row.into_stored().map(|stored| stored.account)).collect()
}
