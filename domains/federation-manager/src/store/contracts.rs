//! Negotiations and agreements as rows. What is asked for by is a column; the
//! rest is one JSON document.

use crate::contracts::{Agreement, AgreementState, Negotiation};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_federation::dsp::negotiation::Role;
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    federation_negotiation (id) {
        id -> Text,
        partner -> Text,
        role -> Text,
        peer_pid -> Nullable<Text>,
        state -> Text,
        offer -> Text,
        digest -> Text,
        living -> Bool,
        version -> BigInt,
        data -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    federation_agreement (partner, id) {
        partner -> Text,
        id -> Text,
        role -> Text,
        offer -> Text,
        digest -> Text,
        state -> Text,
        untold -> Bool,
        data -> Text,
        created_at -> Timestamp,
    }
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_negotiation, treat_none_as_null = true)]
struct NegotiationRow {
    id: String,
    partner: String,
    role: String,
    peer_pid: Option<String>,
    state: String,
    offer: String,
    digest: String,
    living: bool,
    version: i64,
    data: String,
    updated_at: NaiveDateTime,
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_agreement)]
struct AgreementRow {
    partner: String,
    id: String,
    role: String,
    offer: String,
    digest: String,
    state: String,
    untold: bool,
    data: String,
    created_at: NaiveDateTime,
}

impl NegotiationRow {
    fn new(negotiation: &Negotiation, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: negotiation.id.clone(),
            partner: negotiation.partner.clone(),
            role: negotiation.role.as_str().to_owned(),
            peer_pid: negotiation.peer_pid.clone(),
            state: negotiation.state.map_or("", |state| state.as_str()).to_owned(),
            offer: negotiation.offer.clone(),
            digest: negotiation.digest.clone(),
            living: !negotiation.closed,
            version: negotiation.version,
            data: json::to_column("negotiation", negotiation)?,
            updated_at: time::to_column(now),
        })
    }

    fn into_negotiation(self) -> Result<Negotiation, RepositoryError> {
        let mut negotiation: Negotiation = json::from_column("negotiation", &self.data)?;
        negotiation.version = self.version;
        Ok(negotiation)
    }
}

impl AgreementRow {
    fn new(agreement: &Agreement) -> Result<Self, RepositoryError> {
        Ok(Self {
            partner: agreement.partner.clone(),
            id: agreement.id.clone(),
            role: agreement.role.as_str().to_owned(),
            offer: agreement.offer.to_string(),
            digest: agreement.digest.clone(),
            state: agreement.state.name().to_owned(),
            untold: agreement.untold.is_some(),
            data: json::to_column("agreement", agreement)?,
            created_at: time::to_column(agreement.agreed_at),
        })
    }

    fn into_agreement(self) -> Result<Agreement, RepositoryError> {
        json::from_column("agreement", &self.data)
    }
}

/// A new negotiation.
pub(crate) fn negotiation_insert(
    connection: &mut Connection,
    negotiation: &Negotiation,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    diesel::insert_into(federation_negotiation::table)
        .values(NegotiationRow::new(negotiation, now)?)
        .execute(connection)?;
    Ok(())
}

/// Writes a negotiation that was read before: compare and swap on its version.
///
/// # Errors
/// `Conflict` when somebody else has written it since.
pub(crate) fn negotiation_swap(
    connection: &mut Connection,
    negotiation: &mut Negotiation,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let read = negotiation.version;
    negotiation.version += 1;
    let row = NegotiationRow::new(negotiation, now)?;
    let found = federation_negotiation::table.find(&negotiation.id).filter(federation_negotiation::version.eq(read));
    if diesel::update(found).set(&row).execute(connection)? == 0 {
        negotiation.version = read;
        return Err(RepositoryError::conflict("the negotiation was changed meanwhile"));
    }
    Ok(())
}

pub(crate) fn negotiation(connection: &mut Connection, id: &str) -> Result<Option<Negotiation>, RepositoryError> {
    let row: Option<NegotiationRow> =
        federation_negotiation::table.find(id).select(NegotiationRow::as_select()).first(connection).optional()?;
    row.map(NegotiationRow::into_negotiation).transpose()
}

/// The negotiation that the partner calls so.
pub(crate) fn negotiation_of_peer(
    connection: &mut Connection,
    partner: &str,
    role: Role,
    peer_pid: &str,
) -> Result<Option<Negotiation>, RepositoryError> {
    let row: Option<NegotiationRow> = federation_negotiation::table
        .filter(federation_negotiation::partner.eq(partner))
        .filter(federation_negotiation::role.eq(role.as_str()))
        .filter(federation_negotiation::peer_pid.eq(peer_pid))
        .select(NegotiationRow::as_select())
        .first(connection)
        .optional()?;
    row.map(NegotiationRow::into_negotiation).transpose()
}

/// The negotiation that is under way as consumer for these terms.
pub(crate) fn negotiation_under_way(
    connection: &mut Connection,
    partner: &str,
    offer: &str,
    digest: &str,
) -> Result<Option<Negotiation>, RepositoryError> {
    let row: Option<NegotiationRow> = federation_negotiation::table
        .filter(federation_negotiation::partner.eq(partner))
        .filter(federation_negotiation::role.eq(Role::Consumer.as_str()))
        .filter(federation_negotiation::offer.eq(offer))
        .filter(federation_negotiation::digest.eq(digest))
        .filter(federation_negotiation::living.eq(true))
        .select(NegotiationRow::as_select())
        .first(connection)
        .optional()?;
    row.map(NegotiationRow::into_negotiation).transpose()
}

/// How many negotiations with a partner, in which we have this role, are under way.
pub(crate) fn negotiations_living(
    connection: &mut Connection,
    partner: &str,
    role: Role,
) -> Result<i64, RepositoryError> {
    Ok(federation_negotiation::table
        .filter(federation_negotiation::partner.eq(partner))
        .filter(federation_negotiation::role.eq(role.as_str()))
        .filter(federation_negotiation::living.eq(true))
        .count()
        .get_result(connection)?)
}

/// The negotiations with a partner, in which we have this role, that are under way.
pub(crate) fn negotiations_open(
    connection: &mut Connection,
    partner: &str,
    role: Role,
) -> Result<Vec<Negotiation>, RepositoryError> {
    let rows: Vec<NegotiationRow> = federation_negotiation::table
        .filter(federation_negotiation::partner.eq(partner))
        .filter(federation_negotiation::role.eq(role.as_str()))
        .filter(federation_negotiation::living.eq(true))
        .select(NegotiationRow::as_select())
        .load(connection)?;
    rows.into_iter().map(NegotiationRow::into_negotiation).collect()
}

/// The newest negotiations.
pub(crate) fn negotiation_list(connection: &mut Connection, limit: i64) -> Result<Vec<Negotiation>, RepositoryError> {
    let rows: Vec<NegotiationRow> = federation_negotiation::table
        .order((federation_negotiation::updated_at.desc(), federation_negotiation::id.asc()))
        .limit(limit)
        .select(NegotiationRow::as_select())
        .load(connection)?;
    rows.into_iter().map(NegotiationRow::into_negotiation).collect()
}

/// Forgets negotiations with a partner that ended before `before` without a contract.
pub(crate) fn negotiations_clear(
    connection: &mut Connection,
    partner: &str,
    before: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let over = federation_negotiation::table
        .filter(federation_negotiation::partner.eq(partner))
        .filter(federation_negotiation::living.eq(false))
        .filter(federation_negotiation::state.ne("FINALIZED"))
        .filter(federation_negotiation::updated_at.lt(time::to_column(before)));
    diesel::delete(over).execute(connection)?;
    Ok(())
}

/// Partners and ids of all negotiations under way.
pub(crate) fn negotiation_keys(connection: &mut Connection) -> Result<Vec<(String, String)>, RepositoryError> {
    Ok(federation_negotiation::table
        .filter(federation_negotiation::living.eq(true))
        .select((federation_negotiation::partner, federation_negotiation::id))
        .load(connection)?)
}

/// With whom negotiations are under way.
pub(crate) fn counterparts(connection: &mut Connection) -> Result<Vec<String>, RepositoryError> {
    Ok(federation_negotiation::table
        .filter(federation_negotiation::living.eq(true))
        .select(federation_negotiation::partner)
        .distinct()
        .load(connection)?)
}

/// Writes an agreement, new or changed.
pub(crate) fn agreement_save(connection: &mut Connection, agreement: &Agreement) -> Result<(), RepositoryError> {
    let row = AgreementRow::new(agreement)?;
    let found = federation_agreement::table.find((&agreement.partner, &agreement.id));
    if diesel::update(found).set(&row).execute(connection)? == 0 {
        diesel::insert_into(federation_agreement::table).values(row).execute(connection)?;
    }
    Ok(())
}

pub(crate) fn agreement(
    connection: &mut Connection,
    partner: &str,
    id: &str,
) -> Result<Option<Agreement>, RepositoryError> {
    let row: Option<AgreementRow> = federation_agreement::table
        .find((partner, id))
        .select(AgreementRow::as_select())
        .first(connection)
        .optional()?;
    row.map(AgreementRow::into_agreement).transpose()
}

/// All agreements with this id: one, unless two partners chose the same.
pub(crate) fn agreements_named(connection: &mut Connection, id: &str) -> Result<Vec<Agreement>, RepositoryError> {
    let rows: Vec<AgreementRow> = federation_agreement::table
        .filter(federation_agreement::id.eq(id))
        .select(AgreementRow::as_select())
        .load(connection)?;
    rows.into_iter().map(AgreementRow::into_agreement).collect()
}

/// The active agreements with a partner on an offer, the newest first.
pub(crate) fn agreements_standing(
    connection: &mut Connection,
    partner: &str,
    role: Role,
    offer: &str,
    digest: &str,
) -> Result<Vec<Agreement>, RepositoryError> {
    let rows: Vec<AgreementRow> = federation_agreement::table
        .filter(federation_agreement::partner.eq(partner))
        .filter(federation_agreement::role.eq(role.as_str()))
        .filter(federation_agreement::offer.eq(offer))
        .filter(federation_agreement::digest.eq(digest))
        .filter(federation_agreement::state.eq(AgreementState::Active.name()))
        .order(federation_agreement::created_at.desc())
        .select(AgreementRow::as_select())
        .load(connection)?;
    rows.into_iter().map(AgreementRow::into_agreement).collect()
}

/// Agreements with a partner whose end it wasn't told yet.
pub(crate) fn agreements_untold(connection: &mut Connection, partner: &str) -> Result<Vec<Agreement>, RepositoryError> {
    let rows: Vec<AgreementRow> = federation_agreement::table
        .filter(federation_agreement::partner.eq(partner))
        .filter(federation_agreement::untold.eq(true))
        .select(AgreementRow::as_select())
        .load(connection)?;
    rows.into_iter().map(AgreementRow::into_agreement).collect()
}

/// All agreements, the newest first.
pub(crate) fn agreement_list(connection: &mut Connection) -> Result<Vec<Agreement>, RepositoryError> {
    let rows: Vec<AgreementRow> = federation_agreement::table
        .order((federation_agreement::created_at.desc(), federation_agreement::id.asc()))
        .select(AgreementRow::as_select())
        .load(connection)?;
    rows.into_iter().map(AgreementRow::into_agreement).collect()
}
