//! Invitations as rows: those that our owner gives and those that our owner takes.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_repository::{Connection, RepositoryError, time};

diesel::table! {
    federation_invitation (id) {
        id -> Text,
        kind -> Text,
        partner -> Nullable<Text>,
        secret -> Text,
        note -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

const GIVEN: &str = "given";
const TAKEN: &str = "taken";

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = federation_invitation, treat_none_as_null = true)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    kind: String,
    pub(crate) partner: Option<String>,
    pub(crate) secret: String,
    pub(crate) note: String,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    used_at: Option<NaiveDateTime>,
}

impl Invitation {
    /// One that our owner gives: the hash of its secret.
    pub(crate) fn given(id: String, hash: String, note: String, now: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self::new(id, GIVEN, None, hash, note, now, until)
    }

    /// One that our owner takes: the line itself, until the partner has agreed.
    pub(crate) fn taken(id: String, partner: String, line: String, now: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self::new(id, TAKEN, Some(partner), line, String::new(), now, until)
    }

    fn new(
        id: String,
        kind: &str,
        partner: Option<String>,
        secret: String,
        note: String,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        let (created_at, expires_at) = (time::to_column(now), time::to_column(until));
        Self { id, kind: kind.to_owned(), partner, secret, note, created_at, expires_at, used_at: None }
    }

    pub(crate) fn created_at(&self) -> DateTime<Utc> {
        time::from_column(self.created_at)
    }

    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        time::from_column(self.expires_at)
    }

    pub(crate) fn used_at(&self) -> Option<DateTime<Utc>> {
        self.used_at.map(time::from_column)
    }

    /// It is used, and its secret is forgotten where that isn't a hash.
    pub(crate) fn use_up(&mut self, partner: &str, now: DateTime<Utc>) {
        self.partner = Some(partner.to_owned());
        self.used_at = Some(time::to_column(now));
        if self.kind == TAKEN {
            self.secret.clear();
        }
    }
}

/// Writes an invitation in the place of whatever has its id.
pub(crate) fn put(connection: &mut Connection, invitation: &Invitation) -> Result<(), RepositoryError> {
    let found = federation_invitation::table.find(&invitation.id);
    if diesel::update(found).set(invitation).execute(connection)? == 0 {
        diesel::insert_into(federation_invitation::table).values(invitation.clone()).execute(connection)?;
    }
    Ok(())
}

/// The invitation that our owner gave with this hash of its secret.
pub(crate) fn given(connection: &mut Connection, hash: &str) -> Result<Option<Invitation>, RepositoryError> {
    Ok(federation_invitation::table
        .filter(federation_invitation::secret.eq(hash))
        .filter(federation_invitation::kind.eq(GIVEN))
        .select(Invitation::as_select())
        .first(connection)
        .optional()?)
}

/// The invitation of a partner that our owner has taken, while the partner hasn't agreed.
pub(crate) fn taken(connection: &mut Connection, partner: &str) -> Result<Option<Invitation>, RepositoryError> {
    Ok(federation_invitation::table
        .filter(federation_invitation::partner.eq(partner))
        .filter(federation_invitation::kind.eq(TAKEN))
        .filter(federation_invitation::used_at.is_null())
        .order(federation_invitation::created_at.desc())
        .select(Invitation::as_select())
        .first(connection)
        .optional()?)
}

/// The invitations that our owner gave, the newest first.
pub(crate) fn given_list(connection: &mut Connection) -> Result<Vec<Invitation>, RepositoryError> {
    Ok(federation_invitation::table
        .filter(federation_invitation::kind.eq(GIVEN))
        .order((federation_invitation::created_at.desc(), federation_invitation::id.asc()))
        .limit(1_000)
        .select(Invitation::as_select())
        .load(connection)?)
}

/// Takes an invitation back that nobody has used. False: there is no such.
pub(crate) fn given_delete(connection: &mut Connection, id: &str) -> Result<bool, RepositoryError> {
    let open = federation_invitation::table
        .filter(federation_invitation::id.eq(id))
        .filter(federation_invitation::kind.eq(GIVEN))
        .filter(federation_invitation::used_at.is_null());
    Ok(diesel::delete(open).execute(connection)? > 0)
}
