//! Nodes: shares of this machine that may be given away, and what was given.

use super::{Amounts, Drain, Rest};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, net::IpAddr, path::PathBuf};

/// Which host of which real system a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemHost {
    /// The system's name in this broker.
    pub system: String,
    /// The host's name in the system.
    pub name: String,
}

/// Why nothing runs on a node now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Down {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, in the system's words.
    pub reason: String,
    /// It lasts longer than is waited for: what ran there begins elsewhere.
    pub given_up: bool,
    /// The log tells that the host itself doesn't work; not where its system can't be asked.
    #[serde(default)]
    pub told: bool,
}

/// A share of this machine that its owner gives away, or a host of a real system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its name, unique in this broker: lower-case letters, digits, `-` and `.`, at most 63.
    pub name: String,
    /// The site it belongs to.
    pub site: SiteId,
    /// The address under which its workloads are reached.
    pub address: IpAddr,
    /// Thousandths of a processor it may give away.
    pub cpu_milli: u64,
    /// Memory it may give away, MiB.
    pub memory_mib: u64,
    /// Disk it may give away, MiB.
    pub disk_mib: u64,
    /// Graphics processors it may give away.
    #[serde(default)]
    pub gpus: u64,
    /// What it can be used for: `proxy`, `database`, `public-ip`.
    #[serde(default)]
    pub capabilities: BTreeSet<String>,
    /// Which host it is of a real system. None: a share of this very machine.
    #[serde(default)]
    pub host: Option<SystemHost>,
}

impl Node {
    /// The name of the node that is this host of a system: `<system>.<host>`,
    /// of the letters that names of nodes have. A long one ends in a digest of itself.
    #[must_use]
    pub fn name_of_host(system: &str, host: &str) -> String {
        const LONGEST: usize = 63;
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let letters: String = host
            .to_ascii_lowercase()
            .chars()
            .map(|letter| if fits(letter) || letter == '.' { letter } else { '-' })
            .collect();
        let parts = letters.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty());
        let plain = parts.collect::<Vec<_>>().join(".");
        let name = format!("{system}.{plain}");
        if plain == host && name.len() <= LONGEST {
            return name;
        }
        let digest = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, host.as_bytes()).simple().to_string();
        let kept: String = name.chars().take(LONGEST - 9).collect();
        format!("{}-{}", kept.trim_end_matches(['-', '.']), digest.chars().take(8).collect::<String>())
    }

    /// All that it may give away.
    #[must_use]
    pub const fn capacity(&self) -> Amounts {
        Amounts { cpu_milli: self.cpu_milli, memory_mib: self.memory_mib, disk_mib: self.disk_mib, gpus: self.gpus }
    }
}

/// A node with what was given away of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeUsage {
    /// The node.
    pub node: Node,
    /// Whether it may give away more.
    pub state: NodeState,
    /// All that it may give away.
    pub capacity: Amounts,
    /// What was given away. More than `capacity` where the node is overcommitted.
    pub given: Amounts,
    /// What it can still give. Nothing where it is withdrawn, overcommitted or given as a whole.
    pub free: Amounts,
    /// The machines that have a share of it.
    pub machines: BTreeSet<MachineId>,
    /// Who says that it is there.
    pub origin: NodeOrigin,
    /// Grows with every change of it.
    pub version: i64,
    /// It is to be empty: its machines move elsewhere.
    pub drain: Option<Drain>,
    /// Nothing runs on it now.
    pub down: Option<Down>,
    /// How it stands where green mode is on. None: nothing is kept of it.
    #[serde(default)]
    pub rest: Option<Rest>,
}

/// Who says that a node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeOrigin {
    /// The configuration file: changed there.
    #[default]
    Configuration,
    /// Its owner, who added it while the broker ran.
    Added,
    /// A real system, of which it is a host.
    Discovered,
}

impl NodeOrigin {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Added => "added",
            Self::Discovered => "discovered",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        let all = [Self::Added, Self::Discovered];
        all.into_iter().find(|origin| origin.name() == name).unwrap_or(Self::Configuration)
    }
}

/// Whether a node may give away more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// It may.
    Ready,
    /// Given as a whole to one machine.
    Whole,
    /// Its capacity shrank below what it had given away: nothing new until machines leave.
    Overcommitted,
    /// No longer configured: keeps its machines, gives nothing new.
    Withdrawn,
    /// Under maintenance: its machines move elsewhere, it gives nothing new.
    Draining,
    /// It does not work, or can't be reached.
    Down,
}

/// What is asked of a site's nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareRequest {
    /// The machine that the share is for. One machine has one share.
    pub machine: MachineId,
    /// The site.
    pub site: SiteId,
    /// How much.
    pub amounts: Amounts,
    /// What the node must be able to do.
    pub capabilities: BTreeSet<String>,
    /// The whole node, and nobody else on it; `amounts` is then the least it must have.
    pub whole_node: bool,
    /// The real system whose hosts can give it. None: this very machine's nodes.
    #[serde(default)]
    pub system: Option<String>,
}

/// A share of a node, given to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeShare {
    /// Whose it is.
    pub machine: MachineId,
    /// Where.
    pub site: SiteId,
    /// The node's name.
    pub node: String,
    /// The address under which its workloads are reached.
    pub address: IpAddr,
    /// A directory of its own, mode 0700, removed with the share.
    pub directory: PathBuf,
    /// What it may use: what was asked, or all of the node where it was given as a whole.
    pub amounts: Amounts,
    /// Which host of which real system it is on. None: this very machine.
    #[serde(default)]
    pub host: Option<SystemHost>,
}

/// What a machine is asked to be: the same for a server, a virtual machine
/// and a place in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineRequest {
    /// Its identifier, chosen by the caller; asking again with it is harmless.
    pub machine: MachineId,
    /// The application that rents it.
    pub application: ApplicationId,
    /// Where.
    pub site: SiteId,
    /// What the flavour has.
    pub amounts: Amounts,
    /// What it must be able to do.
    pub capabilities: BTreeSet<String>,
    /// The real system that gives it. None: this very machine.
    #[serde(default)]
    pub system: Option<String>,
    /// As what of the system's own: a flavour's name, a resource class. None: any that will do.
    #[serde(default)]
    pub item: Option<String>,
}

impl ShareRequest {
    /// What differs in the other request for the same machine; None where they ask the same.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        first_true([
            ("site", self.site != other.site),
            ("amounts", self.amounts != other.amounts),
            ("capabilities", self.capabilities != other.capabilities),
            ("whole_node", self.whole_node != other.whole_node),
            ("system", self.system != other.system),
        ])
    }
}

fn first_true<const N: usize>(fields: [(&'static str, bool); N]) -> Option<&'static str> {
    fields.into_iter().find_map(|(name, differs)| differs.then_some(name))
}

impl MachineRequest {
    /// What differs in the other request for the same machine; None where they ask the same.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        first_true([
            ("application", self.application != other.application),
            ("site", self.site != other.site),
            ("amounts", self.amounts != other.amounts),
            ("capabilities", self.capabilities != other.capabilities),
        ])
    }

    /// The share of a node that such a machine needs.
    #[must_use]
    pub fn share_request(&self, whole_node: bool) -> ShareRequest {
        ShareRequest {
            machine: self.machine,
            site: self.site.clone(),
            amounts: self.amounts,
            capabilities: self.capabilities.clone(),
            whole_node,
            system: self.system.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_names_that_differ_as_they_do() {
        assert_eq!(Node::name_of_host("edge", "worker-1.north"), "edge.worker-1.north");
        let odd = Node::name_of_host("edge", "Worker_1");
        assert!(odd.starts_with("edge.worker-1-"), "{odd}");
        assert_ne!(odd, Node::name_of_host("edge", "worker_1"));
        let long = Node::name_of_host("edge", &"n".repeat(200));
        assert!(long.len() <= 63 && long.starts_with("edge.nnn"), "{long}");
    }
}
