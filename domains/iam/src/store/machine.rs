//! Who may speak for which machine, as rows.

use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError};

diesel::table! {
    iam_machine (machine) {
        machine -> Text,
        hash -> Nullable<Text>,
    }
}

/// Who may speak for a machine.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = iam_machine)]
pub(crate) struct MachineRow {
    pub(crate) machine: String,
    pub(crate) hash: Option<String>,
}

pub(crate) fn find(connection: &mut Connection, machine: MachineId) -> Result<Option<MachineRow>, RepositoryError> {
    by_key(connection, &machine.to_string())
}

fn by_key(connection: &mut Connection, machine: &str) -> Result<Option<MachineRow>, RepositoryError> {
    Ok(iam_machine::table.find(machine.to_owned()).select(MachineRow::as_select()).first(connection).optional()?)
}

pub(crate) fn insert(connection: &mut Connection, row: &MachineRow) -> Result<(), RepositoryError> {
    diesel::insert_into(iam_machine::table).values(row.clone()).execute(connection)?;
    Ok(())
}

/// Changes a row. False where it is not any more as it was before.
pub(crate) fn update(
    connection: &mut Connection,
    before: &MachineRow,
    after: &MachineRow,
) -> Result<bool, RepositoryError> {
    if by_key(connection, &before.machine)?.as_ref() != Some(before) {
        return Ok(false);
    }
    let row = iam_machine::table.find(before.machine.clone());
    diesel::update(row).set(iam_machine::hash.eq(after.hash.clone())).execute(connection)?;
    Ok(true)
}

pub(crate) fn delete(connection: &mut Connection, machine: MachineId) -> Result<(), RepositoryError> {
    diesel::delete(iam_machine::table.find(machine.to_string())).execute(connection)?;
    Ok(())
}
