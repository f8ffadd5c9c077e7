//! Workloads as rows: what others search by in columns, the rest as JSON.

use super::{ports, schema::wdm_workload};
use crate::{
    lifecycle::{Progress, Workload},
    model::WorkloadSpec,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::{Connection, RepositoryError, json, text, time};
use std::collections::BTreeSet;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wdm_workload)]
struct Row {
    id: String,
    application: String,
    component: String,
    ordinal: i64,
    state: String,
    spec: String,
    progress: String,
    created_at: NaiveDateTime,
}

impl Row {
    fn new(workload: &Workload, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        let spec = &workload.spec;
        Ok(Self {
            id: spec.id.to_string(),
            application: spec.application.to_string(),
            component: spec.component.clone(),
            ordinal: i64::from(spec.ordinal),
            state: workload.progress.state.name().to_owned(),
            spec: json::to_column("spec", spec)?,
            progress: json::to_column("progress", &workload.progress)?,
            created_at: time::to_column(now),
        })
    }

    fn into_workload(self, connection: &mut Connection) -> Result<Workload, RepositoryError> {
        let spec: WorkloadSpec = json::from_column("spec of a workload", &self.spec)?;
        let progress: Progress = json::from_column("progress of a workload", &self.progress)?;
        let endpoints = ports::port_list(connection, spec.id)?;
        Ok(Workload { spec, progress, endpoints })
    }
}

/// One workload with its ports.
pub(crate) fn workload_find(connection: &mut Connection, id: WorkloadId) -> Result<Option<Workload>, RepositoryError> {
    let row: Option<Row> =
        wdm_workload::table.find(id.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.map(|row| row.into_workload(connection)).transpose()
}

/// The workloads of an application, or of all, by component and ordinal.
pub(crate) fn workload_list(
    connection: &mut Connection,
    application: Option<ApplicationId>,
) -> Result<Vec<Workload>, RepositoryError> {
    let mut query = wdm_workload::table
        .select(Row::as_select())
        .order((wdm_workload::application, wdm_workload::component, wdm_workload::ordinal, wdm_workload::id))
        .into_boxed();
    if let Some(application) = application {
        query = query.filter(wdm_workload::application.eq(application.to_string()));
    }
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(|row| row.into_workload(connection)).collect()
}

/// Every workload that the database knows.
pub(crate) fn workload_ids(connection: &mut Connection) -> Result<BTreeSet<WorkloadId>, RepositoryError> {
    let ids: Vec<String> = wdm_workload::table.select(wdm_workload::id).load(connection)?;
    ids.iter().map(|id| text::from_column("workload", id)).collect()
}

pub(crate) fn workload_insert(
    connection: &mut Connection,
    workload: &Workload,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let row = Row::new(workload, now)?;
    diesel::insert_into(wdm_workload::table).values(row).execute(connection)?;
    Ok(())
}

/// Writes what has changed; identity and time of creation stay.
pub(crate) fn workload_update(connection: &mut Connection, workload: &Workload) -> Result<(), RepositoryError> {
    let row = Row::new(workload, DateTime::UNIX_EPOCH)?;
    diesel::update(wdm_workload::table.find(row.id))
        .set((
            wdm_workload::state.eq(row.state),
            wdm_workload::spec.eq(row.spec),
            wdm_workload::progress.eq(row.progress),
        ))
        .execute(connection)?;
    Ok(())
}

/// Forgets a workload and gives its ports back.
pub(crate) fn workload_delete(connection: &mut Connection, id: WorkloadId) -> Result<(), RepositoryError> {
    ports::port_delete(connection, id, None)?;
    diesel::delete(wdm_workload::table.find(id.to_string())).execute(connection)?;
    Ok(())
}
