//! What an owner sets for a management cluster, by name.

use super::template::{self, Template, Templates};
use crate::connectors::door::handed_on;
use hansa_pim::{Amounts, MachineOrder};
use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use std::net::IpAddr;

/// What is read here; [`HANDED_ON`] is read where the clusters are used.
const NAMES: [&str; 4] = ["context", "namespace", "templates", "nodeAddress"];

/// Where what the nodes of a cluster expose is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Front {
    /// At one of its workers.
    Workers,
    /// At its control plane's address.
    ControlPlane,
    /// At an address before all of them.
    Fixed(IpAddr),
}

/// The settings of one management cluster.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    /// Where the clusters' objects are.
    pub(super) namespace: String,
    pub(super) templates: Templates,
    pub(super) front: Front,
}

impl Settings {
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, SystemError> {
        let wrong = |name: &str, said: &str, remedy: String| SystemError {
            system: connection.system.name.clone(),
            kind: SystemErrorKind::Invalid,
            action: format!("read its setting `{name}`"),
            said: hansa_kubernetes_client::bounded(said),
            remedy,
        };
        let names = || NAMES.iter().chain(handed_on());
        if let Some(unknown) = connection.system.settings.keys().find(|name| !names().any(|known| known == name)) {
            let known: Vec<&str> = names().copied().collect();
            return Err(wrong(unknown, "", format!("there is no such setting; name one of: {}", known.join(", "))));
        }
        let templates = match connection.setting("templates") {
            None => Templates::new(),
            Some(text) => template::read(text).map_err(|said| {
                wrong("templates", &said, "write it as docs/connectors/cluster_api.md shows".to_owned())
            })?,
        };
        let front = match connection.setting("nodeAddress") {
            None | Some("workers") => Front::Workers,
            Some("controlPlane") => Front::ControlPlane,
            Some(text) => Front::Fixed(text.parse().map_err(|error| {
                let remedy = "give an IP address, or one of: workers, controlPlane".to_owned();
                wrong("nodeAddress", &format!("`{text}`: {error}"), remedy)
            })?),
        };
        Ok(Self { namespace: connection.setting("namespace").unwrap_or("default").to_owned(), templates, front })
    }

    /// The template of an order, by its name or by what it must have; None where there is none.
    pub(super) fn template(&self, order: &MachineOrder) -> Option<(&str, &Template)> {
        if let Some(item) = &order.item {
            return self.templates.get_key_value(item).map(|(name, template)| (name.as_str(), template));
        }
        let fitting = self.templates.iter().filter(|(_, template)| covers(template, order.amounts));
        let size = |template: &Template| (template.room().gpus, template.room().cpu_milli, template.room().memory_mib);
        fitting.min_by_key(|(_, template)| size(template)).map(|(name, template)| (name.as_str(), template))
    }
}

fn covers(template: &Template, amounts: Amounts) -> bool {
    let room = template.room();
    room.covers(if room.disk_mib == 0 { Amounts { disk_mib: 0, ..amounts } } else { amounts })
}
