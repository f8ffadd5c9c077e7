//! Systems, how they stand, and which offers they deliver, as rows.

use super::{Backing, Standing, System};
use crate::{
    Connection,
    error::RepositoryError,
    json,
    schema::{broker_identity, system, system_offer, system_standing},
    text, time,
};
use chrono::NaiveDateTime;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use std::collections::BTreeMap;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = system)]
struct Row {
    name: String,
    kind: String,
    site: String,
    address: String,
    credential: Option<String>,
    trust: Option<String>,
    settings: String,
    created_at: NaiveDateTime,
    created_by: String,
    version: i64,
}

impl Row {
    fn new(of: &System) -> Result<Self, RepositoryError> {
        Ok(Self {
            name: of.name.clone(),
            kind: of.kind.clone(),
            site: of.site.to_string(),
            address: of.address.clone(),
            credential: of.credential.clone(),
            trust: of.trust.clone(),
            settings: json::to_column("settings", &of.settings)?,
            created_at: time::to_column(of.created_at),
            created_by: json::to_column("actor", &of.created_by)?,
            version: of.version,
        })
    }

    fn system(self) -> Result<System, RepositoryError> {
        Ok(System {
            site: text::from_column("site of a system", &self.site)?,
            settings: json::from_column("settings of a system", &self.settings)?,
            created_at: time::from_column(self.created_at),
            created_by: json::from_column("actor", &self.created_by)?,
            name: self.name,
            kind: self.kind,
            address: self.address,
            credential: self.credential,
            trust: self.trust,
            version: self.version,
        })
    }
}

pub(super) fn list(connection: &mut Connection) -> Result<Vec<System>, RepositoryError> {
    let rows: Vec<Row> = system::table.select(Row::as_select()).order(system::name).load(connection)?;
    rows.into_iter().map(Row::system).collect()
}

pub(super) fn get(connection: &mut Connection, name: &str) -> Result<Option<System>, RepositoryError> {
    let row: Option<Row> = system::table.find(name).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::system).transpose()
}

pub(super) fn insert(connection: &mut Connection, new: &System) -> Result<(), RepositoryError> {
    diesel::insert_into(system::table).values(Row::new(new)?).execute(connection)?;
    Ok(())
}

/// Writes what may change: not the kind, and not the site.
pub(super) fn update(connection: &mut Connection, changed: &System) -> Result<(), RepositoryError> {
    let row = Row::new(changed)?;
    diesel::update(system::table.find(&row.name))
        .set((
            system::address.eq(&row.address),
            system::credential.eq(&row.credential),
            system::trust.eq(&row.trust),
            system::settings.eq(&row.settings),
            system::version.eq(row.version),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn delete(connection: &mut Connection, name: &str) -> Result<(), RepositoryError> {
    diesel::delete(system_standing::table.find(name)).execute(connection)?;
    diesel::delete(system::table.find(name)).execute(connection)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = system_standing)]
struct StandingRow {
    system: String,
    report: Option<String>,
    trouble: Option<String>,
    tried_at: NaiveDateTime,
}

impl StandingRow {
    fn standing(self) -> Result<Standing, RepositoryError> {
        Ok(Standing {
            report: self.report.map(|text| json::from_column("report of a system", &text)).transpose()?,
            trouble: self.trouble.map(|text| json::from_column("trouble of a system", &text)).transpose()?,
            tried_at: Some(time::from_column(self.tried_at)),
        })
    }
}

pub(super) fn standing(connection: &mut Connection, name: &str) -> Result<Option<Standing>, RepositoryError> {
    let row: Option<StandingRow> =
        system_standing::table.find(name).select(StandingRow::as_select()).first(connection).optional()?;
    row.map(StandingRow::standing).transpose()
}

/// How each system stands that was ever asked.
pub(super) fn standings(connection: &mut Connection) -> Result<BTreeMap<String, Standing>, RepositoryError> {
    let rows: Vec<StandingRow> = system_standing::table.select(StandingRow::as_select()).load(connection)?;
    rows.into_iter().map(|row| Ok((row.system.clone(), row.standing()?))).collect()
}

/// Writes how a system stands. Without effect where there is no such system any more.
pub(super) fn standing_put(connection: &mut Connection, name: &str, new: &Standing) -> Result<(), RepositoryError> {
    let Some(tried_at) = new.tried_at else { return Ok(()) };
    if get(connection, name)?.is_none() {
        return Ok(());
    }
    let row = StandingRow {
        system: name.to_owned(),
        report: new.report.as_ref().map(|report| json::to_column("report", report)).transpose()?,
        trouble: new.trouble.as_ref().map(|trouble| json::to_column("trouble", trouble)).transpose()?,
        tried_at: time::to_column(tried_at),
    };
    diesel::delete(system_standing::table.find(name)).execute(connection)?;
    diesel::insert_into(system_standing::table).values(row).execute(connection)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = system_offer)]
struct OfferRow {
    offer: String,
    system: String,
    item: Option<String>,
}

impl OfferRow {
    fn backing(self) -> Result<Backing, RepositoryError> {
        Ok(Backing {
            offer: text::from_column("offer of a system", &self.offer)?,
            system: self.system,
            item: self.item,
        })
    }
}

/// What stands behind offers: of one system, or of all.
pub(super) fn backings(connection: &mut Connection, of: Option<&str>) -> Result<Vec<Backing>, RepositoryError> {
    let mut query = system_offer::table.select(OfferRow::as_select()).order(system_offer::offer).into_boxed();
    if let Some(name) = of {
        query = query.filter(system_offer::system.eq(name.to_owned()));
    }
    let rows: Vec<OfferRow> = query.load(connection)?;
    rows.into_iter().map(OfferRow::backing).collect()
}

pub(super) fn backing(connection: &mut Connection, offer: &str) -> Result<Option<Backing>, RepositoryError> {
    let row: Option<OfferRow> =
        system_offer::table.find(offer).select(OfferRow::as_select()).first(connection).optional()?;
    row.map(OfferRow::backing).transpose()
}

pub(super) fn backing_put(connection: &mut Connection, new: &Backing) -> Result<(), RepositoryError> {
    backing_delete(connection, new.offer.as_str())?;
    let row = OfferRow { offer: new.offer.to_string(), system: new.system.clone(), item: new.item.clone() };
    diesel::insert_into(system_offer::table).values(row).execute(connection)?;
    Ok(())
}

pub(super) fn backing_delete(connection: &mut Connection, offer: &str) -> Result<(), RepositoryError> {
    diesel::delete(system_offer::table.find(offer)).execute(connection)?;
    Ok(())
}

/// Who this broker is to real systems: the same for as long as its database lives.
pub(super) fn broker(connection: &mut Connection, new: &str) -> Result<String, RepositoryError> {
    let known: Option<String> = broker_identity::table.select(broker_identity::id).first(connection).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    diesel::insert_into(broker_identity::table).values(broker_identity::id.eq(new)).execute(connection)?;
    Ok(new.to_owned())
}
