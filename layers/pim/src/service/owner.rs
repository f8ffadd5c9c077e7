//! What the owner does with nodes while the broker runs: add, change, remove.
//! Nodes of the configuration file are changed there.

use super::{Pim, shares::check_nodes};
use crate::{
    error::PimError,
    model::{Node, NodeOrigin, NodeState, NodeUsage},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, SiteId};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, NewEvent},
};
use serde_json::json;
use std::{collections::BTreeSet, net::IpAddr};

/// What is to be different of a node. None: as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeChange {
    /// The address under which its workloads are reached.
    pub address: Option<IpAddr>,
    /// Thousandths of a processor it may give away.
    pub cpu_milli: Option<u64>,
    /// Memory it may give away, MiB.
    pub memory_mib: Option<u64>,
    /// Disk it may give away, MiB.
    pub disk_mib: Option<u64>,
    /// Graphics processors it may give away.
    pub gpus: Option<u64>,
    /// What it can be used for.
    pub capabilities: Option<BTreeSet<String>>,
}

impl NodeChange {
    fn of(self, node: Node) -> Node {
        Node {
            address: self.address.unwrap_or(node.address),
            cpu_milli: self.cpu_milli.unwrap_or(node.cpu_milli),
            memory_mib: self.memory_mib.unwrap_or(node.memory_mib),
            disk_mib: self.disk_mib.unwrap_or(node.disk_mib),
            gpus: self.gpus.unwrap_or(node.gpus),
            capabilities: self.capabilities.unwrap_or(node.capabilities),
            ..node
        }
    }
}

impl Pim {
    /// One node.
    ///
    /// # Errors
    /// `NoNode`.
    pub async fn node(&self, name: &str) -> Result<NodeUsage, PimError> {
        let name = name.to_owned();
        self.database.read(move |connection| find(connection, &name)).await
    }

    /// Adds a node of this machine. With `dry_run` it only says how it would be.
    /// Also answers what the operator should know, such as that the nodes give
    /// away more than this machine has.
    ///
    /// # Errors
    /// `Field` when it breaks a rule, `InUse` when there is a node of this name.
    pub async fn node_add(
        &self,
        node: Node,
        actor: Actor,
        dry_run: bool,
    ) -> Result<(NodeUsage, Option<String>), PimError> {
        check(&node)?;
        let now = self.clock.now();
        let added = self
            .database
            .write(move |connection| {
                let known = store::node_list(connection, None)?;
                if let Some(old) = known.iter().find(|old| old.node.name == node.name) {
                    return Err(PimError::InUse(format!("there is a node `{}` at site {}", node.name, old.node.site)));
                }
                if dry_run {
                    return Ok(would_be(node, 1));
                }
                store::node_insert(connection, &node)?;
                told(connection, &node, "node.added", "was added", actor, now)?;
                find(connection, &node.name)
            })
            .await?;
        let warning = self.excess(&added).await?;
        Ok((added, warning))
    }

    /// Changes a node that its owner has added. One that shrinks below what it
    /// has given away keeps its machines and gives nothing new.
    ///
    /// # Errors
    /// `NoNode`, `Configured`, `Changed` when it isn't of the expected version, `Field` when it breaks a rule.
    pub async fn node_change(
        &self,
        name: &str,
        change: NodeChange,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<(NodeUsage, Option<String>), PimError> {
        let (name, now) = (name.to_owned(), self.clock.now());
        let changed = self
            .database
            .write(move |connection| {
                let old = own(connection, &name, expected)?;
                let node = change.of(old.node.clone());
                check(&node)?;
                if node == old.node {
                    return Ok(old);
                }
                if dry_run {
                    return Ok(NodeUsage { capacity: node.capacity(), node, ..old });
                }
                store::node_write(connection, &node, old.version + 1)?;
                told(connection, &node, "node.changed", "was changed", actor, now)?;
                find(connection, &name)
            })
            .await?;
        let warning = self.excess(&changed).await?;
        Ok((changed, warning))
    }

    /// Removes an empty node that its owner has added.
    ///
    /// # Errors
    /// `NoNode`, `Configured`, `Changed`; `InUse` while machines have shares of it.
    pub async fn node_remove(
        &self,
        name: &str,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<(), PimError> {
        let (name, now) = (name.to_owned(), self.clock.now());
        self.database
            .write(move |connection| {
                let old = own(connection, &name, expected)?;
                if !old.machines.is_empty() {
                    return Err(PimError::InUse(format!(
                        "{} machines have a share of node `{name}`; drain it first: `hansa maintenance drain node/{name}`",
                        old.machines.len()
                    )));
                }
                if dry_run {
                    return Ok(());
                }
                store::node_delete(connection, &name)?;
                told(connection, &old.node, "node.removed", "was removed", actor, now)?;
                Ok(())
            })
            .await
    }

    async fn excess(&self, changed: &NodeUsage) -> Result<Option<String>, PimError> {
        let others = self.node_list(None).await?;
        let others = others.iter().map(|usage| &usage.node).filter(|node| node.name != changed.node.name);
        Ok(self.host.excess(others.chain([&changed.node])))
    }
}

/// How many nodes the site has, for whoever takes the site away in the same transaction.
///
/// # Errors
/// When the database fails.
pub fn nodes_at(connection: &mut Connection, site: &SiteId) -> Result<usize, RepositoryError> {
    Ok(store::node_list(connection, Some(site))?.len())
}

fn find(connection: &mut Connection, name: &str) -> Result<NodeUsage, PimError> {
    let known = store::node_list(connection, None)?;
    known.into_iter().find(|usage| usage.node.name == name).ok_or_else(|| PimError::NoNode(name.to_owned()))
}

/// A node of the owner's, as the caller saw it.
fn own(connection: &mut Connection, name: &str, expected: Option<i64>) -> Result<NodeUsage, PimError> {
    let usage = find(connection, name)?;
    if expected.is_some_and(|expected| expected != usage.version) {
        return Err(PimError::Changed(format!("node `{name}`")));
    }
    if let Some(host) = &usage.node.host {
        let (host, system) = (&host.name, &host.system);
        return Err(PimError::InUse(format!(
            "node `{name}` is the host {host} of system {system}: it is as that system says; change it there, or disconnect the system"
        )));
    }
    // One that left the configuration is nobody's any more: it may go.
    if usage.origin == NodeOrigin::Configuration && usage.state != NodeState::Withdrawn {
        return Err(PimError::Configured(name.to_owned()));
    }
    Ok(usage)
}

fn check(node: &Node) -> Result<(), PimError> {
    let refuse = |field, message: &str| Err(PimError::Field { field, message: message.to_owned() });
    if node.cpu_milli == 0 {
        return refuse("/cpuMilli", "a node gives some processor; give at least 1");
    }
    if node.memory_mib == 0 {
        return refuse("/memoryMib", "a node gives some memory; give at least 1");
    }
    match check_nodes(std::slice::from_ref(node)) {
        Err(PimError::InvalidNode { message, .. }) => refuse("/name", message.trim_start_matches("name: ")),
        checked => checked,
    }
}

fn would_be(node: Node, version: i64) -> NodeUsage {
    let usage = crate::model::placement::usage(node, false, &[]);
    NodeUsage { origin: NodeOrigin::Added, version, ..usage }
}

fn told(
    connection: &mut Connection,
    node: &Node,
    kind: &str,
    what: &str,
    actor: Actor,
    at: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let new = NewEvent {
        at,
        actor,
        application: None,
        subject: format!("node/{}", node.name),
        kind: kind.to_owned(),
        message: format!("node {} of site {} {what}: {}", node.name, node.site, node.capacity()),
        data: json!({ "site": node.site, "capacity": node.capacity(), "capabilities": node.capabilities }),
    };
    event::append(connection, &new).map(drop)
}
