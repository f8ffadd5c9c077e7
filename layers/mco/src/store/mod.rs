//! Machines, plans in force and refused offers, as rows. Private to this room.

mod orders;
mod refusals;

pub(crate) use orders::{order_delete, order_get, order_handed_on, order_write};
pub(crate) use refusals::{PackageRefusal, package_refusal_list, package_refusal_put, refusal_list, refusal_put};

use crate::{
    beside::Colour,
    model::{Machine, MachineState, Plan},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _, dsl,
};
use diesel_migrations::embed_migrations;
use hansa_ontology::{ApplicationId, MachineId, Money, OfferId};
use hansa_repository::{Connection, Migrations, RepositoryError, json, text, time};
use std::collections::{BTreeMap, BTreeSet};

/// This room's tables.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations"));

diesel::table! {
    machine (id) {
        id -> Text,
        application -> Text,
        offer -> Text,
        terms -> Text,
        price_micros -> BigInt,
        currency -> Text,
        state -> Text,
        created_at -> Timestamp,
        partner -> Nullable<Text>,
        customer -> Nullable<Text>,
        rented -> Bool,
    }
}

diesel::table! {
    machine_order (machine) {
        machine -> Text,
        generation -> BigInt,
        model -> Text,
        since -> Text,
        handed_on -> Bool,
    }
}

diesel::table! {
    plan (application) {
        application -> Text,
        revision -> BigInt,
        #[sql_name = "plan"]
        body -> Text,
        created_at -> Timestamp,
        beside -> Nullable<Text>,
    }
}

diesel::table! {
    offer_refusal (application, offer) {
        application -> Text,
        offer -> Text,
        reason -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    package_refusal (application, component, ordinal, offer) {
        application -> Text,
        component -> Text,
        ordinal -> Integer,
        offer -> Text,
        revision -> Text,
        reason -> Text,
        until -> Timestamp,
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = machine)]
struct MachineRow {
    id: String,
    application: String,
    offer: String,
    terms: String,
    price_micros: i64,
    currency: String,
    state: String,
    created_at: NaiveDateTime,
    partner: Option<String>,
    customer: Option<String>,
}

impl MachineRow {
    fn new(machine: &Machine) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: machine.id.to_string(),
            application: machine.application.to_string(),
            offer: machine.terms.id.to_string(),
            terms: json::to_column("terms of a machine", &machine.terms)?,
            price_micros: machine.price_per_hour.micros,
            currency: machine.price_per_hour.currency.to_string(),
            state: json::to_column("state of a machine", &machine.state)?,
            created_at: time::to_column(machine.created_at),
            partner: machine.partner.clone(),
            customer: machine.customer.clone(),
        })
    }

    fn into_machine(self) -> Result<Machine, RepositoryError> {
        Ok(Machine {
            id: text::from_column("machine", &self.id)?,
            application: text::from_column("application of a machine", &self.application)?,
            terms: json::from_column("terms of a machine", &self.terms)?,
            price_per_hour: Money::new(self.price_micros, text::from_column("currency of a machine", &self.currency)?),
            state: json::from_column("state of a machine", &self.state)?,
            created_at: time::from_column(self.created_at),
            partner: self.partner,
            customer: self.customer,
        })
    }
}

/// Keeps everyone else from renting until this transaction ends, so that what
/// is counted stays true until it is written. SQLite has one writer anyway.
pub(crate) fn rentals_lock(connection: &mut Connection) -> Result<(), RepositoryError> {
    if let Connection::Postgres(postgres) = connection {
        diesel::sql_query("LOCK TABLE machine IN SHARE ROW EXCLUSIVE MODE").execute(postgres)?;
    }
    Ok(())
}

pub(crate) fn machine_insert(connection: &mut Connection, new: &Machine) -> Result<(), RepositoryError> {
    diesel::insert_into(machine::table).values(MachineRow::new(new)?).execute(connection)?;
    Ok(())
}

/// Returns whether there was such a machine.
pub(crate) fn machine_state_set(
    connection: &mut Connection,
    id: MachineId,
    state: &MachineState,
) -> Result<bool, RepositoryError> {
    let state = json::to_column("state of a machine", state)?;
    let changed =
        diesel::update(machine::table.find(id.to_string())).set(machine::state.eq(state)).execute(connection)?;
    Ok(changed > 0)
}

/// Writes down whether the log says that it is rented. Returns whether that is new.
pub(crate) fn machine_rented_set(
    connection: &mut Connection,
    id: MachineId,
    rented: bool,
) -> Result<bool, RepositoryError> {
    let other = machine::table.filter(machine::id.eq(id.to_string())).filter(machine::rented.ne(rented));
    Ok(diesel::update(other).set(machine::rented.eq(rented)).execute(connection)? > 0)
}

/// The machines of an application of which the log says that they are rented.
pub(crate) fn machines_rented(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<BTreeSet<MachineId>, RepositoryError> {
    let rented =
        machine::table.filter(machine::application.eq(application.to_string())).filter(machine::rented.eq(true));
    let ids: Vec<String> = rented.select(machine::id).load(connection)?;
    ids.iter().map(|id| text::from_column("id of a machine", id)).collect()
}

/// Forgets a machine, and what was asked of it. Returns whether there was such a machine.
pub(crate) fn machine_delete(connection: &mut Connection, id: MachineId) -> Result<bool, RepositoryError> {
    order_delete(connection, id)?;
    Ok(diesel::delete(machine::table.find(id.to_string())).execute(connection)? > 0)
}

pub(crate) fn machine_list(
    connection: &mut Connection,
    application: Option<ApplicationId>,
) -> Result<Vec<Machine>, RepositoryError> {
    let mut query = machine::table.select(MachineRow::as_select()).into_boxed();
    if let Some(application) = application {
        query = query.filter(machine::application.eq(application.to_string()));
    }
    let rows: Vec<MachineRow> = query.order((machine::created_at, machine::id)).load(connection)?;
    rows.into_iter().map(MachineRow::into_machine).collect()
}

/// How many units of each offer are rented, of all applications but one.
pub(crate) fn rented_units(
    connection: &mut Connection,
    except: Option<ApplicationId>,
) -> Result<BTreeMap<OfferId, u32>, RepositoryError> {
    let mut query = machine::table.group_by(machine::offer).select((machine::offer, dsl::count_star())).into_boxed();
    if let Some(application) = except {
        query = query.filter(machine::application.ne(application.to_string()));
    }
    let rows: Vec<(String, i64)> = query.load(connection)?;
    rows.into_iter()
        .map(|(offer, count)| {
            Ok((text::from_column("offer of a machine", &offer)?, u32::try_from(count).unwrap_or(u32::MAX)))
        })
        .collect()
}

pub(crate) fn plan_put(
    connection: &mut Connection,
    application: ApplicationId,
    revision: i64,
    new: &Plan,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let body = json::to_column("plan", new)?;
    let values = (plan::revision.eq(revision), plan::body.eq(body), plan::created_at.eq(time::to_column(now)));
    let changed = diesel::update(plan::table.find(application.to_string())).set(values.clone()).execute(connection)?;
    if changed == 0 {
        diesel::insert_into(plan::table)
            .values((plan::application.eq(application.to_string()), values))
            .execute(connection)?;
    }
    Ok(())
}

pub(crate) fn plan_get(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Option<(i64, Plan)>, RepositoryError> {
    let row: Option<(i64, String)> =
        plan::table.find(application.to_string()).select((plan::revision, plan::body)).first(connection).optional()?;
    row.map(|(revision, body)| Ok((revision, json::from_column("plan", &body)?))).transpose()
}

/// What stands beside the plan in force.
pub(crate) fn beside_get(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Option<Colour>, RepositoryError> {
    let row: Option<Option<String>> =
        plan::table.find(application.to_string()).select(plan::beside).first(connection).optional()?;
    row.flatten().map(|body| json::from_column("revision beside the plan in force", &body)).transpose()
}

/// Writes down what stands beside the plan in force; None: nothing.
pub(crate) fn beside_put(
    connection: &mut Connection,
    application: ApplicationId,
    beside: Option<&Colour>,
) -> Result<(), RepositoryError> {
    let body = beside.map(|beside| json::to_column("revision beside the plan in force", beside)).transpose()?;
    diesel::update(plan::table.find(application.to_string())).set(plan::beside.eq(body)).execute(connection)?;
    Ok(())
}

/// Forgets plan and refusals of an application that is gone.
pub(crate) fn application_forget(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<(), RepositoryError> {
    let key = application.to_string();
    diesel::delete(plan::table.find(&key)).execute(connection)?;
    diesel::delete(offer_refusal::table.filter(offer_refusal::application.eq(&key))).execute(connection)?;
    diesel::delete(package_refusal::table.filter(package_refusal::application.eq(key))).execute(connection)?;
    Ok(())
}
