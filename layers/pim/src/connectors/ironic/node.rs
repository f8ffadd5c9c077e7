//! A node and an allocation as Ironic tells them (Bare Metal API v1), and what
//! they mean here.

use super::MARK;
use crate::connectors::MachineOrder;
use hansa_repository::system::{HostState, Room};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, net::IpAddr};

/// A node.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Node {
    pub(super) uuid: String,
    pub(super) name: Option<String>,
    pub(super) provision_state: Option<String>,
    pub(super) power_state: Option<String>,
    #[serde(default)]
    pub(super) target_power_state: Option<String>,
    #[serde(default)]
    pub(super) maintenance: bool,
    #[serde(default)]
    pub(super) maintenance_reason: Option<String>,
    #[serde(default)]
    pub(super) fault: Option<String>,
    #[serde(default)]
    pub(super) retired: bool,
    #[serde(default)]
    pub(super) last_error: Option<String>,
    #[serde(default)]
    pub(super) reservation: Option<String>,
    #[serde(default)]
    pub(super) instance_uuid: Option<String>,
    #[serde(default)]
    pub(super) resource_class: Option<String>,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
    #[serde(default)]
    pub(super) extra: Map<String, Value>,
    #[serde(default)]
    instance_info: Map<String, Value>,
    #[serde(default)]
    pub(super) traits: Vec<String>,
    #[serde(default)]
    pub(super) driver: String,
    #[serde(default)]
    pub(super) firmware_interface: Option<String>,
    #[serde(default)]
    pub(super) conductor_group: String,
}

/// An allocation: a node that is given to somebody.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Allocation {
    pub(super) uuid: String,
    pub(super) node_uuid: Option<String>,
    pub(super) state: Option<String>,
    pub(super) last_error: Option<String>,
    #[serde(default)]
    pub(super) extra: Map<String, Value>,
}

impl Allocation {
    pub(super) fn is_of(&self, order: &MachineOrder) -> bool {
        order.labels.iter().all(|(name, value)| self.extra.get(name).and_then(Value::as_str) == Some(value))
    }

    pub(super) fn is_ours(&self, broker: &str) -> bool {
        self.extra.get("hansa-broker").and_then(Value::as_str) == Some(broker)
    }
}

impl Node {
    /// Its name; many a node has only a UUID.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.uuid)
    }

    pub(super) fn state(&self) -> &str {
        self.provision_state.as_deref().unwrap_or("unknown")
    }

    /// What it has, as its properties say; they are numbers or numbers as text.
    pub(super) fn room(&self) -> Room {
        let number = |key: &str| match self.properties.get(key) {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
            Some(Value::String(text)) => text.trim().parse().unwrap_or(0),
            _ => 0,
        };
        Room {
            cpu_milli: number("cpus").saturating_mul(1_000),
            memory_mib: number("memory_mb"),
            disk_mib: number("local_gb").saturating_mul(1_024),
            gpus: number("gpus"),
        }
    }

    pub(super) fn has(&self, wanted: Room) -> bool {
        wanted.minus(self.room()) == Room::default()
    }

    /// The address that its operator wrote into `extra`: Ironic itself knows none.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.extra.get("address").and_then(Value::as_str)?.parse().ok()
    }

    /// The machine that it was marked for.
    pub(super) fn mark(&self) -> Option<&str> {
        self.extra.get(MARK).and_then(Value::as_str)
    }

    /// Something of ours is written into it for a deployment.
    pub(super) fn is_written(&self) -> bool {
        let name = self.instance_info.get("display_name").and_then(Value::as_str);
        name.is_some_and(|name| name.starts_with("hansa-"))
    }

    /// Nobody has it, and nothing is wrong with it.
    pub(super) fn is_free(&self) -> bool {
        self.state() == "available" && self.instance_uuid.is_none() && !self.maintenance && !self.retired
    }

    /// What went wrong last, for people.
    pub(super) fn trouble(&self) -> String {
        let error = self.last_error.as_deref().unwrap_or("no reason is told");
        format!("node {} is in the state `{}`: {error}", self.name(), self.state())
    }

    /// Whether it can be used: by us, when an allocation of ours has it; by
    /// anybody, when it is free, or can be made so.
    pub(super) fn host_state(&self, ours: bool, adopts: bool) -> HostState {
        let closed = |reason: String| HostState::Closed { reason };
        let state = self.state();
        if self.power_state.as_deref() == Some("error") || state == "error" {
            return HostState::Down { reason: self.trouble() };
        }
        if self.maintenance {
            let reason = self.maintenance_reason.as_deref().or(self.fault.as_deref());
            return closed(format!("in maintenance: {}", reason.unwrap_or("no reason is told")));
        }
        if state.ends_with("failed") {
            return closed(self.trouble());
        }
        if self.retired {
            return closed("it is retired".to_owned());
        }
        match state {
            _ if ours => HostState::Ready,
            "available" if self.instance_uuid.is_none() => HostState::Ready,
            "enroll" | "manageable" if adopts => HostState::Ready,
            "enroll" | "manageable" => {
                closed(format!("in the state `{state}`; Ironic has to provide it, or set `adopt` of the system"))
            }
            _ => closed(format!("in the state `{state}`; somebody else uses it, or Ironic works on it")),
        }
    }

    /// Labels for people and rules: what Ironic calls traits and classes.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels: BTreeMap<String, String> =
            self.traits.iter().map(|name| (format!("trait/{name}"), "yes".to_owned())).collect();
        let mut put = |key: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                labels.insert(key.to_owned(), value.to_owned());
            }
        };
        put("resource-class", self.resource_class.as_deref());
        put("conductor-group", Some(&self.conductor_group));
        put("cpu-arch", self.properties.get("cpu_arch").and_then(Value::as_str));
        labels
    }

    /// Further facts for people.
    pub(super) fn facts(&self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::from([
            ("uuid".to_owned(), self.uuid.clone()),
            ("driver".to_owned(), self.driver.clone()),
            ("provision state".to_owned(), self.state().to_owned()),
            ("power state".to_owned(), self.power_state.clone().unwrap_or_else(|| "unknown".to_owned())),
        ]);
        for key in ["vendor", "model", "serial_number", "capabilities"] {
            if let Some(text) = self.properties.get(key).and_then(Value::as_str) {
                facts.insert(key.replace('_', " "), text.to_owned());
            }
        }
        if let Some(reason) = &self.maintenance_reason {
            facts.insert("maintenance".to_owned(), reason.clone());
        }
        if let Some(error) = &self.last_error {
            facts.insert("last error".to_owned(), error.clone());
        }
        facts
    }
}
