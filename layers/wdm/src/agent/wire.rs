//! What a broker and the agent of a machine say to each other.
//!
//! The agent comes to the broker, never the other way round: it fetches calls,
//! carries them out with the connector of its machine, and brings the answers.
//! A call is one call of [`Connector`](crate::connectors::Connector), so that a
//! package on a machine behaves as one on this very machine does.

use crate::{
    connectors::{Launch, Observation, Place},
    model::{DiscoveryToken, Endpoints, LimitSupport, LogLine, LogQuery, Peers, Removal},
};
use hansa_ontology::{ApplicationId, resource_model::HealthCheck};
use hansa_repository::system::AgentRuns;
use serde::{Deserialize, Serialize};

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
    Retire(ApplicationId),
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
    /// What one try of a health check said.
    Probed(Result<(), String>),
    /// It could not be done; why, for people.
    Failed(String),
}
