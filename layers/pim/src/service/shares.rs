//! Nodes and shares of them.
//!
//! A share is written down before its directory is made, and its directory is
//! removed before the share is struck out: so a directory without a share is
//! a leftover, and a cut-off call is ended by the same call again.

use crate::{
    connectors::local::MachineDirectories,
    error::PimError,
    model::{Node, NodeShare, NodeState, NodeUsage, ShareRequest, placement},
    store::{self, StoredShare},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, SiteId};
use hansa_repository::{Connection, Database, ambient::SharedClock};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Nodes and shares of them. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    pub(super) database: Database,
    pub(super) clock: SharedClock,
    directories: MachineDirectories,
}

impl Shares {
    pub(crate) fn new(database: Database, clock: SharedClock, data_dir: &Path) -> Result<Self, PimError> {
        Ok(Self { database, clock, directories: MachineDirectories::new(data_dir)? })
    }

    pub(crate) async fn node_register(&self, nodes: Vec<Node>) -> Result<Vec<String>, PimError> {
        check_nodes(&nodes)?;
        let registered = self.database.write(move |connection| store::node_register(connection, &nodes)).await?;
        Ok(registered.iter().filter_map(warning).collect())
    }

    pub(crate) async fn node_list(&self, site: Option<&SiteId>) -> Result<Vec<NodeUsage>, PimError> {
        let site = site.cloned();
        self.database.read(move |connection| Ok(store::node_list(connection, site.as_ref())?)).await
    }

    /// Where the directory of a machine is, or would be.
    pub(crate) fn directory(&self, node: &str, machine: MachineId) -> PathBuf {
        self.directories.path(node, machine)
    }

    pub(crate) async fn share(&self, machine: MachineId) -> Result<Option<NodeShare>, PimError> {
        let directories = self.directories.clone();
        self.database
            .read(move |connection| {
                let stored = store::share_find(connection, machine)?;
                stored.map(|stored| with_node(connection, &directories, stored)).transpose()
            })
            .await
    }

    /// Every share, by machine.
    pub(crate) async fn list(&self) -> Result<Vec<NodeShare>, PimError> {
        let directories = self.directories.clone();
        self.database
            .read(move |connection| {
                let all = store::share_list(connection)?.into_iter();
                all.map(|stored| with_node(connection, &directories, stored)).collect()
            })
            .await
    }

    pub(crate) async fn ensure(&self, request: &ShareRequest) -> Result<NodeShare, PimError> {
        let directories = self.directories.clone();
        let (asked, now) = (request.clone(), self.clock.now());
        let known = self.known(request).await?;
        let share = match known {
            Some(share) => share,
            None => {
                self.database
                    .write(move |connection| {
                        let stored = give(connection, asked, now)?;
                        with_node(connection, &directories, stored)
                    })
                    .await?
            }
        };
        let path = share.directory.clone();
        blocking(move || MachineDirectories::make(&path)).await?;
        Ok(share)
    }

    /// The share that this request has already been given: the usual case of
    /// a repeated call, which then writes nothing.
    async fn known(&self, request: &ShareRequest) -> Result<Option<NodeShare>, PimError> {
        let directories = self.directories.clone();
        let asked = request.clone();
        self.database
            .read(move |connection| {
                let stored = store::share_find(connection, asked.machine)?;
                stored.map(|stored| with_node(connection, &directories, same(stored, &asked)?)).transpose()
            })
            .await
    }

    /// Removes the machine's directory on every node, also where it has no
    /// share: an ensure that met this release may have made it just now.
    pub(crate) async fn release(&self, machine: MachineId) -> Result<(), PimError> {
        let share = self.share(machine).await?;
        let directories = self.directories.clone();
        blocking(move || directories.remove_of(machine)).await?;
        if share.is_none() {
            return Ok(());
        }
        self.database.write(move |connection| Ok(store::share_delete(connection, machine)?)).await
    }

    pub(crate) async fn sweep(&self) -> Result<Vec<PathBuf>, PimError> {
        // Directories first: one that is made while this runs had its share before.
        let directories = self.directories.clone();
        let found = blocking(move || directories.list()).await?;
        let shares = self.database.read(|connection| Ok::<_, PimError>(store::share_machines(connection)?)).await?;
        let mut swept = Vec::new();
        for (node, machine, path) in found {
            // Asked once more just before: the machine may have come back.
            let owned = |share: NodeShare| share.node == node;
            if shares.get(&machine) == Some(&node) || self.share(machine).await?.is_some_and(owned) {
                continue;
            }
            tracing::info!(directory = %path.display(), "removing a leftover: no machine has this directory");
            let directory = path.clone();
            blocking(move || MachineDirectories::remove(&directory)).await?;
            swept.push(path);
        }
        Ok(swept)
    }
}

/// Work on the file system, on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PimError> + Send + 'static,
) -> Result<T, PimError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(failure) => Err(PimError::Directory {
            action: "work on the directories of machines: the program is ending; under",
            path: PathBuf::new(),
            source: std::io::Error::other(failure),
        }),
    }
}

/// Chooses the node and writes the share down, within one transaction. Writers
/// take turns in both databases ([`Database::write`]), so what is read here
/// can't change before the share is written: no node gives more than it has.
fn give(connection: &mut Connection, request: ShareRequest, now: DateTime<Utc>) -> Result<StoredShare, PimError> {
    if let Some(stored) = store::share_find(connection, request.machine)? {
        return same(stored, &request);
    }
    let nodes = store::node_list(connection, Some(&request.site))?;
    let node = match placement::choose(&nodes, &request) {
        Ok(usage) => usage.node.name.clone(),
        Err(refusals) => {
            return Err(PimError::NoRoom { asked: asked(&request), site: request.site, nodes: refusals });
        }
    };
    let stored = StoredShare { request, node };
    store::share_insert(connection, &stored, now)?;
    Ok(stored)
}

/// What is asked, in words.
fn asked(request: &ShareRequest) -> String {
    let tags: Vec<&str> = request.capabilities.iter().map(String::as_str).collect();
    let what = if request.whole_node { "a whole node with " } else { "" };
    match tags.as_slice() {
        [] => format!("{what}{}", request.amounts),
        tags => format!("{what}{} and {}", request.amounts, tags.join(", ")),
    }
}

fn same(stored: StoredShare, request: &ShareRequest) -> Result<StoredShare, PimError> {
    match stored.request.difference(request) {
        Some(differs) => Err(PimError::Conflict { machine: request.machine, differs }),
        None => Ok(stored),
    }
}

/// The share as callers see it: with what its node has now.
fn with_node(
    connection: &mut Connection,
    directories: &MachineDirectories,
    stored: StoredShare,
) -> Result<NodeShare, PimError> {
    let node = store::node_of(connection, &stored.node)?;
    let request = stored.request;
    Ok(NodeShare {
        machine: request.machine,
        directory: directories.path(&node.name, request.machine),
        amounts: if request.whole_node { node.capacity() } else { request.amounts },
        site: request.site,
        address: node.address,
        host: node.host,
        node: node.name,
    })
}

/// The rules that hold for all nodes.
pub(super) fn check_nodes(nodes: &[Node]) -> Result<(), PimError> {
    let mut names = BTreeSet::new();
    for node in nodes {
        let invalid = |message: &str| PimError::InvalidNode { node: node.name.clone(), message: message.to_owned() };
        if !is_node_name(&node.name) {
            return Err(invalid(
                "name: must be 1 to 63 lower-case letters, digits, `-` or `.`, beginning and ending with a letter or digit",
            ));
        }
        if !names.insert(&node.name) {
            return Err(invalid("name: another node has it; names are unique over all sites of this broker"));
        }
        if node.cpu_milli == 0 || node.memory_mib == 0 {
            return Err(invalid(
                "cpu and memory: a node gives some of both; remove it from the configuration to withdraw it",
            ));
        }
    }
    Ok(())
}

/// A name that is also a safe name of a directory and of a host (RFC 1123).
fn is_node_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.chars().all(|c| inner(c) || c == '-' || c == '.')
        && name.starts_with(inner)
        && name.ends_with(inner)
        && !name.contains("..")
}

fn warning(usage: &NodeUsage) -> Option<String> {
    let (name, machines) = (&usage.node.name, usage.machines.len());
    match usage.state {
        NodeState::Withdrawn => {
            Some(format!("node {name} is no longer configured; it keeps its {machines} machines and gives nothing new"))
        }
        NodeState::Overcommitted => Some(format!(
            "node {name} has given away more ({}) than it now has ({}); it gives nothing new until machines leave",
            usage.given, usage.capacity
        )),
        NodeState::Ready | NodeState::Whole | NodeState::Draining | NodeState::Down => None,
    }
}
