//! Addresses: a workload's own, and those of the components that it calls.

pub use hansa_ontology::order::PeerEndpoint;
use hansa_ontology::resource_model::Protocol;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
};

/// Where one port of a workload is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The node's address.
    pub address: IpAddr,
    /// The port number.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Reachable from outside the application.
    pub public: bool,
}

impl Endpoint {
    /// Address and port in one.
    #[must_use]
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.number)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket().fmt(f)
    }
}

/// A workload's endpoints by the name of the port.
pub type Endpoints = BTreeMap<String, Endpoint>;

/// The endpoints of the components that a workload calls, by component.
/// The order within a component doesn't matter.
pub type Peers = BTreeMap<String, Vec<PeerEndpoint>>;
