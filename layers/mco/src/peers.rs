//! Whom a workload is told to call. Pure.

use hansa_ontology::ResourceModel;
use hansa_wdm::{Endpoints, PeerEndpoint, Peers, WorkloadSpec, WorkloadStatus};
use std::collections::BTreeMap;

/// A workload that can be reached, or soon will be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reached {
    component: String,
    ordinal: u32,
    endpoints: Endpoints,
    healthy: bool,
    /// It is to stay; otherwise another takes its place.
    wanted: bool,
}

impl Reached {
    pub(crate) fn from_status(status: &WorkloadStatus, wanted: bool) -> Self {
        Self {
            component: status.component.clone(),
            ordinal: status.ordinal,
            endpoints: status.endpoints.clone(),
            healthy: status.state.is_healthy(),
            wanted,
        }
    }

    pub(crate) fn prepared(spec: &WorkloadSpec, endpoints: Endpoints) -> Self {
        Self { component: spec.component.clone(), ordinal: spec.ordinal, endpoints, healthy: false, wanted: true }
    }

    /// Which of two for the same instance is named: above all one that works.
    const fn rank(&self) -> (bool, bool) {
        (self.healthy, self.wanted)
    }
}

/// The peers of a component: of each instance that its links name one place.
/// Where an old and a new one are there side by side it is the healthy one,
/// of two healthy ones the one that is to stay, and of two alike the later.
pub(crate) fn of(model: &ResourceModel, component: &str, reached: &[Reached]) -> Peers {
    let mut peers = Peers::new();
    for link in model.links.iter().filter(|link| link.from == component) {
        let mut instances: BTreeMap<u32, &Reached> = BTreeMap::new();
        for candidate in reached.iter().filter(|other| other.component == link.to) {
            let known = instances.entry(candidate.ordinal).or_insert(candidate);
            if candidate.rank() >= known.rank() {
                *known = candidate;
            }
        }
        let endpoints = peers.entry(link.to.clone()).or_default();
        for (ordinal, instance) in instances {
            for (port, endpoint) in &instance.endpoints {
                let peer = PeerEndpoint { ordinal, port: port.clone(), address: endpoint.socket() };
                let asked = link.port.as_ref().is_none_or(|name| name == port);
                if asked && !endpoints.contains(&peer) {
                    endpoints.push(peer);
                }
            }
        }
        endpoints.sort();
    }
    peers
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::resource_model::Protocol;
    use hansa_wdm::Endpoint;
    use std::net::{IpAddr, Ipv4Addr};

    fn reached(component: &str, ordinal: u32, number: u16, healthy: bool) -> Reached {
        // The higher number is the newer one.
        let wanted = number > 1;
        let endpoint =
            Endpoint { address: IpAddr::V4(Ipv4Addr::LOCALHOST), number, protocol: Protocol::Tcp, public: false };
        let endpoints = ["admin", "http"].into_iter().map(|port| (port.to_owned(), endpoint)).collect();
        Reached { component: component.into(), ordinal, endpoints, healthy, wanted }
    }

    fn model() -> ResourceModel {
        serde_json::from_str(
            r#"{"hansa": 1, "name": "x", "components": {"a": {"package": {"process": {"command": ["a"]}}}},
                "links": [{"from": "a", "to": "b", "port": "http"}]}"#,
        )
        .unwrap()
    }

    fn numbers(peers: &Peers) -> Vec<u16> {
        peers.get("b").unwrap().iter().map(|peer| peer.address.port()).collect()
    }

    #[test]
    fn names_linked_components_and_ports_only() {
        let peers = of(&model(), "a", &[reached("b", 0, 1, true), reached("c", 0, 2, true)]);
        assert_eq!(peers.len(), 1);
        assert_eq!(numbers(&peers), [1]);
        assert!(of(&model(), "b", &[reached("a", 0, 1, true)]).is_empty());
    }

    #[test]
    fn a_healthy_one_goes_before_its_replacement_until_that_is_healthy() {
        let peers = of(&model(), "a", &[reached("b", 0, 1, true), reached("b", 0, 2, false)]);
        assert_eq!(numbers(&peers), [1]);
        // In whatever order they are listed.
        let (old, new) = (reached("b", 0, 1, true), reached("b", 0, 2, true));
        for both in [[old.clone(), new.clone()], [new, old]] {
            assert_eq!(numbers(&of(&model(), "a", &both)), [2]);
        }
        let peers = of(&model(), "a", &[reached("b", 0, 1, false), reached("b", 0, 2, false)]);
        assert_eq!(numbers(&peers), [2]);
    }
}
