//! Applications and their revisions, as rows. Private to this room.

mod deferrals;
mod levels;
mod orders;
mod relocations;
mod revisions;
mod scaling;
mod updates;
mod usage;

pub(crate) use self::scaling::{Remembered, remember, remembered};
pub(crate) use deferrals::{deferral_put, deferrals, revision_at};
pub(crate) use levels::{Known, level_count, level_hour_before, level_hours, level_put, levels};
pub(crate) use orders::{generation, generation_set, order_insert};
pub(crate) use relocations::{
    relocation, relocation_adopted, relocation_done, relocation_forget, relocation_overtaken, relocation_put,
    relocation_told,
};
pub(crate) use revisions::{ran_before, restores_set, revision_ran, revisions};
pub(crate) use updates::{blue_green, blue_green_forget, blue_green_put, has_run};
pub use usage::applications_living;
pub(crate) use usage::{price_set, usage};

use crate::{
    error::OrchestratorError,
    model::{Application, ApplicationFilter, Page, Phase},
    scaling::wanted::{self, Numbers},
};
use chrono::NaiveDateTime;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _, TextExpressionMethods as _,
};
use diesel_migrations::embed_migrations;
use hansa_ontology::{Actor, ApplicationId, Money, ProjectId, ProjectScope, ResourceModel, quota::QuotaUsage};
use hansa_repository::{Connection, Migrations, RepositoryError, json, text, time};
use std::collections::BTreeMap;

/// This room's tables.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations"));

diesel::table! {
    application (id) {
        id -> Text,
        name -> Text,
        live_name -> Nullable<Text>,
        owner -> Text,
        desired -> Text,
        revision -> BigInt,
        phase -> Text,
        operation -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        project -> Text,
        instances -> Nullable<BigInt>,
        cpu_milli -> Nullable<BigInt>,
        memory_mib -> Nullable<BigInt>,
        price_micros -> Nullable<BigInt>,
        price_currency -> Nullable<Text>,
        scaled -> Nullable<Text>,
    }
}

diesel::table! {
    scaling_memory (application) {
        application -> Text,
        memory -> Text,
        decisions -> Text,
        decided_at -> Timestamp,
    }
}

diesel::table! {
    service_level (application, name) {
        application -> Text,
        name -> Text,
        indicator -> Text,
        latest -> Text,
    }
}

diesel::table! {
    service_level_hour (application, name, hour) {
        application -> Text,
        name -> Text,
        hour -> Timestamp,
        good -> BigInt,
        bad -> BigInt,
    }
}

diesel::table! {
    application_revision (application, revision) {
        application -> Text,
        revision -> BigInt,
        model -> Text,
        actor -> Text,
        created_at -> Timestamp,
        ran_at -> Nullable<Timestamp>,
        restores -> Nullable<BigInt>,
    }
}

diesel::table! {
    delivery_order (application) {
        application -> Text,
        order_id -> Text,
        partner -> Text,
        generation -> BigInt,
    }
}

diesel::table! {
    relocation (application) {
        application -> Text,
        kind -> Text,
        revision -> BigInt,
        operation -> Nullable<Text>,
        wish -> Text,
        told -> Nullable<Text>,
        begun_at -> Timestamp,
        adopted_at -> Nullable<Timestamp>,
        done_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    deferral (application, component) {
        application -> Text,
        component -> Text,
        body -> Text,
    }
}

diesel::table! {
    blue_green_update (application) {
        application -> Text,
        body -> Text,
    }
}

diesel::joinable!(application_revision -> application (application));
diesel::allow_tables_to_appear_in_same_query!(application, application_revision);

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = application, treat_none_as_null = true)]
struct Row {
    id: String,
    name: String,
    live_name: Option<String>,
    owner: String,
    desired: String,
    revision: i64,
    phase: String,
    operation: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    project: String,
    instances: Option<i64>,
    cpu_milli: Option<i64>,
    memory_mib: Option<i64>,
    price_micros: Option<i64>,
    price_currency: Option<String>,
    scaled: Option<String>,
}

impl Row {
    fn new(of: &Application) -> Result<Self, RepositoryError> {
        let lives = of.phase != Phase::Removed;
        let mut model = of.model.clone();
        wanted::apply(&mut model, &of.scaled);
        let takes = QuotaUsage::of(&model);
        let count = |number: u64| Some(i64::try_from(number).unwrap_or(i64::MAX));
        Ok(Self {
            id: of.id.to_string(),
            name: of.name.clone(),
            live_name: lives.then(|| living(&of.project, &of.name)),
            owner: json::to_column("owner", &of.owner)?,
            desired: json::to_column("desired state", &of.desired)?,
            revision: of.revision,
            phase: json::to_column("phase", &of.phase)?,
            operation: of.operation.to_string(),
            version: of.version,
            created_at: time::to_column(of.created_at),
            updated_at: time::to_column(of.updated_at),
            project: of.project.to_string(),
            instances: count(takes.instances),
            cpu_milli: count(takes.cpu_milli),
            memory_mib: count(takes.memory_mib),
            price_micros: of.price.map(|price| price.micros),
            price_currency: of.price.map(|price| price.currency.to_string()),
            scaled: match of.scaled.is_empty() {
                true => None,
                false => Some(json::to_column("numbers of scaling", &of.scaled)?),
            },
        })
    }

    fn into_application(self, model: &str) -> Result<Application, RepositoryError> {
        let price = match (self.price_micros, self.price_currency) {
            (Some(micros), Some(currency)) => {
                Some(Money::new(micros, text::from_column("currency of an application", &currency)?))
            }
            _ => None,
        };
        let scaled: Numbers = match &self.scaled {
            Some(numbers) => json::from_column("numbers of scaling", numbers)?,
            None => Numbers::new(),
        };
        let mut model: ResourceModel = json::from_column("model of an application", model)?;
        wanted::apply(&mut model, &scaled);
        Ok(Application {
            scaled,
            project: text::from_column("project of an application", &self.project)?,
            price,
            id: text::from_column("application", &self.id)?,
            name: self.name,
            owner: json::from_column("owner of an application", &self.owner)?,
            desired: json::from_column("desired state of an application", &self.desired)?,
            revision: self.revision,
            model,
            phase: json::from_column("phase of an application", &self.phase)?,
            operation: text::from_column("operation of an application", &self.operation)?,
            version: self.version,
            created_at: time::from_column(self.created_at),
            updated_at: time::from_column(self.updated_at),
        })
    }
}

/// Writes a new application down, without its revision.
pub(crate) fn insert(connection: &mut Connection, new: &Application) -> Result<(), RepositoryError> {
    diesel::insert_into(application::table).values(Row::new(new)?).execute(connection)?;
    Ok(())
}

/// Writes an application as it is now.
pub(crate) fn update(connection: &mut Connection, changed: &Application) -> Result<(), RepositoryError> {
    diesel::update(application::table.find(changed.id.to_string())).set(Row::new(changed)?).execute(connection)?;
    Ok(())
}

/// Writes the wanted revision of an application down.
pub(crate) fn revision_insert(
    connection: &mut Connection,
    of: &Application,
    actor: &Actor,
) -> Result<(), RepositoryError> {
    diesel::insert_into(application_revision::table)
        .values((
            application_revision::application.eq(of.id.to_string()),
            application_revision::revision.eq(of.revision),
            application_revision::model.eq(json::to_column("model", &of.model)?),
            application_revision::actor.eq(json::to_column("actor", actor)?),
            application_revision::created_at.eq(time::to_column(of.updated_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The model of an earlier revision.
pub(crate) fn revision_model(
    connection: &mut Connection,
    id: ApplicationId,
    revision: i64,
) -> Result<Option<ResourceModel>, RepositoryError> {
    let text: Option<String> = application_revision::table
        .find((id.to_string(), revision))
        .select(application_revision::model)
        .first(connection)
        .optional()?;
    text.map(|text| json::from_column("model of a revision", &text)).transpose()
}

pub(crate) fn get(connection: &mut Connection, id: ApplicationId) -> Result<Option<Application>, RepositoryError> {
    let row: Option<Row> =
        application::table.find(id.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.map(|row| with_model(connection, row)).transpose()
}

/// The name by which a living application of a project is found.
fn living(project: &ProjectId, name: &str) -> String {
    format!("{project}/{name}")
}

fn with_model(connection: &mut Connection, row: Row) -> Result<Application, RepositoryError> {
    let model: String = application_revision::table
        .find((&row.id, row.revision))
        .select(application_revision::model)
        .first(connection)?;
    row.into_application(&model)
}

/// Within the scope: by id, or a living one by its name or by
/// `organisation/project/name`.
///
/// # Errors
/// `NotFound` when the scope holds none; `Ambiguous` when several have the name.
pub(crate) fn find(
    connection: &mut Connection,
    scope: &ProjectScope,
    reference: &str,
) -> Result<Application, OrchestratorError> {
    let missing = || OrchestratorError::NotFound(reference.to_owned());
    // The model of what lies in another's project isn't even read: the time that this takes would tell.
    if let Ok(id) = reference.parse::<ApplicationId>() {
        let found = application::table.find(id.to_string()).select(Row::as_select()).first(connection).optional();
        let row: Row = found.map_err(RepositoryError::from)?.ok_or_else(missing)?;
        let project: ProjectId = text::from_column("project of an application", &row.project)?;
        return if scope.covers(&project) { Ok(with_model(connection, row)?) } else { Err(missing()) };
    }
    if let Some((project, name)) = reference.rsplit_once('/') {
        let project = ProjectId::new(project).ok().filter(|project| scope.covers(project)).ok_or_else(missing)?;
        return find_living(connection, &project, name)?.ok_or_else(missing);
    }
    let mut query = application::table
        .filter(application::name.eq(reference))
        .filter(application::live_name.is_not_null())
        .select(Row::as_select())
        .into_boxed();
    if let ProjectScope::Only(projects) = scope {
        query = query.filter(application::project.eq_any(projects.iter().map(ProjectId::to_string)));
    }
    let loaded = query.order(application::project.asc()).limit(MOST_NAMED).load(connection);
    let mut rows: Vec<Row> = loaded.map_err(RepositoryError::from)?;
    match rows.len() {
        0 => Err(missing()),
        1 => Ok(with_model(connection, rows.remove(0))?),
        _ => {
            let projects = rows.iter().map(|row| text::from_column("project of an application", &row.project));
            let projects = projects.collect::<Result<Vec<_>, RepositoryError>>()?;
            Err(OrchestratorError::Ambiguous { name: reference.to_owned(), projects })
        }
    }
}

/// Applications of one name that a refusal lists.
const MOST_NAMED: i64 = 8;

/// The living application of this name in a project.
pub(crate) fn find_living(
    connection: &mut Connection,
    project: &ProjectId,
    name: &str,
) -> Result<Option<Application>, RepositoryError> {
    let row: Option<Row> = application::table
        .filter(application::live_name.eq(living(project, name)))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(|row| with_model(connection, row)).transpose()
}

/// One page, by id: ids sort by time of creation. The token is the last id of the page before.
pub(crate) fn list(
    connection: &mut Connection,
    filter: &ApplicationFilter,
    limit: usize,
    after: Option<ApplicationId>,
) -> Result<Page<Application>, RepositoryError> {
    let mut query = application::table
        .inner_join(application_revision::table)
        .filter(application_revision::revision.eq(application::revision))
        .select((Row::as_select(), application_revision::model))
        .into_boxed();
    if let ProjectScope::Only(projects) = &filter.scope {
        query = query.filter(application::project.eq_any(projects.iter().map(ProjectId::to_string)));
    }
    if !filter.include_removed {
        query = query.filter(application::live_name.is_not_null());
    }
    if !filter.include_orders {
        query = query.filter(application::owner.not_like("{\"kind\":\"partner\"%"));
    }
    if let Some(prefix) = &filter.name_prefix {
        // Names have no characters that LIKE takes specially; others find nothing.
        let literal = prefix.replace(['%', '_', '\\'], "\u{0}");
        query = query.filter(application::name.like(format!("{literal}%")));
    }
    if let Some(after) = after {
        query = query.filter(application::id.gt(after.to_string()));
    }
    let rows: Vec<(Row, String)> = query
        .order(application::id.asc())
        .limit(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX))
        .load(connection)?;
    let more = rows.len() > limit;
    let items =
        rows.into_iter().take(limit).map(|(row, model)| row.into_application(&model)).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Page { items, next })
}

/// Ids of all applications of which something is or should be there.
pub(crate) fn unfinished(connection: &mut Connection) -> Result<Vec<ApplicationId>, RepositoryError> {
    let ids: Vec<String> =
        application::table.filter(application::live_name.is_not_null()).select(application::id).load(connection)?;
    ids.iter().map(|id| text::from_column("application", id)).collect()
}

/// How many living applications of these projects there are in each phase.
pub(crate) fn phase_counts(
    connection: &mut Connection,
    scope: &ProjectScope,
) -> Result<BTreeMap<&'static str, u64>, RepositoryError> {
    let mut query =
        application::table.filter(application::live_name.is_not_null()).select(application::phase).into_boxed();
    if let ProjectScope::Only(projects) = scope {
        query = query.filter(application::project.eq_any(projects.iter().map(ProjectId::to_string)));
    }
    let phases: Vec<String> = query.load(connection)?;
    let mut counts = BTreeMap::new();
    for text in phases {
        let phase: Phase = json::from_column("phase of an application", &text)?;
        *counts.entry(phase.name()).or_default() += 1;
    }
    Ok(counts)
}

#[cfg(test)]
pub(crate) mod tests;
