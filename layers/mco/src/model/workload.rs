//! A workload, wherever it runs: on a node of this broker or at a partner.

use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, ProviderId, SiteId, WorkloadId};
use hansa_wdm::{Endpoints, Exit, LimitSupport, RefusedStart, WorkloadState, WorkloadStatus};

/// A running instance of a component, as it was last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Its id. That of a partner's workload is this broker's own name for it.
    pub id: WorkloadId,
    /// The component's name.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// The revision that it runs.
    pub revision: String,
    /// The machine in which it runs.
    pub machine: MachineId,
    /// Who runs the site.
    pub provider: ProviderId,
    /// The site.
    pub site: SiteId,
    /// What it does.
    pub state: WorkloadState,
    /// Where it is reached.
    pub endpoints: Endpoints,
    /// How often it was started again.
    pub restarts: u32,
    /// When its state last changed; of a partner's workload by the partner's clock.
    pub changed_at: DateTime<Utc>,
    /// Why it can't be looked at now; what is said here is older than that.
    pub unseen: Option<String>,
    /// It belongs to a revision beside the one that callers are led to: nobody is led to it.
    pub beside: bool,
    /// Where it runs, and what is known there.
    pub place: Place,
}

/// Where a workload runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// On a node of this broker.
    Node(Box<NodeFacts>),
    /// At a partner.
    Partner {
        /// The partner's name for people.
        name: String,
    },
}

/// What is known of a workload on a node of this broker only.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeFacts {
    /// The node's name.
    pub node: String,
    /// The main process, while there is one.
    pub pid: Option<u32>,
    /// How it last ended.
    pub last_exit: Option<Exit>,
    /// Which limits hold for it.
    pub limits: LimitSupport,
    /// Its system refuses it, and it hasn't run since.
    pub refused: Option<RefusedStart>,
}

impl Workload {
    /// Whether it runs on a node of this broker.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        matches!(self.place, Place::Node(_))
    }

    /// That its system refuses it, where it does.
    #[must_use]
    pub const fn refused(&self) -> Option<&RefusedStart> {
        match &self.place {
            Place::Node(facts) => facts.refused.as_ref(),
            Place::Partner { .. } => None,
        }
    }

    /// `web#0`, and at which partner, for people.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.place {
            Place::Node(_) => format!("{}#{}", self.component, self.ordinal),
            Place::Partner { name } => format!("{}#{} at {name}", self.component, self.ordinal),
        }
    }
}

impl From<WorkloadStatus> for Workload {
    fn from(status: WorkloadStatus) -> Self {
        let facts = NodeFacts {
            node: status.target.node,
            pid: status.pid,
            last_exit: status.last_exit,
            limits: status.limits,
            refused: status.refused,
        };
        Self {
            id: status.id,
            component: status.component,
            ordinal: status.ordinal,
            revision: status.revision,
            machine: status.target.machine,
            provider: status.provider,
            site: status.target.site,
            state: status.state,
            endpoints: status.endpoints,
            restarts: status.restarts,
            changed_at: status.changed_at,
            unseen: status.unseen,
            beside: false,
            place: Place::Node(Box::new(facts)),
        }
    }
}
