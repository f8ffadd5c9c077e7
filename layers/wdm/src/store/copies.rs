//! Volumes that follow their instance, as rows.

use super::schema::wdm_copy;
use crate::model::Target;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, time};

/// The volumes of one instance on their way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CopyRow {
    pub(crate) component: String,
    pub(crate) ordinal: u32,
    /// Where the content is until it is copied.
    pub(crate) source: Target,
    /// When it was asked for.
    pub(crate) asked_at: DateTime<Utc>,
    /// The last attempt: only what was begun last may call it done. Grows.
    pub(crate) attempt: i64,
    /// Why it failed.
    pub(crate) failed: Option<String>,
    /// All of it is there.
    pub(crate) copied: bool,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wdm_copy)]
struct Row {
    application: String,
    component: String,
    ordinal: i64,
    source: String,
    asked_at: NaiveDateTime,
    attempt: i64,
    failed: Option<String>,
    copied: bool,
}

impl Row {
    fn read(self) -> Result<CopyRow, RepositoryError> {
        Ok(CopyRow {
            component: self.component,
            ordinal: u32::try_from(self.ordinal).unwrap_or(u32::MAX),
            source: json::from_column("source of a copy", &self.source)?,
            asked_at: time::from_column(self.asked_at),
            attempt: self.attempt,
            failed: self.failed,
            copied: self.copied,
        })
    }
}

/// Writes it down, in the place of what was known of it.
pub(crate) fn copy_put(
    connection: &mut Connection,
    application: ApplicationId,
    copy: &CopyRow,
) -> Result<(), RepositoryError> {
    copy_delete(connection, application, &copy.component, copy.ordinal)?;
    let row = Row {
        application: application.to_string(),
        component: copy.component.clone(),
        ordinal: i64::from(copy.ordinal),
        source: json::to_column("source of a copy", &copy.source)?,
        asked_at: time::to_column(copy.asked_at),
        attempt: copy.attempt,
        failed: copy.failed.clone(),
        copied: copy.copied,
    };
    diesel::insert_into(wdm_copy::table).values(row).execute(connection)?;
    Ok(())
}

/// All of an application.
pub(crate) fn copy_list(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Vec<CopyRow>, RepositoryError> {
    let rows: Vec<Row> = wdm_copy::table
        .filter(wdm_copy::application.eq(application.to_string()))
        .order((wdm_copy::component, wdm_copy::ordinal))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// That of one instance.
pub(crate) fn copy_find(
    connection: &mut Connection,
    application: ApplicationId,
    component: &str,
    ordinal: u32,
) -> Result<Option<CopyRow>, RepositoryError> {
    let all = copy_list(connection, application)?;
    Ok(all.into_iter().find(|copy| copy.component == component && copy.ordinal == ordinal))
}

/// Forgets it.
pub(crate) fn copy_delete(
    connection: &mut Connection,
    application: ApplicationId,
    component: &str,
    ordinal: u32,
) -> Result<(), RepositoryError> {
    let key = (application.to_string(), component.to_owned(), i64::from(ordinal));
    diesel::delete(wdm_copy::table.find(key)).execute(connection)?;
    Ok(())
}
