//! What an Ironic has: its nodes, which of them are free, ours or closed.

use super::{
    Ironic,
    node::{Allocation, Node},
};
use crate::connectors::keystone::Microversion;
use chrono::{DateTime, Utc};
use hansa_repository::system::{Host, Room, SystemError, SystemFlavour, SystemReport};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Firmware is asked for node by node: for no more than this many.
const FIRMWARE: usize = 32;
/// A page of nodes.
const PAGE: &str = "500";
/// The most pages that are read: nobody has more.
const PAGES: usize = 200;

/// A network card.
#[derive(Debug, Deserialize)]
struct Port {
    node_uuid: String,
    address: String,
    #[serde(default)]
    physical_network: Option<String>,
    #[serde(default)]
    pxe_enabled: Option<bool>,
}

impl Ironic {
    pub(super) async fn look_around(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let nodes = self.nodes().await?;
        let allocations: Vec<Allocation> = self.pages("allocations", &[], "allocations").await?;
        let ours: BTreeSet<&str> = allocations
            .iter()
            .filter(|allocation| allocation.is_ours(&self.broker))
            .filter_map(|allocation| allocation.node_uuid.as_deref())
            .collect();
        let mut report = SystemReport::new(now, format!("OpenStack Ironic, API {}", self.version));
        // Its list of drivers is kept from accounts of a project.
        report.capabilities = nodes.iter().map(|node| format!("driver {}", node.driver)).collect();
        let cards = match self.pages::<Port>("ports", &[("detail", "true")], "ports").await {
            Ok(ports) => cards(&ports),
            Err(error) => {
                report.notes.push(format!("network cards could not be looked at: {error}"));
                BTreeMap::new()
            }
        };
        let adopts = self.adopts();
        for node in &nodes {
            let mut host = host(node, ours.contains(node.uuid.as_str()), adopts);
            if let Some(text) = cards.get(node.uuid.as_str()) {
                host.facts.insert("network cards".to_owned(), text.clone());
            }
            report.hosts.push(host);
        }
        self.firmware(&nodes, &mut report).await;
        report.flavours = flavours(&nodes);
        report.notes.extend(notes(&nodes));
        Ok(report)
    }

    pub(super) async fn nodes(&self) -> Result<Vec<Node>, SystemError> {
        self.pages("nodes", &[("detail", "true")], "nodes").await
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        what: &str,
        query: &[(&str, &str)],
        name: &str,
    ) -> Result<Vec<T>, SystemError> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = query.to_vec();
            asked.push(("limit", PAGE));
            if let Some(marker) = &marker {
                asked.push(("marker", marker));
            }
            let call = self.api.get(&[what], &asked, format!("list its {name}"));
            let mut page: Value = self.api.json(&call).await?;
            let items = page.get_mut(what).map(Value::take).unwrap_or_default();
            let last = items.as_array().and_then(|items| items.last()?.get("uuid")?.as_str()).map(str::to_owned);
            let items: Vec<T> = serde_json::from_value(items).map_err(|error| {
                let said = format!("its answer is not what its API documents: {error}");
                self.api.http().error(&call, hansa_repository::system::SystemErrorKind::Failed, said)
            })?;
            all.extend(items);
            marker = last.filter(|_| page.get("next").is_some());
            if marker.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Firmware, where Ironic knows it (microversion 1.86).
    async fn firmware(&self, nodes: &[Node], report: &mut SystemReport) {
        let knows = |node: &&Node| node.firmware_interface.as_deref().is_some_and(|name| name != "no-firmware");
        if self.version < Microversion(1, 86) {
            return;
        }
        let mut failed = None;
        for node in nodes.iter().filter(knows).take(FIRMWARE) {
            let call = self.api.get(&["nodes", &node.uuid, "firmware"], &[], "look at the firmware of a node");
            match self.api.json::<Value>(&call).await {
                Ok(answer) => {
                    let host = report.hosts.iter_mut().find(|host| host.name == node.name());
                    if let (Some(host), Some(text)) = (host, components(&answer)) {
                        host.facts.insert("firmware".to_owned(), text);
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            report.notes.push(format!("firmware could not be looked at everywhere: {error}"));
        }
    }
}

fn components(answer: &Value) -> Option<String> {
    let parts: Vec<String> = answer
        .get("firmware")?
        .as_array()?
        .iter()
        .filter_map(|part| {
            let text = |key: &str| part.get(key).and_then(Value::as_str);
            Some(format!("{} {}", text("component")?, text("current_version").or_else(|| text("initial_version"))?))
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn cards(ports: &[Port]) -> BTreeMap<String, String> {
    let mut cards: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for port in ports {
        let network = port.physical_network.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
        let boots = if port.pxe_enabled == Some(true) { " (boots)" } else { "" };
        cards.entry(&port.node_uuid).or_default().push(format!("{}{network}{boots}", port.address));
    }
    cards.into_iter().map(|(node, texts)| (node.to_owned(), texts.join(", "))).collect()
}

pub(super) fn host(node: &Node, ours: bool, adopts: bool) -> Host {
    Host {
        name: node.name().to_owned(),
        address: node.address(),
        state: node.host_state(ours, adopts),
        capacity: node.room(),
        used_by_others: Room::default(),
        labels: node.labels(),
        power_watts: None,
        temperature_celsius: None,
        facts: node.facts(),
    }
}

/// One for each resource class: what the smallest of its nodes has, and how many are free.
fn flavours(nodes: &[Node]) -> Vec<SystemFlavour> {
    let mut classes: BTreeMap<&str, SystemFlavour> = BTreeMap::new();
    for node in nodes {
        let Some(name) = node.resource_class.as_deref() else { continue };
        let room = node.room();
        let free = u32::from(node.is_free());
        classes
            .entry(name)
            .and_modify(|flavour| {
                flavour.room.cpu_milli = flavour.room.cpu_milli.min(room.cpu_milli);
                flavour.room.memory_mib = flavour.room.memory_mib.min(room.memory_mib);
                flavour.room.disk_mib = flavour.room.disk_mib.min(room.disk_mib);
                flavour.room.gpus = flavour.room.gpus.min(room.gpus);
                flavour.units_free = flavour.units_free.map(|units| units + free);
            })
            .or_insert_with(|| SystemFlavour { name: name.to_owned(), room, units_free: Some(free) });
    }
    classes.into_values().collect()
}

fn notes(nodes: &[Node]) -> Vec<String> {
    let mut notes = Vec::new();
    let unknown = nodes.iter().filter(|node| node.room() == Room::default()).count();
    if unknown > 0 {
        notes.push(format!(
            "{unknown} nodes have no properties cpus, memory_mb, local_gb: inspect them, or write these"
        ));
    }
    let classless = nodes.iter().filter(|node| node.resource_class.is_none()).count();
    if classless > 0 {
        notes.push(format!("{classless} nodes have no resource class and can't be allocated"));
    }
    notes
}
