//! Port numbers that are given to workloads.

use super::schema::wdm_port;
use crate::model::{Endpoint, Endpoints};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::{WorkloadId, resource_model::Protocol};
use hansa_repository::{Connection, RepositoryError, text};
use std::{collections::BTreeSet, net::IpAddr};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wdm_port)]
struct Row {
    workload: String,
    name: String,
    address: String,
    protocol: String,
    number: i32,
    public: bool,
}

/// The numbers of an address that are given, by protocol.
pub(crate) type PortTable = BTreeSet<(&'static str, u16)>;

/// How a protocol is written in a column, and for people.
pub(crate) const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

fn protocol(text: &str) -> Result<Protocol, RepositoryError> {
    match text {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        other => Err(RepositoryError::unreadable("protocol", &other)),
    }
}

fn number(column: i32) -> Result<u16, RepositoryError> {
    u16::try_from(column).map_err(|error| RepositoryError::unreadable("port number", &error))
}

/// A workload's ports.
pub(crate) fn port_list(connection: &mut Connection, workload: WorkloadId) -> Result<Endpoints, RepositoryError> {
    let rows: Vec<Row> = wdm_port::table
        .filter(wdm_port::workload.eq(workload.to_string()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let endpoint = Endpoint {
                address: text::from_column("address", &row.address)?,
                number: number(row.number)?,
                protocol: protocol(&row.protocol)?,
                public: row.public,
            };
            Ok((row.name, endpoint))
        })
        .collect()
}

/// Everything that is given on an address.
pub(crate) fn port_table(connection: &mut Connection, address: IpAddr) -> Result<PortTable, RepositoryError> {
    let rows: Vec<(String, i32)> = wdm_port::table
        .filter(wdm_port::address.eq(address.to_string()))
        .select((wdm_port::protocol, wdm_port::number))
        .load(connection)?;
    rows.into_iter().map(|(name, column)| Ok((protocol_name(protocol(&name)?), number(column)?))).collect()
}

/// The workload that has a number.
pub(crate) fn port_holder(connection: &mut Connection, endpoint: &Endpoint) -> Result<Option<String>, RepositoryError> {
    Ok(wdm_port::table
        .filter(wdm_port::address.eq(endpoint.address.to_string()))
        .filter(wdm_port::protocol.eq(protocol_name(endpoint.protocol)))
        .filter(wdm_port::number.eq(i32::from(endpoint.number)))
        .select(wdm_port::workload)
        .first(connection)
        .optional()?)
}

pub(crate) fn port_insert(
    connection: &mut Connection,
    workload: WorkloadId,
    name: &str,
    endpoint: &Endpoint,
) -> Result<(), RepositoryError> {
    let row = Row {
        workload: workload.to_string(),
        name: name.to_owned(),
        address: endpoint.address.to_string(),
        protocol: protocol_name(endpoint.protocol).to_owned(),
        number: i32::from(endpoint.number),
        public: endpoint.public,
    };
    diesel::insert_into(wdm_port::table).values(row).execute(connection)?;
    Ok(())
}

/// Gives one port of a workload back, or all.
pub(crate) fn port_delete(
    connection: &mut Connection,
    workload: WorkloadId,
    name: Option<&str>,
) -> Result<(), RepositoryError> {
    let of_workload = wdm_port::table.filter(wdm_port::workload.eq(workload.to_string()));
    match name {
        Some(name) => diesel::delete(of_workload.filter(wdm_port::name.eq(name))).execute(connection)?,
        None => diesel::delete(of_workload).execute(connection)?,
    };
    Ok(())
}
