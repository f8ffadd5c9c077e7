//! Ports: probes ask ports that exist, and no two want the same number.

use super::{Checker, draft::Part};
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::resource_model::{Component, HealthProbe, Package, Protocol};
use std::collections::BTreeMap;

/// A port with a number of its own.
struct Fixed<'a> {
    component: &'a str,
    pointer: String,
}

impl Checker<'_> {
    pub(super) fn ports(&mut self) {
        let mut fixed: BTreeMap<(u16, Protocol2), Vec<Fixed<'_>>> = BTreeMap::new();
        for (name, part) in &self.draft.components {
            self.probe(name, part);
            self.hosts(part);
            for (port, exposed, number) in part.component.iter().flat_map(Component::machine_ports) {
                let pointer = field(&field(&part.pointer, "ports"), port);
                fixed.entry((number, exposed.protocol.into())).or_default().push(Fixed { component: name, pointer });
            }
        }
        for ((number, _), ports) in fixed {
            self.clash(number, &ports);
        }
    }

    fn probe(&mut self, name: &str, part: &Part) {
        let Some(component) = &part.component else {
            return;
        };
        let Some(health) = &component.health else {
            return;
        };
        self.probed(&field(&field(&part.pointer, "health"), "probe"), name, component, &health.probe);
    }

    /// The port that a probe tries is there, and speaks TCP.
    pub(super) fn probed(&mut self, pointer: &str, name: &str, component: &Component, probe: &HealthProbe) {
        let kind = match probe {
            HealthProbe::Http(_) => "http",
            HealthProbe::Tcp(_) => "tcp",
        };
        let (pointer, port) = (field(&field(pointer, kind), "port"), probe.port());
        if self.port_exists(&pointer, name, port)
            && component.ports.get(port).is_some_and(|port| port.protocol == Protocol::Udp)
        {
            let message = format!("{} names the port `{port}`, which speaks UDP", self.subject(&pointer));
            self.faults.push(Finding::value(pointer, Code::UnfitPort, message).hint("a probe needs a TCP port"));
        }
    }

    /// Entrances by a host name: HTTP to containers.
    fn hosts(&mut self, part: &Part) {
        let Some(component) = &part.component else { return };
        for (name, port) in &component.ports {
            let Some(host) = &port.host else { continue };
            let pointer = field(&field(&field(&part.pointer, "ports"), name), "host");
            if !is_host(host) {
                let message = format!("{} must be a host name, such as shop.example", self.subject(&pointer));
                let finding = Finding::value(pointer, Code::InvalidText, message);
                self.faults.push(finding.hint("lower-case letters, digits and hyphens, with dots between"));
            } else if port.protocol == Protocol::Udp {
                let message = format!("{} stands at a port that speaks UDP", self.subject(&pointer));
                self.faults
                    .push(Finding::value(pointer, Code::UnfitPort, message).hint("a host name needs a TCP port"));
            } else if !matches!(component.package, Package::Container(_)) {
                let kind = component.package.kind();
                let message = format!("{} stands at a port of a {kind} package", self.subject(&pointer));
                let finding = Finding::value(pointer, Code::UnfitPort, message);
                self.faults.push(finding.hint("containers alone are given an entrance by a host name"));
            }
        }
    }

    /// The same number twice on one machine. Where two need not share a
    /// machine, the planner keeps them apart.
    fn clash(&mut self, number: u16, ports: &[Fixed<'_>]) {
        for (index, port) in ports.iter().enumerate() {
            let before = ports.iter().take(index);
            let Some(other) = before.rev().find(|other| self.share(other.component, port.component)) else {
                continue;
            };
            let message = format!(
                "{} and {} both want port number {number} of one machine",
                self.subject(&other.pointer),
                self.subject(&port.pointer)
            );
            let finding = Finding::value(field(&port.pointer, "number"), Code::PortClash, message);
            self.faults.push(finding.hint("give one of them another number, or none"));
        }
    }

    /// Whether instances of the two always share a machine.
    fn share(&self, one: &str, other: &str) -> bool {
        one == other || self.groups().iter().any(|group| group.contains(one) && group.contains(other))
    }
}

/// A name of RFC 1123, in lower case, of at least two labels; the first may be `*`.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let rest = host.strip_prefix("*.").unwrap_or(host);
    host.len() <= 253 && rest.contains('.') && rest.split('.').all(label)
}

/// [`Protocol`] in an order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Protocol2 {
    Tcp,
    Udp,
}

impl From<Protocol> for Protocol2 {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Tcp => Self::Tcp,
            Protocol::Udp => Self::Udp,
        }
    }
}
