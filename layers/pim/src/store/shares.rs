//! Shares of nodes: one for each machine.

use super::{amount, column, schema::pim_share};
use crate::model::{Amounts, ShareRequest};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError, json, text, time};
use std::collections::BTreeMap;

/// A share as it is kept: what was asked, and the node that gave it.
#[derive(Debug, Clone)]
pub(crate) struct StoredShare {
    pub(crate) request: ShareRequest,
    pub(crate) node: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = pim_share)]
pub(super) struct ShareRow {
    machine: String,
    node: String,
    site: String,
    cpu_milli: i64,
    memory_mib: i64,
    disk_mib: i64,
    gpus: i64,
    capabilities: String,
    whole_node: bool,
    created_at: NaiveDateTime,
    system: Option<String>,
}

impl TryFrom<ShareRow> for StoredShare {
    type Error = RepositoryError;

    fn try_from(row: ShareRow) -> Result<Self, RepositoryError> {
        Ok(Self {
            node: row.node,
            request: ShareRequest {
                machine: text::from_column("machine", &row.machine)?,
                site: text::from_column("site", &row.site)?,
                amounts: Amounts {
                    cpu_milli: amount(row.cpu_milli),
                    memory_mib: amount(row.memory_mib),
                    disk_mib: amount(row.disk_mib),
                    gpus: amount(row.gpus),
                },
                capabilities: json::from_column("capabilities", &row.capabilities)?,
                whole_node: row.whole_node,
                system: row.system,
            },
        })
    }
}

/// The machine's share.
pub(crate) fn share_find(
    connection: &mut Connection,
    machine: MachineId,
) -> Result<Option<StoredShare>, RepositoryError> {
    let row: Option<ShareRow> =
        pim_share::table.find(machine.to_string()).select(ShareRow::as_select()).first(connection).optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Every share, by machine.
pub(crate) fn share_list(connection: &mut Connection) -> Result<Vec<StoredShare>, RepositoryError> {
    use diesel::ExpressionMethods as _;
    let rows: Vec<ShareRow> =
        pim_share::table.select(ShareRow::as_select()).order(pim_share::machine.asc()).load(connection)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Gives a share.
pub(crate) fn share_insert(
    connection: &mut Connection,
    share: &StoredShare,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let request = &share.request;
    diesel::insert_into(pim_share::table)
        .values(ShareRow {
            machine: request.machine.to_string(),
            node: share.node.clone(),
            site: request.site.to_string(),
            cpu_milli: column(request.amounts.cpu_milli),
            memory_mib: column(request.amounts.memory_mib),
            disk_mib: column(request.amounts.disk_mib),
            gpus: column(request.amounts.gpus),
            capabilities: json::to_column("capabilities", &request.capabilities)?,
            whole_node: request.whole_node,
            created_at: time::to_column(now),
            system: request.system.clone(),
        })
        .execute(connection)?;
    Ok(())
}

/// Takes a share back. Already taken back is success.
pub(crate) fn share_delete(connection: &mut Connection, machine: MachineId) -> Result<(), RepositoryError> {
    diesel::delete(pim_share::table.find(machine.to_string())).execute(connection)?;
    Ok(())
}

/// Every machine that has a share, with its node.
pub(crate) fn share_machines(connection: &mut Connection) -> Result<BTreeMap<MachineId, String>, RepositoryError> {
    let rows: Vec<(String, String)> =
        pim_share::table.select((pim_share::machine, pim_share::node)).load(connection)?;
    rows.into_iter().map(|(machine, node)| Ok((text::from_column("machine", &machine)?, node))).collect()
}
