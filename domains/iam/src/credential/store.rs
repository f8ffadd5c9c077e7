//! Credentials as rows.

use super::Credential;
use chrono::NaiveDateTime;
use diesel::{
    Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use diesel_migrations::embed_migrations;
use hansa_repository::{Connection, Migrations, RepositoryError, json, time};

/// The table of the credentials.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations-credential"));

diesel::table! {
    iam_credential (name) {
        name -> Text,
        kind -> Text,
        sealed -> Text,
        fingerprint -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        rotated_at -> Nullable<Timestamp>,
        rotated_by -> Nullable<Text>,
        version -> BigInt,
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = iam_credential)]
struct Row {
    name: String,
    kind: String,
    sealed: String,
    fingerprint: String,
    created_at: NaiveDateTime,
    created_by: String,
    rotated_at: Option<NaiveDateTime>,
    rotated_by: Option<String>,
    version: i64,
}

impl Row {
    fn new(of: &Credential, sealed: &str) -> Result<Self, RepositoryError> {
        Ok(Self {
            name: of.name.clone(),
            kind: of.kind.clone(),
            sealed: sealed.to_owned(),
            fingerprint: of.fingerprint.clone(),
            created_at: time::to_column(of.created_at),
            created_by: json::to_column("actor", &of.created_by)?,
            rotated_at: of.rotated_at.map(time::to_column),
            rotated_by: of.rotated_by.as_ref().map(|actor| json::to_column("actor", actor)).transpose()?,
            version: of.version,
        })
    }

    fn credential(self) -> Result<(Credential, String), RepositoryError> {
        let credential = Credential {
            name: self.name,
            kind: self.kind,
            fingerprint: self.fingerprint,
            created_at: time::from_column(self.created_at),
            created_by: json::from_column("actor", &self.created_by)?,
            rotated_at: self.rotated_at.map(time::from_column),
            rotated_by: self.rotated_by.map(|actor| json::from_column("actor", &actor)).transpose()?,
            version: self.version,
        };
        Ok((credential, self.sealed))
    }
}

pub(super) fn list(connection: &mut Connection) -> Result<Vec<Credential>, RepositoryError> {
    let rows: Vec<Row> = iam_credential::table.select(Row::as_select()).order(iam_credential::name).load(connection)?;
    rows.into_iter().map(|row| row.credential().map(|(credential, _)| credential)).collect()
}

/// A credential with its sealed secret.
pub(super) fn get(connection: &mut Connection, name: &str) -> Result<Option<(Credential, String)>, RepositoryError> {
    let row: Option<Row> = iam_credential::table.find(name).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::credential).transpose()
}

pub(super) fn insert(connection: &mut Connection, new: &Credential, sealed: &str) -> Result<(), RepositoryError> {
    diesel::insert_into(iam_credential::table).values(Row::new(new, sealed)?).execute(connection)?;
    Ok(())
}

pub(super) fn update(connection: &mut Connection, changed: &Credential, sealed: &str) -> Result<(), RepositoryError> {
    delete(connection, &changed.name)?;
    insert(connection, changed, sealed)
}

pub(super) fn delete(connection: &mut Connection, name: &str) -> Result<(), RepositoryError> {
    diesel::delete(iam_credential::table.find(name)).execute(connection)?;
    Ok(())
}
