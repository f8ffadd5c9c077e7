//! Packages inside machines that this broker rents: virtual machines and
//! servers. On each runs an agent, which is this very program (`hansa agent`);
//! the machine's first boot brings and starts it.
//!
//! The agent comes to the broker and never the other way round, so a machine
//! needs no open port, no SSH and no key of anybody: what a stolen broker key
//! could open does not exist, and machines behind NAT work as any other.

mod cluster;
mod first_boot;
mod host;
mod links;
mod own;
mod tail;
mod wire;
mod work;

/// A machine whose agent was silent for so long is given up: what ran there is no more.
pub const GIVEN_UP: std::time::Duration = std::time::Duration::from_secs(60);

/// A machine whose cluster has not worked for so long is given up, too. It is
/// as long as Kubernetes itself leaves pods on a node that isn't ready.
pub const CLUSTER_GIVEN_UP: std::time::Duration = std::time::Duration::from_secs(300);

pub use cluster::{MachineCluster, cluster_settings_check};
pub use first_boot::{FirstBootCluster, FirstBootScript};
pub use host::{AgentError, AgentOptions, agent_main};
pub use links::{AgentStanding, Agents};
pub use wire::{AgentAnswer, AgentCall, AgentFacts, ClusterFacts, ClusterStanding};

pub(crate) use cluster::check as cluster_check;
pub(crate) use links::Link;
pub(crate) use wire::{Ask, Reply};
