//! How a new revision takes the place of the one that runs.

use super::{Component, Package};
use crate::quantity::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a new revision takes the place of the one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Update", example = serde_json::json!({ "strategy": "blue-green", "settle": "30s", "keep": "1h" }))]
pub struct UpdatePolicy {
    /// One instance at a time, or all at once.
    #[serde(default)]
    pub strategy: UpdateStrategy,
    /// Of `blue-green`: so long all of the new must have been healthy before callers are led to it.
    #[serde(default = "ten_seconds")]
    pub settle: TimeSpan,
    /// Of `blue-green`: so long the new may take until then; otherwise it is removed and the old goes on.
    #[serde(default = "ten_minutes")]
    pub deadline: TimeSpan,
    /// Of `blue-green`: so long the old is kept running after the switch, so that a rollback takes no time.
    #[serde(default = "ten_minutes")]
    pub keep: TimeSpan,
    /// Of `blue-green`: who says that callers are led to the new.
    #[serde(default)]
    pub promote: Promotion,
}

/// How instances are replaced when what runs in them changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Update strategy")]
pub enum UpdateStrategy {
    /// One instance of a component at a time: its replacement works before it goes.
    #[default]
    Rolling,
    /// All that changes is started beside the old, and callers are led to it at
    /// once. What can't stand beside itself (a volume, a port number or host
    /// name of its own, objects of Kubernetes) can't change so.
    BlueGreen,
}

/// Who says that callers are led to the new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Promotion")]
pub enum Promotion {
    /// The broker, as soon as the new is healthy.
    #[default]
    Automatic,
    /// A person, by `hansa app promote`.
    Manual,
}

const fn ten_seconds() -> TimeSpan {
    TimeSpan::from_millis(10_000)
}

const fn ten_minutes() -> TimeSpan {
    TimeSpan::from_millis(600_000)
}

impl Default for UpdatePolicy {
    fn default() -> Self {
        Self {
            strategy: UpdateStrategy::default(),
            settle: ten_seconds(),
            deadline: ten_minutes(),
            keep: ten_minutes(),
            promote: Promotion::default(),
        }
    }
}

impl UpdatePolicy {
    /// It is what holds where nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// All of the new is started beside the old.
    #[must_use]
    pub fn is_blue_green(&self) -> bool {
        self.strategy == UpdateStrategy::BlueGreen
    }
}

/// Why a component can't stand beside another revision of itself; None where it can.
#[must_use]
pub fn alone_because(component: &Component) -> Option<&'static str> {
    if !component.volumes.is_empty() {
        return Some("it has a volume");
    }
    if component.machine_ports().next().is_some() {
        return Some("it has a port number of its own");
    }
    if component.ports.values().any(|port| port.host.is_some()) {
        return Some("it has an entrance by a host name, which leads to all its instances");
    }
    match component.package {
        Package::Kubernetes(_) | Package::Helm(_) => Some("its objects in the cluster have names of their own"),
        Package::Process(_) | Package::Container(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn component(more: serde_json::Value) -> Component {
        let mut all = json!({ "package": { "process": { "command": ["a"] } } });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_is_not_said_is_rolling_and_has_its_times() {
        let said: UpdatePolicy = serde_json::from_value(json!({ "strategy": "blue-green" })).unwrap();
        assert!(said.is_blue_green() && !said.is_default());
        assert_eq!((said.settle, said.keep, said.promote), (ten_seconds(), ten_minutes(), Promotion::Automatic));
        assert_eq!(serde_json::from_value::<UpdatePolicy>(json!({})).unwrap(), UpdatePolicy::default());
    }

    #[test]
    fn what_can_not_stand_beside_itself_says_why() {
        assert_eq!(alone_because(&component(json!({ "ports": { "http": { "public": true } } }))), None);
        for (more, why) in [
            (json!({ "volumes": { "data": { "size": "1Mi" } } }), "volume"),
            (json!({ "ports": { "http": { "number": 80 } } }), "port number"),
            (json!({ "ports": { "http": { "host": "shop.example" } } }), "host name"),
            (json!({ "package": { "kubernetes": { "manifests": "kind: Pod" } } }), "names of their own"),
            (json!({ "package": { "helm": { "chart": "oci://r/c", "version": "1" } } }), "names of their own"),
        ] {
            assert!(alone_because(&component(more)).unwrap().contains(why), "{why}");
        }
    }
}
