//! Where volumes lie, to find them when the workload has long gone.

use super::schema::wdm_volume;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError};

/// The volumes of one instance of a component on one target.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = wdm_volume)]
pub(crate) struct VolumeRow {
    pub(crate) application: String,
    pub(crate) component: String,
    pub(crate) ordinal: i64,
    /// The target's directory.
    pub(crate) directory: String,
    /// The real system that keeps them; empty: this machine.
    pub(crate) system: String,
    /// Nothing may start on it: half copied, or left behind by a copy.
    pub(crate) void: bool,
}

/// Writes it down, and says whether it is new.
pub(crate) fn volume_insert(connection: &mut Connection, row: &VolumeRow) -> Result<bool, RepositoryError> {
    let key = (&row.application, &row.component, row.ordinal, &row.directory);
    let there: i64 = wdm_volume::table.find(key).count().get_result(connection)?;
    if there == 0 {
        diesel::insert_into(wdm_volume::table).values(row.clone()).execute(connection)?;
    }
    Ok(there == 0)
}

/// The volumes of an application, or of one instance of its component.
pub(crate) fn volume_list(
    connection: &mut Connection,
    application: ApplicationId,
    instance: Option<(&str, u32)>,
) -> Result<Vec<VolumeRow>, RepositoryError> {
    let mut query = wdm_volume::table
        .select(VolumeRow::as_select())
        .filter(wdm_volume::application.eq(application.to_string()))
        .into_boxed();
    if let Some((component, ordinal)) = instance {
        query = query
            .filter(wdm_volume::component.eq(component.to_owned()))
            .filter(wdm_volume::ordinal.eq(i64::from(ordinal)));
    }
    Ok(query.load(connection)?)
}

/// Marks content as of use or not.
pub(crate) fn volume_void_set(connection: &mut Connection, row: &VolumeRow, void: bool) -> Result<(), RepositoryError> {
    let key = (&row.application, &row.component, row.ordinal, &row.directory);
    diesel::update(wdm_volume::table.find(key)).set(wdm_volume::void.eq(void)).execute(connection)?;
    Ok(())
}

/// Forgets it, and says whether it was there.
pub(crate) fn volume_delete(connection: &mut Connection, row: &VolumeRow) -> Result<bool, RepositoryError> {
    let key = (&row.application, &row.component, row.ordinal, &row.directory);
    Ok(diesel::delete(wdm_volume::table.find(key)).execute(connection)? > 0)
}
