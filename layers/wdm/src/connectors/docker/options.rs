//! How this connector works in one system: what the system's settings say.

use super::images::PullPolicy;
use crate::{WdmError, model::WorkloadSpec};
use hansa_repository::system::SystemConnection;
use std::{net::IpAddr, sync::Arc};

/// How many processes and threads one container may have, where no setting says otherwise.
const PIDS: i64 = 4_096;
/// Between the request to end and the end by force, where no setting says otherwise.
const GRACE_SECONDS: i64 = 10;

/// What the system's settings say, and whose containers these are.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// The system's name.
    pub(super) system: String,
    /// This broker's id.
    pub(super) broker: Arc<str>,
    /// `pullPolicy`.
    pub(super) pull: PullPolicy,
    /// `publishOn`: ports are published on this address instead of the node's.
    pub(super) publish_on: Option<IpAddr>,
    /// `pidsLimit`.
    pub(super) pids: i64,
    /// `stopGraceSeconds`.
    pub(super) grace_seconds: i64,
    /// It is Podman.
    pub(super) podman: bool,
}

impl Options {
    /// Reads the settings; the error says what is wrong with one.
    pub(super) fn read(connection: &SystemConnection, podman: bool) -> Result<Self, String> {
        let number = |name: &str, usual: i64, most: i64| match connection.setting(name) {
            None => Ok(usual),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| format!("the setting {name} is `{text}`; write a number from 1 to {most}")),
        };
        let publish_on = match connection.setting("publishOn") {
            None => None,
            Some(text) => Some(text.parse().map_err(|error| {
                format!("the setting publishOn is `{text}`: {error}; write an address of the engine's machine")
            })?),
        };
        Ok(Self {
            system: connection.system.name.clone(),
            broker: Arc::clone(&connection.broker),
            pull: PullPolicy::read(connection.setting("pullPolicy"))?,
            publish_on,
            pids: number("pidsLimit", PIDS, 4_194_304)?,
            grace_seconds: number("stopGraceSeconds", GRACE_SECONDS, 3_600)?,
            podman,
        })
    }

    /// That containers alone run here.
    pub(super) fn refuses(&self, spec: &WorkloadSpec) -> WdmError {
        let system = format!("system {}", self.system);
        WdmError::NoConnector { component: spec.component.clone(), system, package: spec.package.kind() }
    }
}
