//! Ports in all their dialects: a service's, a container's, Compose's.

use super::{Conversion, container::Settings};
use crate::{descriptor::node::Node, suggestion::as_name, tosca::functions::contains_call};
use hansa_ontology::resource_model::{ExposedPort, Protocol};
use std::collections::BTreeMap;

pub(super) type Ports = BTreeMap<String, ExposedPort>;

/// Fields of a port that are read.
const READ: [&str; 12] = [
    "name",
    "port",
    "targetPort",
    "containerPort",
    "target",
    "published",
    "nodePort",
    "hostPort",
    "protocol",
    "type",
    "mode",
    "metadata",
];

/// Fields with the number under which a port is reached from outside.
const OUTSIDE: [&str; 3] = ["nodePort", "hostPort", "published"];

impl Conversion<'_> {
    pub(super) fn ports(&mut self, settings: &mut Settings<'_>) -> Ports {
        let mut found = Ports::new();
        for item in settings.take("ports").into_iter().flat_map(Node::items) {
            self.port(&mut found, item, settings.name);
            // A service with several ports in one entry.
            for inner in item.get("ports").into_iter().flat_map(Node::items) {
                self.port(&mut found, inner, settings.name);
            }
        }
        for item in settings.take("expose").into_iter().flat_map(Node::items) {
            self.port(&mut found, item, settings.name);
        }
        found
    }

    fn port(&mut self, found: &mut Ports, item: &Node, owner: &str) {
        let what = format!("a port of `{owner}`");
        if let Some(text) = item.scalar() {
            // `8080:80/tcp` of Compose's short form, or a number alone.
            let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
            let mut parts = numbers.rsplit(':');
            let inside = parts.next().and_then(|part| part.trim().parse::<u16>().ok());
            let outside = parts.next();
            match inside {
                Some(inside) => self.add(found, item, owner, None, inside, protocol, outside.is_some()),
                None => self.remarks.left_out(
                    item.at,
                    what,
                    "it is no port that is read here",
                    "write a map with `containerPort`",
                ),
            }
            return;
        }
        if contains_call(item) {
            let said = "its number is only known when an input is given";
            self.remarks.unbound(item.at, what, said);
            return;
        }
        let number = |field: &str| item.given(field).and_then(number_of);
        let inside = ["targetPort", "containerPort", "target", "port", "published", "hostPort"]
            .iter()
            .find_map(|field| number(field));
        let Some(inside) = inside else {
            if item.get("ports").is_none() {
                self.remarks.left_out(item.at, what, "it has no number", "state `containerPort`");
            }
            return;
        };
        self.outside(item, owner, inside);
        let kind = item.get("type").and_then(Node::text);
        let public = OUTSIDE.iter().any(|field| item.given(field).is_some())
            || matches!(kind, Some("NodePort" | "LoadBalancer"))
            || item.get("mode").and_then(Node::text) == Some("host");
        let protocol = item.get("protocol").and_then(Node::text).unwrap_or("TCP");
        let name = item.get("name").and_then(Node::text).map(str::to_owned);
        self.add(found, item, owner, name, inside, protocol, public);
    }

    /// What is said about how a port is reached, and isn't so here.
    fn outside(&mut self, item: &Node, owner: &str, inside: u16) {
        let number = |field: &str| item.given(field).and_then(number_of);
        for field in OUTSIDE {
            if let (Some(outside), Some(node)) = (number(field), item.given(field))
                && outside != inside
            {
                let why = format!("from outside it is reached under a number that the machine has free, not {outside}");
                let what = format!("`{field}` of port {inside} of `{owner}`");
                self.remarks.changed(node.at, what, why, "ask the broker for the endpoint");
            }
        }
        if let (Some(service), Some(node)) = (number("port"), item.given("port"))
            && service != inside
        {
            let why = format!("there is no service before it: callers use {inside}, not {service}");
            let what = format!("`port` of port {inside} of `{owner}`");
            self.remarks.changed(node.at, what, why, "let callers use the port itself");
        }
        for entry in item.entries().iter().filter(|entry| !READ.contains(&entry.key.as_str()) && entry.key != "ports") {
            let why = "services of a cluster have no place in the model";
            let what = format!("`{}` of port {inside} of `{owner}`", entry.key);
            self.remarks.left_out(entry.at, what, why, "leave it out");
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a port is no less")]
    fn add(
        &mut self,
        found: &mut Ports,
        item: &Node,
        owner: &str,
        name: Option<String>,
        number: u16,
        protocol: &str,
        public: bool,
    ) {
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => {
                let what = format!("port {number} of `{owner}`");
                self.remarks.left_out(item.at, what, "the model knows TCP and UDP", "use one of the two");
                return;
            }
        };
        // Entries about one port say each a part of it.
        if let Some(known) = found.values_mut().find(|known| known.number == Some(number) && known.protocol == protocol)
        {
            known.public |= public;
            return;
        }
        let plain = if protocol == Protocol::Udp { format!("udp-{number}") } else { format!("tcp-{number}") };
        let named = name.as_deref().and_then(as_name).filter(|name| !found.contains_key(name));
        found.insert(named.unwrap_or(plain), ExposedPort { protocol, public, number: Some(number), host: None });
    }
}

pub(super) fn number_of(node: &Node) -> Option<u16> {
    let number = node.integer().or_else(|| node.text()?.trim().parse().ok())?;
    u16::try_from(number).ok().filter(|number| *number > 0)
}
