//! Workloads and their endpoints on the wire.

use chrono::{DateTime, Utc};
use hansa_mco::model::{Place, Workload as Seen};
use hansa_ontology::order::PeerEndpoint;
use hansa_wdm::model;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One running instance of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workload {
    /// Its id.
    pub id: String,
    /// The component's name.
    pub component: String,
    /// Which of the component's instances, from 0.
    pub ordinal: u32,
    /// The revision that it runs.
    pub revision: String,
    /// `prepared`, `starting`, `running`, `unhealthy`, `backing-off`, `failed`, `completed`, `stopping`.
    pub state: String,
    /// Why it doesn't work, where that is known, or why it can't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The machine's id.
    pub machine: String,
    /// The provider's IRI.
    pub provider: String,
    /// The site's IRI.
    pub site: String,
    /// The partner that runs it, by its name; absent where this broker does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The node's name, where this broker runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Where it is reached, by the port's name: `127.0.0.1:20001`.
    pub endpoints: BTreeMap<String, String>,
    /// The main process, while there is one on this broker's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it last ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_exit: Option<String>,
    /// Which limits hold for it, and why others don't, where this broker runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<String>,
    /// It belongs to a revision beside the one that callers are led to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// When its state last changed.
    pub changed_at: DateTime<Utc>,
}

/// Where one port of a workload is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoint {
    /// The component's name.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// The workload's id; empty where only the partner that ordered knows it.
    pub workload: String,
    /// The port's name.
    pub port: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port number, `127.0.0.1:20001`.
    pub address: String,
    /// Reachable from outside the application.
    pub public: bool,
    /// Whether it works now.
    pub healthy: bool,
}

impl From<Seen> for Workload {
    fn from(seen: Seen) -> Self {
        let (facts, partner) = match seen.place {
            Place::Node(facts) => (Some(*facts), None),
            Place::Partner { name } => (None, Some(name)),
        };
        Self {
            id: seen.id.to_string(),
            component: seen.component,
            ordinal: seen.ordinal,
            revision: seen.revision,
            state: seen.state.name().to_owned(),
            reason: seen.state.reason().map(str::to_owned).or(seen.unseen),
            machine: seen.machine.to_string(),
            provider: seen.provider.to_string(),
            site: seen.site.to_string(),
            partner,
            node: facts.as_ref().map(|facts| facts.node.clone()),
            endpoints: seen.endpoints.iter().map(|(name, endpoint)| (name.clone(), endpoint.to_string())).collect(),
            pid: facts.as_ref().and_then(|facts| facts.pid).filter(|pid| *pid > 0),
            restarts: seen.restarts,
            last_exit: facts.as_ref().and_then(|facts| facts.last_exit.as_ref()).map(ToString::to_string),
            limits: facts.map(|facts| facts.limits.explanation),
            beside: seen.beside,
            changed_at: seen.changed_at,
        }
    }
}

impl Endpoint {
    /// The endpoints of a workload.
    pub(crate) fn of(status: &Seen) -> Vec<Self> {
        let healthy = status.state.is_healthy();
        status.endpoints.iter().map(|(port, endpoint)| Self::new(status, port, endpoint, healthy)).collect()
    }

    /// Where a partner that ordered says that its other instances are. It names those that work.
    pub(crate) fn elsewhere(component: &str, peers: &[PeerEndpoint]) -> Vec<Self> {
        let one = |peer: &PeerEndpoint| Self {
            component: component.to_owned(),
            ordinal: peer.ordinal,
            workload: String::new(),
            port: peer.port.clone(),
            protocol: "tcp".to_owned(),
            address: peer.address.to_string(),
            public: false,
            healthy: true,
        };
        peers.iter().map(one).collect()
    }

    fn new(status: &Seen, port: &str, endpoint: &model::Endpoint, healthy: bool) -> Self {
        Self {
            component: status.component.clone(),
            ordinal: status.ordinal,
            workload: status.id.to_string(),
            port: port.to_owned(),
            protocol: match endpoint.protocol {
                hansa_ontology::resource_model::Protocol::Tcp => "tcp".to_owned(),
                hansa_ontology::resource_model::Protocol::Udp => "udp".to_owned(),
            },
            address: endpoint.socket().to_string(),
            public: endpoint.public,
            healthy,
        }
    }
}
