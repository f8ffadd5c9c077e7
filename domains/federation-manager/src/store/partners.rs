//! Partners as rows.

use crate::partners::{FeedStanding, Partner, PartnerPolicy, PartnerState};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::ProviderId;
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    federation_partner (did) {
        did -> Text,
        name -> Text,
        endpoint -> Text,
        provider -> Nullable<Text>,
        state -> Text,
        their_state -> Nullable<Text>,
        reason -> Nullable<Text>,
        policy -> Text,
        keys -> Text,
        since -> Timestamp,
        last_heard -> Nullable<Timestamp>,
        last_pulled -> Nullable<Timestamp>,
        unreachable_since -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    federation_position (partner) {
        partner -> Text,
        position -> BigInt,
        head -> BigInt,
        view -> Text,
        snapshot_head -> Nullable<BigInt>,
        round -> BigInt,
        snapshot_due -> Nullable<Timestamp>,
        cut_off -> BigInt,
    }
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = federation_partner, treat_none_as_null = true)]
struct Row {
    did: String,
    name: String,
    endpoint: String,
    provider: Option<String>,
    state: String,
    their_state: Option<String>,
    reason: Option<String>,
    policy: String,
    keys: String,
    since: NaiveDateTime,
    last_heard: Option<NaiveDateTime>,
    last_pulled: Option<NaiveDateTime>,
    unreachable_since: Option<NaiveDateTime>,
    last_error: Option<String>,
}

/// How far a partner's feed was read.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = federation_position, treat_none_as_null = true)]
pub(crate) struct Position {
    pub(crate) partner: String,
    pub(crate) position: i64,
    pub(crate) head: i64,
    pub(crate) view: String,
    pub(crate) snapshot_head: Option<i64>,
    pub(crate) round: i64,
    pub(crate) snapshot_due: Option<NaiveDateTime>,
    pub(crate) cut_off: i64,
}

/// The partner with this DID.
pub(crate) fn find(connection: &mut Connection, did: &str) -> Result<Option<Partner>, RepositoryError> {
    let row: Option<Row> = federation_partner::table.find(did).select(Row::as_select()).first(connection).optional()?;
    let Some(row) = row else { return Ok(None) };
    let position = position(connection, did)?;
    row.into_partner(&position).map(Some)
}

/// The partner with this DID.
///
/// # Errors
/// `NotFound` when there is none.
pub(crate) fn get(connection: &mut Connection, did: &str) -> Result<Partner, RepositoryError> {
    find(connection, did)?.ok_or_else(|| RepositoryError::NotFound(format!("partner {did}")))
}

/// Every partner, by DID.
pub(crate) fn list(connection: &mut Connection) -> Result<Vec<Partner>, RepositoryError> {
    let rows: Vec<Row> =
        federation_partner::table.order(federation_partner::did.asc()).select(Row::as_select()).load(connection)?;
    rows.into_iter()
        .map(|row| {
            let position = position(connection, &row.did)?;
            row.into_partner(&position)
        })
        .collect()
}

/// Writes a partner in the place of whatever has its DID.
pub(crate) fn put(connection: &mut Connection, partner: &Partner) -> Result<(), RepositoryError> {
    let row = Row::of(partner)?;
    let found = federation_partner::table.find(&partner.did);
    if diesel::update(found).set(&row).execute(connection)? == 0 {
        diesel::insert_into(federation_partner::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// How far a partner's feed was read.
pub(crate) fn position(connection: &mut Connection, did: &str) -> Result<Position, RepositoryError> {
    let found = federation_position::table.find(did).select(Position::as_select()).first(connection).optional()?;
    Ok(found.unwrap_or_else(|| Position::new(did)))
}

/// Writes how far a partner's feed was read.
pub(crate) fn position_put(connection: &mut Connection, position: &Position) -> Result<(), RepositoryError> {
    let found = federation_position::table.find(&position.partner);
    if diesel::update(found).set(position).execute(connection)? == 0 {
        diesel::insert_into(federation_position::table).values(position.clone()).execute(connection)?;
    }
    Ok(())
}

impl Position {
    /// A feed that wasn't read yet.
    pub(crate) fn new(did: &str) -> Self {
        Self {
            partner: did.to_owned(),
            position: 0,
            head: 0,
            view: String::new(),
            snapshot_head: None,
            round: 0,
            snapshot_due: None,
            cut_off: 0,
        }
    }
}

/// A message or an answer of the partner was proved to be its own. True: it
/// hadn't been heard before that, or calls to it had failed.
pub(crate) fn heard(connection: &mut Connection, did: &str, now: DateTime<Utc>) -> Result<bool, RepositoryError> {
    let partner = federation_partner::table.find(did);
    let unreachable: Option<Option<NaiveDateTime>> =
        partner.select(federation_partner::unreachable_since).first(connection).optional()?;
    diesel::update(partner)
        .set((
            federation_partner::last_heard.eq(Some(time::to_column(now))),
            federation_partner::unreachable_since.eq(None::<NaiveDateTime>),
            federation_partner::last_error.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(unreachable.flatten().is_some())
}

/// A call to the partner came to nothing. True: the one before had not.
pub(crate) fn unreachable(
    connection: &mut Connection,
    did: &str,
    error: &str,
    now: DateTime<Utc>,
) -> Result<bool, RepositoryError> {
    let partner = federation_partner::table.find(did);
    let since: Option<Option<NaiveDateTime>> =
        partner.select(federation_partner::unreachable_since).first(connection).optional()?;
    let Some(since) = since else { return Ok(false) };
    diesel::update(partner)
        .set((
            federation_partner::unreachable_since.eq(Some(since.unwrap_or_else(|| time::to_column(now)))),
            federation_partner::last_error.eq(Some(error)),
        ))
        .execute(connection)?;
    Ok(since.is_none())
}

impl Row {
    fn of(partner: &Partner) -> Result<Self, RepositoryError> {
        Ok(Self {
            did: partner.did.clone(),
            name: partner.name.clone(),
            endpoint: partner.endpoint.clone(),
            provider: partner.provider.as_ref().map(ToString::to_string),
            state: partner.state.name().to_owned(),
            their_state: partner.their_state.map(|state| state.name().to_owned()),
            reason: partner.reason.clone(),
            policy: json::to_column("policy", &partner.policy)?,
            keys: json::to_column("keys", &partner.keys)?,
            since: time::to_column(partner.since),
            last_heard: partner.last_heard.map(time::to_column),
            last_pulled: partner.last_pulled.map(time::to_column),
            unreachable_since: partner.unreachable_since.map(time::to_column),
            last_error: partner.last_error.clone(),
        })
    }

    fn into_partner(self, position: &Position) -> Result<Partner, RepositoryError> {
        let policy: PartnerPolicy = json::from_column("policy", &self.policy)?;
        let provider = self.provider.map(ProviderId::new).transpose();
        Ok(Partner {
            did: self.did,
            name: self.name,
            endpoint: self.endpoint,
            provider: provider.map_err(|error| RepositoryError::unreadable("provider", &error))?,
            state: state(&self.state)?,
            their_state: self.their_state.as_deref().map(state).transpose()?,
            reason: self.reason,
            policy,
            keys: json::from_column("keys", &self.keys)?,
            since: time::from_column(self.since),
            last_heard: self.last_heard.map(time::from_column),
            last_pulled: self.last_pulled.map(time::from_column),
            unreachable_since: self.unreachable_since.map(time::from_column),
            last_error: self.last_error,
            feed: FeedStanding {
                position: position.position,
                head: position.head,
                snapshot: position.snapshot_head.is_some(),
                cut_off: position.cut_off,
            },
        })
    }
}

fn state(name: &str) -> Result<PartnerState, RepositoryError> {
    PartnerState::ALL
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| RepositoryError::unreadable("state of a partner", &name))
}
