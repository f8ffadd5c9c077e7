//! Members as rows.

use super::account::iam_account;
use crate::{
    Role,
    member::{Member, Place},
};
use chrono::NaiveDateTime;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::AccountId;
use hansa_repository::{Connection, RepositoryError, json, text, time};
use std::collections::BTreeSet;

diesel::table! {
    iam_member (place, account) {
        place -> Text,
        account -> Text,
        roles -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::joinable!(iam_member -> iam_account (account));
diesel::allow_tables_to_appear_in_same_query!(iam_member, iam_account);

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = iam_member)]
struct Row {
    place: String,
    account: String,
    roles: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: i64,
}

impl Row {
    fn new(of: &Member) -> Result<Self, RepositoryError> {
        Ok(Self {
            place: of.place.to_string(),
            account: of.account.to_string(),
            roles: json::to_column("roles", &of.roles)?,
            created_at: time::to_column(of.created_at),
            updated_at: time::to_column(of.updated_at),
            version: of.version,
        })
    }

    fn into_member(self, handle: String, name: String) -> Result<Member, RepositoryError> {
        Ok(Member {
            place: text::from_column("place of a member", &self.place)?,
            account: text::from_column("account of a member", &self.account)?,
            handle,
            name,
            roles: json::from_column("roles of a member", &self.roles)?,
            created_at: time::from_column(self.created_at),
            updated_at: time::from_column(self.updated_at),
            version: self.version,
        })
    }
}

/// Writes a member as it is now.
pub(crate) fn put(connection: &mut Connection, member: &Member) -> Result<(), RepositoryError> {
    let row = Row::new(member)?;
    let changed = diesel::update(iam_member::table.find((row.place.clone(), row.account.clone())))
        .set(&row)
        .execute(connection)?;
    if changed == 0 {
        diesel::insert_into(iam_member::table).values(&row).execute(connection)?;
    }
    Ok(())
}

pub(crate) fn delete(connection: &mut Connection, place: &Place, account: AccountId) -> Result<(), RepositoryError> {
    diesel::delete(iam_member::table.find((place.to_string(), account.to_string()))).execute(connection)?;
    Ok(())
}

pub(crate) fn get(
    connection: &mut Connection,
    place: &Place,
    account: AccountId,
) -> Result<Option<Member>, RepositoryError> {
    let found: Option<(Row, String, String)> = iam_member::table
        .inner_join(iam_account::table)
        .filter(iam_member::place.eq(place.to_string()))
        .filter(iam_member::account.eq(account.to_string()))
        .select((Row::as_select(), iam_account::handle, iam_account::name))
        .first(connection)
        .optional()?;
    found.map(|(row, handle, name)| row.into_member(handle, name)).transpose()
}

/// The members of a place, by handle.
pub(crate) fn list(
    connection: &mut Connection,
    place: &Place,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Member>, RepositoryError> {
    let mut query = iam_member::table
        .inner_join(iam_account::table)
        .filter(iam_member::place.eq(place.to_string()))
        .select((Row::as_select(), iam_account::handle, iam_account::name))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(iam_account::handle.gt(after.to_owned()));
    }
    let rows: Vec<(Row, String, String)> =
        query.order(iam_account::handle.asc()).limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    rows.into_iter().map(|(row, handle, name)| row.into_member(handle, name)).collect()
}

/// Whether anybody but this account administers a place by membership: a person
/// who may come, since a program gives no roles.
pub(crate) fn other_administrator(
    connection: &mut Connection,
    place: &Place,
    account: AccountId,
) -> Result<bool, RepositoryError> {
    let roles: Vec<String> = iam_member::table
        .inner_join(iam_account::table)
        .filter(iam_member::place.eq(place.to_string()))
        .filter(iam_member::account.ne(account.to_string()))
        .filter(iam_account::service_of.is_null())
        .filter(iam_account::state.eq("active"))
        .select(iam_member::roles)
        .load(connection)?;
    for text in roles {
        let roles: BTreeSet<Role> = json::from_column("roles of a member", &text)?;
        if roles.contains(&Role::UseCaseAdministrator) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where an account is a member, and with which roles.
pub(crate) fn of_account(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Vec<(Place, BTreeSet<Role>)>, RepositoryError> {
    let rows: Vec<(String, String)> = iam_member::table
        .filter(iam_member::account.eq(account.to_string()))
        .select((iam_member::place, iam_member::roles))
        .load(connection)?;
    let read = |(place, roles): (String, String)| {
        Ok((text::from_column("place of a member", &place)?, json::from_column("roles of a member", &roles)?))
    };
    rows.into_iter().map(read).collect()
}
