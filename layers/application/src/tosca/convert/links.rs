//! Who calls whom. Containers of MiCADO find each other by their DNS names, so
//! one whose name stands as a host in another's environment or command is called by it.

use super::Conversion;
use crate::{
    descriptor::node::{Data, Node, Position},
    tosca::types::Kind,
};
use hansa_ontology::resource_model::Link;
use std::collections::{BTreeMap, BTreeSet};

/// A host in a text: its name, and the port behind it.
#[derive(Debug, PartialEq, Eq)]
struct Host<'t> {
    name: &'t str,
    port: Option<u16>,
    /// It is all of the text.
    whole: bool,
}

/// How many components one name may mean.
const MAX_MEANINGS: usize = 50;

/// Words at the end of variables whose value is a name, but no host's.
const NO_HOSTS: [&str; 12] = [
    "_NAME",
    "_USER",
    "_USERNAME",
    "_PASSWORD",
    "_DATABASE",
    "_DB",
    "_KEY",
    "_SECRET",
    "_TOKEN",
    "_ID",
    "_TYPE",
    "_VENDOR",
];
/// Words in variables whose value is a host all the same.
const HOSTS: [&str; 7] = ["HOST", "SERVICE", "SERVER", "ADDR", "URL", "ENDPOINT", "NODE"];

impl Conversion<'_> {
    pub(super) fn find_links(&mut self) {
        let known = self.known_names();
        let mut found: BTreeMap<(String, String, Option<String>), (Position, String)> = BTreeMap::new();
        for (name, node) in &self.topology.nodes {
            let Some(from) = self.names.get(name).cloned() else { continue };
            for requirement in &node.requirements {
                let connects = requirement.relationship.type_id.is_some_and(|id| {
                    self.world.is_a(id, Kind::Relationship, "tosca.relationships.ConnectsTo")
                        || self.world.is_a(id, Kind::Relationship, "tosca.relationships.RoutesTo")
                });
                let to = requirement.target.as_ref().and_then(|target| self.names.get(target));
                if let (true, Some(to)) = (connects, to)
                    && *to != from
                {
                    let why = format!("its requirement `{}` connects it", requirement.name);
                    found.entry((from.clone(), to.clone(), None)).or_insert((requirement.at, why));
                }
            }
            for (variable, node) in texts_of(node) {
                let Some(text) = node.scalar() else { continue };
                for host in hosts(text) {
                    if host.whole && host.port.is_none() && variable.as_deref().is_some_and(|name| !may_be_host(name)) {
                        continue;
                    }
                    for to in known.get(host.name).into_iter().flatten().filter(|to| **to != from) {
                        let port = host.port.and_then(|port| self.port_named(to, port));
                        if host.port.is_some()
                            && port.is_none()
                            && known.get(host.name).is_some_and(|all| all.len() > 1)
                        {
                            continue;
                        }
                        let place = variable
                            .as_ref()
                            .map_or_else(|| "its command".to_owned(), |name| format!("its variable `{name}`"));
                        let why = format!(
                            "{place} names it as a host; on one engine it is found by that name, elsewhere by what the broker tells"
                        );
                        found.entry((from.clone(), to.clone(), port)).or_insert((node.at, why));
                    }
                }
            }
        }
        let whole: BTreeSet<(String, String)> =
            found.keys().filter(|key| key.2.is_none()).map(|key| (key.0.clone(), key.1.clone())).collect();
        for ((from, to, port), (at, why)) in found {
            // A link to all ports is one to each.
            if port.is_some() && whole.contains(&(from.clone(), to.clone())) {
                continue;
            }
            self.remarks.derived(at, format!("the link from `{from}` to `{to}`"), why);
            self.links.push(Link { from, to, port, max_latency: None });
        }
    }

    /// Every name of a component, and the components that it may mean.
    fn known_names(&self) -> BTreeMap<String, Vec<String>> {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, label) in &self.names {
            known.entry(name.clone()).or_default().push(label.clone());
            if name != label {
                known.entry(label.clone()).or_default().push(label.clone());
            }
        }
        for (name, labels) in &self.other_names {
            let entry = known.entry(name.clone()).or_default();
            for label in labels {
                // A name that many have says nothing.
                if entry.len() < MAX_MEANINGS && self.components.contains_key(label) && !entry.contains(label) {
                    entry.push(label.clone());
                }
            }
        }
        known
    }

    fn port_named(&self, component: &str, number: u16) -> Option<String> {
        let ports = &self.components.get(component)?.ports;
        ports.iter().find(|(_, port)| port.number == Some(number)).map(|(name, _)| name.clone())
    }
}

/// Whether the whole value of a variable may be a host.
fn may_be_host(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    HOSTS.iter().any(|word| name.contains(word)) || !NO_HOSTS.iter().any(|word| name.ends_with(word))
}

/// The texts of a container in which hosts stand: variables by name, and its command.
fn texts_of(node: &crate::tosca::template::NodeTemplate) -> Vec<(Option<String>, &Node)> {
    let mut found = Vec::new();
    for field in ["env", "environment"] {
        let Some(section) = node.properties.get(field) else { continue };
        match &section.data {
            Data::Sequence(items) => {
                for item in items {
                    if let (Some(name), Some(value)) = (item.get("name").and_then(Node::text), item.get("value")) {
                        found.push((Some(name.to_owned()), value));
                    } else if let Some((name, _)) = item.text().and_then(|text| text.split_once('=')) {
                        found.push((Some(name.to_owned()), item));
                    }
                }
            }
            _ => found.extend(section.entries().iter().map(|entry| (Some(entry.key.clone()), &entry.value))),
        }
    }
    for field in ["command", "args", "entrypoint"] {
        if let Some(section) = node.properties.get(field) {
            found.extend(section.items().iter().map(|item| (None, item)));
            if section.scalar().is_some() {
                found.push((None, section));
            }
        }
    }
    found
}

/// The names in a text that stand where a host does: alone, behind `//`, `@` or
/// `=`, or before `:` and a number.
fn hosts(text: &str) -> Vec<Host<'_>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut found = Vec::new();
    let mut rest = 0;
    let trimmed = text.trim();
    while let Some(begin) = trimmed.get(rest..).and_then(|tail| tail.find(is_name)).map(|index| index + rest) {
        let tail = trimmed.get(begin..).unwrap_or_default();
        let end = begin + tail.find(|c: char| !is_name(c)).unwrap_or(tail.len());
        let (Some(name), Some(before), Some(after)) =
            (trimmed.get(begin..end), trimmed.get(..begin), trimmed.get(end..))
        else {
            break;
        };
        let port = after.strip_prefix(':').and_then(|after| {
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            after.get(..digits)?.parse::<u16>().ok()
        });
        // `user:1234@host` is no host `user`.
        let login = after
            .strip_prefix(':')
            .is_some_and(|after| after.split(['/', ' ', ',']).next().is_some_and(|part| part.contains('@')));
        let whole = before.is_empty() && after.is_empty();
        let behind = before.ends_with("//") || before.ends_with('@');
        if whole || (behind && !login) || (port.is_some() && !login) {
            found.push(Host { name: name.trim_end_matches('.'), port, whole });
            // The name alone, without the domain of a cluster behind it.
            if let Some((first, domain)) = name.split_once('.')
                && (domain.ends_with("svc") || domain.contains("svc.cluster") || domain == "default")
            {
                found.push(Host { name: first, port, whole });
            }
        }
        rest = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_in_texts() {
        let found = |text| hosts(text).into_iter().map(|host| (host.name, host.port)).collect::<Vec<_>>();
        assert_eq!(found("amqp://guest:guest@rabbit:5672"), [("rabbit", Some(5672))]);
        assert_eq!(found("redis://redis:6379"), [("redis", Some(6379))]);
        assert_eq!(found("db"), [("db", None)]);
        assert_eq!(found("minio:9000"), [("minio", Some(9000))]);
        assert_eq!(found("jdbc:postgresql://xnat-db/xnat"), [("xnat-db", None)]);
        assert_eq!(found("--server=web --name db"), []);
        assert_eq!(
            found("http://a.default.svc.cluster.local:80/x"),
            [("a.default.svc.cluster.local", Some(80)), ("a", Some(80))]
        );
        assert!(may_be_host("DB_HOST") && may_be_host("PUSHGATEWAY_SERVICE_NAME") && !may_be_host("DB_NAME"));
    }
}
