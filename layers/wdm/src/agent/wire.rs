//! What a broker and the agent of a machine say to each other.
//!
//! The agent comes to the broker, never the other way round: it fetches calls,
//! carries them out with the connector of its machine, and brings the answers.
//! A call is one call of [`Connector`](crate::connectors::Connector), so that a
//! package on a machine behaves as one on this very machine does.

use crate::{
    connectors::{Launch, Observation, Place},
    model::{DiscoveryToken, Endpoints, LimitSupport, LogLine, LogQuery, PageRef, Peers, Removal, Usage, WorkloadSpec},
};
use hansa_ontology::{ApplicationId, resource_model::HealthCheck};
use hansa_repository::system::AgentRuns;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The agent tells of itself, whenever it fetches calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentFacts {
    /// Its version, which is that of the program.
    pub version: String,
    /// What it runs.
    pub runs: AgentRuns,
    /// Which limits are enforced there.
    pub limits: LimitSupport,
    /// Grows with every start of the agent: what an earlier one was asked is void.
    pub session: u64,
    /// The cluster of the machine, where its packages run in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterFacts>,
}

impl AgentFacts {
    /// Something changes there by itself, and is to be heard soon.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.standing != ClusterStanding::Ready)
    }
}

/// What an agent tells of the cluster of its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterFacts {
    /// Whether it can be used.
    pub standing: ClusterStanding,
    /// How it is used: settings as of a system of the kind `kubernetes`.
    pub settings: BTreeMap<String, String>,
}

/// Whether the cluster of a machine can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterStanding {
    /// It answers, and its node takes work.
    Ready,
    /// Not yet, or not any more.
    Waiting {
        /// For so long: since it last was, or since the agent was started.
        seconds: u64,
        /// Why, for people.
        said: String,
    },
    /// There will be none.
    Failed {
        /// Why, for people.
        said: String,
    },
}

/// One call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentCall {
    /// Its number, under which it is answered.
    pub id: u64,
    /// What is asked.
    pub(crate) ask: Ask,
}

/// What is asked of a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    Start(Box<Launch>),
    Clear(Place),
    Tell {
        place: Place,
        peers: Peers,
        token: Option<DiscoveryToken>,
    },
    Observe(Place),
    Stop {
        place: Place,
        force: bool,
    },
    Remove {
        place: Place,
        force: bool,
    },
    Logs {
        place: Place,
        query: LogQuery,
    },
    /// Whoever read the answer to this call does so no more.
    Cease(u64),
    Probe {
        check: HealthCheck,
        endpoints: Endpoints,
    },
    /// Make its ports known, where the machine gives them.
    Expose(Box<WorkloadSpec>),
    Retire(ApplicationId),
    /// What a run uses.
    Usage(Place),
    /// Read a page that it serves.
    Page {
        page: PageRef,
        endpoints: Endpoints,
    },
    Volumes {
        application: ApplicationId,
        component: String,
        ordinal: u32,
    },
}

/// One answer, or a part of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentAnswer {
    /// The number of the call.
    pub id: u64,
    /// What came of it.
    pub(crate) reply: Reply,
}

/// What came of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    Done,
    Seen(Observation),
    Removed(Removal),
    /// Some lines of output; more may follow.
    Lines(Vec<LogLine>),
    /// No more lines follow.
    End,
    /// Under what its ports are reached.
    Exposed(Endpoints),
    /// What one try of a health check said.
    Probed(Result<(), String>),
    /// What a run uses, where that is known.
    Used(Option<Usage>),
    /// The page, or why it can't be had.
    Page(Result<String, String>),
    /// It could not be done; why, for people.
    Failed(String),
}
