//! Which port numbers a workload gets: free in the database and, tried by
//! binding, free on the machine.

use super::{prepare::ANOTHER, socket_table};
use crate::{
    Endpoint, Endpoints, WdmError, WorkloadSpec,
    connectors::PortChoice,
    store::{PortTable, protocol_name},
};
use hansa_ontology::resource_model::{ExposedPort, Protocol};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    ops::RangeInclusive,
};

/// Numbers for the ports of the specification that `held` doesn't serve.
pub(super) fn seek(
    spec: &WorkloadSpec,
    held: &Endpoints,
    mut table: PortTable,
    range: RangeInclusive<u16>,
    choice: PortChoice,
) -> Result<Endpoints, WdmError> {
    let mut found = Endpoints::new();
    let mut candidates = candidates(spec, range.clone());
    for (name, wish) in &spec.ports {
        if held.get(name).is_some_and(|endpoint| serves(endpoint, wish, spec)) {
            continue;
        }
        let endpoint = match wish.number {
            // In a network of its own it has the number in any case.
            Some(number) if !own_network(spec) => fixed(spec, name, wish, number, &table, choice)?,
            _ => free(spec, wish, &table, &mut candidates, &range, choice)?,
        };
        table.insert((protocol_name(wish.protocol), endpoint.number));
        found.insert(name.clone(), endpoint);
    }
    Ok(found)
}

/// Whether its ports are its own, whatever others on its machine use.
fn own_network(spec: &WorkloadSpec) -> bool {
    spec.package.runs_on().is_some()
}

/// The range, from a place that depends on the workload: a number that was
/// given back isn't given to the next one at once, whose peers may still call it.
fn candidates(spec: &WorkloadSpec, range: RangeInclusive<u16>) -> impl Iterator<Item = u16> {
    let length = range.len().max(1);
    let start = (spec.id.0.as_u128() % (length as u128)) as usize;
    range.clone().skip(start).chain(range.take(start))
}

fn endpoint(spec: &WorkloadSpec, wish: &ExposedPort, number: u16) -> Endpoint {
    Endpoint { address: spec.target.address, number, protocol: wish.protocol, public: wish.public }
}

fn fixed(
    spec: &WorkloadSpec,
    name: &str,
    wish: &ExposedPort,
    number: u16,
    table: &PortTable,
    choice: PortChoice,
) -> Result<Endpoint, WdmError> {
    let endpoint = endpoint(spec, wish, number);
    if table.contains(&(protocol_name(wish.protocol), number)) {
        return Err(taken(spec, name, &endpoint, ANOTHER));
    }
    if choice == PortChoice::Elsewhere || is_free(&endpoint)? {
        Ok(endpoint)
    } else {
        Err(taken(spec, name, &endpoint, &holder(&endpoint)))
    }
}

fn free(
    spec: &WorkloadSpec,
    wish: &ExposedPort,
    table: &PortTable,
    candidates: &mut impl Iterator<Item = u16>,
    range: &RangeInclusive<u16>,
    choice: PortChoice,
) -> Result<Endpoint, WdmError> {
    for number in candidates {
        let given =
            [Protocol::Tcp, Protocol::Udp].iter().any(|protocol| table.contains(&(protocol_name(*protocol), number)));
        let endpoint = endpoint(spec, wish, number);
        if !given && (choice == PortChoice::Elsewhere || is_free(&endpoint)?) {
            return Ok(endpoint);
        }
    }
    let (first, last) = (*range.start(), *range.end());
    Err(WdmError::PortsExhausted { address: spec.target.address, first, last })
}

/// An endpoint is what the specification asks for.
/// In a network of its own a workload has the number that it wishes, whatever
/// the one under which it is reached from outside.
pub(super) fn serves(endpoint: &Endpoint, wish: &ExposedPort, spec: &WorkloadSpec) -> bool {
    endpoint.protocol == wish.protocol
        && endpoint.public == wish.public
        && (own_network(spec) || wish.number.is_none_or(|number| number == endpoint.number))
}

/// What isn't free any more of the ports that a workload has: for each another
/// one, where the specification doesn't insist.
pub(super) fn recheck(
    spec: &WorkloadSpec,
    held: &Endpoints,
    table: &PortTable,
    range: &RangeInclusive<u16>,
) -> Result<BTreeMap<String, Endpoint>, WdmError> {
    let mut fresh = BTreeMap::new();
    let mut candidates = candidates(spec, range.clone());
    for (name, endpoint) in held {
        if is_free(endpoint)? {
            continue;
        }
        match spec.ports.get(name) {
            Some(wish) if wish.number.is_none() || own_network(spec) => {
                fresh.insert(name.clone(), free(spec, wish, table, &mut candidates, range, PortChoice::Here)?);
            }
            _ => return Err(taken(spec, name, endpoint, &holder(endpoint))),
        }
    }
    Ok(fresh)
}

/// Tries by binding. A number below 1024 that we may not bind counts as free:
/// the workload may have the right that we don't.
fn is_free(endpoint: &Endpoint) -> Result<bool, WdmError> {
    let socket = endpoint.socket();
    let tried = match endpoint.protocol {
        Protocol::Tcp => TcpListener::bind(socket).map(drop),
        Protocol::Udp => UdpSocket::bind(socket).map(drop),
    };
    match tried {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(true),
        Err(error) => Err(unusable(socket, &error)),
    }
}

fn unusable(socket: SocketAddr, error: &io::Error) -> WdmError {
    WdmError::Invalid {
        field: "target.address".to_owned(),
        problem: format!(
            "{}: nothing can listen there ({error}); give the node an address of this machine",
            socket.ip()
        ),
    }
}

/// The error that names port and component.
pub(super) fn taken(spec: &WorkloadSpec, name: &str, endpoint: &Endpoint, holder: &str) -> WdmError {
    let address: IpAddr = endpoint.address;
    WdmError::PortTaken {
        component: spec.component.clone(),
        port: name.to_owned(),
        protocol: protocol_name(endpoint.protocol),
        address,
        number: endpoint.number,
        holder: holder.to_owned(),
    }
}

/// Who has it, as far as the system tells.
fn holder(endpoint: &Endpoint) -> String {
    socket_table::holder(endpoint).unwrap_or_else(|| "a process that this broker may not see".to_owned())
}
