//! Whom a workload is told to call. Pure.

use crate::model::Workload;
use hansa_ontology::{MachineId, ResourceModel, order::Delivery};
use hansa_wdm::{Endpoints, PeerEndpoint, Peers, WorkloadSpec};
use std::{collections::BTreeMap, net::SocketAddr};

/// A workload that can be reached, or soon will be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reached {
    component: String,
    ordinal: u32,
    /// Where it runs; None where only somebody else knows.
    machine: Option<MachineId>,
    addresses: BTreeMap<String, SocketAddr>,
    healthy: bool,
    /// It is to stay; otherwise another takes its place.
    wanted: bool,
}

impl Reached {
    pub(crate) fn seen(workload: &Workload, wanted: bool) -> Self {
        Self {
            component: workload.component.clone(),
            ordinal: workload.ordinal,
            machine: Some(workload.machine),
            addresses: addresses(&workload.endpoints),
            healthy: workload.state.is_healthy(),
            wanted,
        }
    }

    pub(crate) fn prepared(spec: &WorkloadSpec, endpoints: &Endpoints) -> Self {
        Self {
            component: spec.component.clone(),
            ordinal: spec.ordinal,
            machine: Some(spec.target.machine),
            addresses: addresses(endpoints),
            healthy: false,
            wanted: true,
        }
    }

    /// The instances that run elsewhere, as the one who ordered tells. It names
    /// those that work; one of the same instance here that works goes before.
    pub(crate) fn elsewhere(delivery: &Delivery) -> Vec<Self> {
        let mut all: BTreeMap<(&str, u32), BTreeMap<String, SocketAddr>> = BTreeMap::new();
        for (component, endpoints) in &delivery.peers {
            for peer in endpoints {
                all.entry((component, peer.ordinal)).or_default().insert(peer.port.clone(), peer.address);
            }
        }
        let told = |((component, ordinal), addresses): ((&str, u32), _)| Self {
            component: component.to_owned(),
            ordinal,
            machine: None,
            addresses,
            healthy: true,
            wanted: false,
        };
        all.into_iter().map(told).collect()
    }

    /// Which of two for the same instance is named: above all one that works.
    const fn rank(&self) -> (bool, bool) {
        (self.healthy, self.wanted)
    }
}

fn addresses(endpoints: &Endpoints) -> BTreeMap<String, SocketAddr> {
    endpoints.iter().map(|(port, endpoint)| (port.clone(), endpoint.socket())).collect()
}

/// The peers of a component: of each instance that its links name one place.
/// Where an old and a new one are there side by side it is the healthy one,
/// of two healthy ones the one that is to stay, and of two alike the later.
pub(crate) fn of(model: &ResourceModel, component: &str, reached: &[Reached]) -> Peers {
    named(model, component, reached, None)
}

/// What the components of a model that is ordered call elsewhere than in the machine itself.
pub(crate) fn outside(model: &ResourceModel, machine: MachineId, reached: &[Reached]) -> Peers {
    let mut all = Peers::new();
    for component in model.components.keys() {
        for (name, endpoints) in named(model, component, reached, Some(machine)) {
            let known = all.entry(name).or_default();
            known.extend(endpoints);
            known.sort();
            known.dedup();
        }
    }
    all.retain(|_, endpoints| !endpoints.is_empty());
    all
}

fn named(model: &ResourceModel, component: &str, reached: &[Reached], except: Option<MachineId>) -> Peers {
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
            if except.is_some() && instance.machine == except {
                continue;
            }
            for (port, address) in &instance.addresses {
                let peer = PeerEndpoint { ordinal, port: port.clone(), address: *address };
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
    use uuid::Uuid;

    fn reached(component: &str, ordinal: u32, number: u16, healthy: bool) -> Reached {
        // The higher number is the newer one, in a machine of its own.
        let wanted = number > 1;
        let address: SocketAddr = ([127, 0, 0, 1], number).into();
        let addresses = ["admin", "http"].into_iter().map(|port| (port.to_owned(), address)).collect();
        Reached { component: component.into(), ordinal, machine: Some(machine(number)), addresses, healthy, wanted }
    }

    fn machine(number: u16) -> MachineId {
        MachineId(Uuid::from_u128(number.into()))
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
    #[test]
    fn what_is_ordered_is_told_of_what_runs_elsewhere_only() {
        let model = model();
        let all = [reached("b", 0, 7, true), reached("b", 1, 8, true), reached("b", 1, 1, true)];
        let peers = outside(&model, machine(7), &all);
        assert_eq!(numbers(&peers), [8], "instance 0 is in the machine itself; of instance 1 the one that stays");
        assert!(outside(&model, machine(7), &all[..1]).is_empty());
        // A new one in the machine that doesn't work yet: the old one elsewhere is named.
        let moving = [reached("b", 0, 1, true), reached("b", 0, 7, false)];
        assert_eq!(numbers(&outside(&model, machine(7), &moving)), [1]);
    }

    #[test]
    fn an_instance_here_goes_before_the_same_elsewhere_once_it_works() {
        let peer =
            |ordinal, port: u16| PeerEndpoint { ordinal, port: "http".into(), address: ([127, 0, 0, 1], port).into() };
        let delivery = Delivery {
            application: "x".into(),
            offer: hansa_ontology::OfferId::new("urn:t:o").unwrap(),
            instances: Vec::new(),
            peers: BTreeMap::from([("b".to_owned(), vec![peer(0, 1), peer(2, 3)])]),
        };
        let with = |healthy| {
            let mut all = Reached::elsewhere(&delivery);
            all.push(reached("b", 0, 7, healthy));
            numbers(&of(&model(), "a", &all))
        };
        assert_eq!(with(false), [1, 3]);
        assert_eq!(with(true), [7, 3]);
    }
}
