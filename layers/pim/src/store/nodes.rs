//! Nodes and what was given of them.

use super::{
    amount, column,
    green::{rest_list, rest_put},
    maintenance::maintenance_list,
    schema::{pim_node, pim_share},
    shares::{ShareRow, StoredShare},
};
use crate::{
    error::PimError,
    model::{
        Down, Drain, Maintenance, Node, NodeOrigin, NodeUsage, SystemHost,
        placement::{self, Given},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::{Actor, MachineId, SiteId};
use hansa_repository::{Connection, RepositoryError, event, json, text};
use std::collections::{BTreeMap, BTreeSet};

/// A look at a system's hosts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// When.
    pub(crate) now: DateTime<Utc>,
    /// So long what ran on a host waits for it before it begins elsewhere.
    pub(crate) lost_after: TimeDelta,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = pim_node)]
struct NodeRow {
    name: String,
    site: String,
    address: String,
    cpu_milli: i64,
    memory_mib: i64,
    disk_mib: i64,
    gpus: i64,
    capabilities: String,
    withdrawn: bool,
    origin: String,
    version: i64,
    system: Option<String>,
    host: Option<String>,
    down: Option<String>,
}

impl NodeRow {
    fn new(node: &Node, origin: NodeOrigin, version: i64) -> Result<Self, RepositoryError> {
        Ok(Self {
            name: node.name.clone(),
            site: node.site.to_string(),
            address: node.address.to_string(),
            cpu_milli: column(node.cpu_milli),
            memory_mib: column(node.memory_mib),
            disk_mib: column(node.disk_mib),
            gpus: column(node.gpus),
            capabilities: json::to_column("capabilities", &node.capabilities)?,
            withdrawn: false,
            origin: origin.name().to_owned(),
            version,
            system: node.host.as_ref().map(|host| host.system.clone()),
            host: node.host.as_ref().map(|host| host.name.clone()),
            down: None,
        })
    }

    fn node(self) -> Result<Node, RepositoryError> {
        Ok(Node {
            site: text::from_column("site", &self.site)?,
            address: text::from_column("address", &self.address)?,
            name: self.name,
            cpu_milli: amount(self.cpu_milli),
            memory_mib: amount(self.memory_mib),
            disk_mib: amount(self.disk_mib),
            gpus: amount(self.gpus),
            capabilities: json::from_column("capabilities", &self.capabilities)?,
            host: self.system.zip(self.host).map(|(system, name)| SystemHost { system, name }),
        })
    }
}

/// The node of a share, whatever its state. It exists as long as the share does.
pub(crate) fn node_of(connection: &mut Connection, name: &str) -> Result<Node, RepositoryError> {
    let row: NodeRow = pim_node::table.find(name).select(NodeRow::as_select()).first(connection)?;
    row.node()
}

/// The nodes of a site, or of all sites, by name, as they stand where green mode is on.
pub(crate) fn node_list(connection: &mut Connection, site: Option<&SiteId>) -> Result<Vec<NodeUsage>, RepositoryError> {
    let nodes = as_told(connection, site)?;
    let mut rests = rest_list(connection)?;
    let resting = |usage: NodeUsage| match rests.remove(&usage.node.name) {
        Some(rest) => usage.resting(rest),
        None => usage,
    };
    Ok(nodes.into_iter().map(resting).collect())
}

/// The same as their systems and owners tell of them.
fn as_told(connection: &mut Connection, site: Option<&SiteId>) -> Result<Vec<NodeUsage>, RepositoryError> {
    let mut nodes = pim_node::table.select(NodeRow::as_select()).order(pim_node::name).into_boxed();
    let mut shares = pim_share::table.select(ShareRow::as_select()).into_boxed();
    if let Some(site) = site {
        nodes = nodes.filter(pim_node::site.eq(site.to_string()));
        shares = shares.filter(pim_share::site.eq(site.to_string()));
    }
    let nodes: Vec<NodeRow> = nodes.load(connection)?;
    let mut given: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    for row in shares.load::<ShareRow>(connection)? {
        let share: StoredShare = row.try_into()?;
        given.entry(share.node).or_default().push(Given {
            machine: share.request.machine,
            amounts: share.request.amounts,
            whole_node: share.request.whole_node,
        });
    }
    let draining = maintenance_list(connection)?;
    nodes
        .into_iter()
        .map(|row| {
            let (withdrawn, shares) = (row.withdrawn, given.remove(&row.name).unwrap_or_default());
            let (origin, version) = (NodeOrigin::of(&row.origin), row.version);
            let down: Option<Down> = row.down.as_deref().map(|text| json::from_column("down", text)).transpose()?;
            let usage = NodeUsage { origin, version, ..placement::usage(row.node()?, withdrawn, &shares) };
            let covers = |one: &&Maintenance| one.target.covers(&usage.node);
            let drains: Vec<bool> = draining.iter().filter(covers).map(|one| one.leave_volumes).collect();
            let usage = match drains.as_slice() {
                [] => usage,
                all => usage.under(Drain { leave_volumes: all.contains(&true) }),
            };
            Ok(match down {
                None => usage,
                Some(down) => usage.fallen(down),
            })
        })
        .collect()
}

/// Adds a node of the owner's.
pub(crate) fn node_insert(connection: &mut Connection, node: &Node) -> Result<(), RepositoryError> {
    let row = NodeRow::new(node, NodeOrigin::Added, 1)?;
    diesel::insert_into(pim_node::table).values(row).execute(connection)?;
    Ok(())
}

/// Writes a node of the owner's.
pub(crate) fn node_write(connection: &mut Connection, node: &Node, version: i64) -> Result<(), RepositoryError> {
    node_update(connection, &NodeRow::new(node, NodeOrigin::Added, version)?)
}

/// Forgets a node. No machine may have a share of it.
pub(crate) fn node_delete(connection: &mut Connection, name: &str) -> Result<(), RepositoryError> {
    rest_put(connection, name, None)?;
    diesel::delete(pim_node::table.find(name)).execute(connection)?;
    Ok(())
}

/// Makes these the configured nodes. Others are withdrawn, and forgotten when
/// no machine has a share of them.
pub(crate) fn node_register(connection: &mut Connection, nodes: &[Node]) -> Result<Vec<NodeUsage>, PimError> {
    let before = node_list(connection, None)?;
    for node in nodes {
        let old = before.iter().find(|usage| usage.node.name == node.name);
        if let Some(old) = old.filter(|old| old.node.site != node.site && !old.machines.is_empty()) {
            return Err(PimError::InvalidNode {
                node: node.name.clone(),
                message: format!(
                    "site: {} machines run on it at site {}; release them first, or give the node at {} another name",
                    old.machines.len(),
                    old.node.site,
                    node.site
                ),
            });
        }
        if old.is_some_and(|old| old.origin != NodeOrigin::Configuration) {
            return Err(PimError::InvalidNode {
                node: node.name.clone(),
                message: "name: another node has this name (`hansa node list`), one that its owner has added or a host of a system; remove that one, or give this one another name".to_owned(),
            });
        }
        let version = old.map_or(1, |old| old.version + i64::from(old.node != *node));
        let row = NodeRow::new(node, NodeOrigin::Configuration, version)?;
        if old.is_some() {
            node_update(connection, &row)?;
        } else {
            diesel::insert_into(pim_node::table).values(row).execute(connection).map_err(RepositoryError::from)?;
        }
    }
    let configured: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    for old in before.into_iter().filter(|old| old.origin == NodeOrigin::Configuration) {
        if !configured.contains(old.node.name.as_str()) {
            node_withdraw(connection, &old)?;
        }
    }
    Ok(node_list(connection, None)?)
}

fn node_update(connection: &mut Connection, row: &NodeRow) -> Result<(), RepositoryError> {
    diesel::update(pim_node::table.find(&row.name))
        .set((
            pim_node::site.eq(&row.site),
            pim_node::address.eq(&row.address),
            pim_node::cpu_milli.eq(row.cpu_milli),
            pim_node::memory_mib.eq(row.memory_mib),
            pim_node::disk_mib.eq(row.disk_mib),
            pim_node::gpus.eq(row.gpus),
            pim_node::capabilities.eq(&row.capabilities),
            pim_node::withdrawn.eq(row.withdrawn),
            pim_node::version.eq(row.version),
            pim_node::system.eq(&row.system),
            pim_node::host.eq(&row.host),
            pim_node::down.eq(&row.down),
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes these the hosts of a system. One that the system no longer has is
/// given up, and forgotten when no machine has a share of it.
pub(crate) fn host_sync(
    connection: &mut Connection,
    system: &str,
    hosts: &[(Node, Option<String>)],
    look: Look,
) -> Result<(), RepositoryError> {
    let before = as_told(connection, None)?;
    for (node, trouble) in hosts {
        let old = before.iter().find(|usage| usage.node.name == node.name);
        let down = trouble.as_ref().map(|reason| Down { told: true, ..look.fallen(old, reason) });
        if old.is_some_and(|old| !old.is_of(Some(system))) {
            tracing::warn!(node = node.name, system, "another node has this name; the host is left out");
            continue;
        }
        if old.is_some_and(|old| old.node == *node && old.down == down) {
            continue;
        }
        let was_told = old.and_then(|old| old.down.as_ref()).is_some_and(|down| down.told);
        tell(connection, system, node, was_told, down.as_ref().map(|down| down.reason.as_str()), look.now)?;
        let version = old.map_or(1, |old| old.version + i64::from(old.node != *node));
        let down = down.as_ref().map(|down| json::to_column("down", down)).transpose()?;
        let row = NodeRow { down, ..NodeRow::new(node, NodeOrigin::Discovered, version)? };
        if old.is_some() {
            node_update(connection, &row)?;
        } else {
            diesel::insert_into(pim_node::table).values(row).execute(connection)?;
        }
    }
    let there: BTreeSet<&str> = hosts.iter().map(|(node, _)| node.name.as_str()).collect();
    for old in before.into_iter().filter(|old| old.is_of(Some(system)) && !there.contains(old.node.name.as_str())) {
        if old.machines.is_empty() {
            node_delete(connection, &old.node.name)?;
        } else if old.down.as_ref().is_none_or(|down| !down.given_up) {
            let was_told = old.down.as_ref().is_some_and(|down| down.told);
            let since = old.down.map_or(look.now, |down| down.since);
            let reason = format!("system {system} no longer has it");
            tell(connection, system, &old.node, was_told, Some(&reason), look.now)?;
            let down = Down { since, reason, given_up: true, told: true };
            let row = NodeRow {
                down: Some(json::to_column("down", &down)?),
                ..NodeRow::new(&old.node, NodeOrigin::Discovered, old.version)?
            };
            node_update(connection, &row)?;
        }
    }
    Ok(())
}

/// Tells that a host of a system doesn't work, and that it works again, once each time.
fn tell(
    connection: &mut Connection,
    system: &str,
    node: &Node,
    was_told: bool,
    trouble: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let (kind, what) = match (was_told, trouble) {
        (false, Some(reason)) => ("node.lost", format!("doesn't work: {reason}")),
        (true, None) => ("node.found", "works again".to_owned()),
        _ => return Ok(()),
    };
    let new = event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: None,
        subject: format!("node/{}", node.name),
        kind: kind.to_owned(),
        message: format!("host {} of site {} {what}", node.name, node.site.short()),
        data: serde_json::json!({ "site": node.site, "system": system }),
    };
    event::append(connection, &new).map(drop)
}

/// Whether any node may have to be empty: under maintenance, or because its host doesn't work.
pub(crate) fn node_is_left(connection: &mut Connection) -> Result<bool, RepositoryError> {
    Ok(any_is_down(connection)? || !maintenance_list(connection)?.is_empty())
}

fn any_is_down(connection: &mut Connection) -> Result<bool, RepositoryError> {
    let down = pim_node::table.filter(pim_node::down.is_not_null()).count().get_result::<i64>(connection)?;
    Ok(down > 0)
}

/// What was given of hosts for which nothing waits any longer.
pub(crate) fn machines_given_up(connection: &mut Connection) -> Result<BTreeSet<MachineId>, RepositoryError> {
    if !any_is_down(connection)? {
        return Ok(BTreeSet::new());
    }
    let nodes = node_list(connection, None)?.into_iter();
    let given_up = nodes.filter(|usage| usage.down.as_ref().is_some_and(|down| down.given_up));
    Ok(given_up.flat_map(|usage| usage.machines).collect())
}

/// A system can't be asked: nothing is known of its hosts, and nothing new goes there.
pub(crate) fn hosts_unreachable(
    connection: &mut Connection,
    system: &str,
    reason: &str,
    look: Look,
) -> Result<(), RepositoryError> {
    for old in as_told(connection, None)?.into_iter().filter(|old| old.is_of(Some(system))) {
        let down = look.fallen(Some(&old), reason);
        if old.down.as_ref() == Some(&down) {
            continue;
        }
        let down = Some(json::to_column("down", &down)?);
        let row = NodeRow { down, ..NodeRow::new(&old.node, NodeOrigin::Discovered, old.version)? };
        node_update(connection, &row)?;
    }
    Ok(())
}

impl Look {
    /// Why nothing runs on a host, since when, and whether that is waited for any longer.
    fn fallen(self, old: Option<&NodeUsage>, reason: &str) -> Down {
        let before = old.and_then(|old| old.down.as_ref());
        let since = before.map_or(self.now, |down| down.since);
        let told = before.is_some_and(|down| down.told);
        Down { since, reason: reason.to_owned(), given_up: self.now - since >= self.lost_after, told }
    }
}

fn node_withdraw(connection: &mut Connection, old: &NodeUsage) -> Result<(), RepositoryError> {
    let row = pim_node::table.find(&old.node.name);
    if old.machines.is_empty() {
        diesel::delete(row).execute(connection)?;
    } else {
        diesel::update(row).set(pim_node::withdrawn.eq(true)).execute(connection)?;
    }
    Ok(())
}
