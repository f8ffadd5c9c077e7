//! OpenStack's Ironic: whole servers. A machine is an allocation of the
//! machine's name with our labels in `extra`, and the node that it was given,
//! deployed; when it is released, the node is undeployed and cleaned.

mod discover;
mod ensure;
mod node;
mod release;
mod switch;
#[cfg(test)]
mod tests;

use super::{
    Delivery, MachineConnector, MachineOrder, PowerSwitch, Removal,
    http::HttpSystem,
    keystone::{Keystone, Microversion, OpenStackApi},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_repository::system::{Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use node::{Allocation, Node};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Allocations came with the Stein release; 1.56 lets Ironic build configuration drives.
const OLDEST: Microversion = Microversion(1, 56);
/// The newest whose answers this connector was tried with.
const NEWEST: Microversion = Microversion(1, 90);
const HEADER: &str = "x-openstack-ironic-api-version";
/// The mark of a node that is ours, in its `extra`: it stays through cleaning.
const MARK: &str = "hansa-machine";

/// A bare metal service.
#[derive(Debug)]
pub(super) struct Ironic {
    api: OpenStackApi,
    settings: BTreeMap<String, String>,
    broker: Arc<str>,
    version: Microversion,
}

/// Connects: looks who may ask and which microversion both sides know.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move { Ok(Arc::new(Ironic::new(connection).await?) as Arc<dyn MachineConnector>) })
}

impl Ironic {
    async fn new(connection: SystemConnection) -> Result<Self, SystemError> {
        let api = match &connection.secret {
            None => OpenStackApi::open(HttpSystem::new(&connection)?, &connection.system.address)?,
            Some(_) => {
                let keystone = Arc::new(Keystone::new(&connection)?);
                let found = OpenStackApi::of(&keystone, &["baremetal"], None).await?;
                found.ok_or_else(|| {
                    let said = "the service catalogue has no service of the type `baremetal`";
                    let remedy = "name another region, or register Ironic in Keystone";
                    keystone.http().complaint("look for Ironic", SystemErrorKind::Unsupported, said, remedy)
                })?
            }
        };
        let api = api.versioned(Some("v1"))?;
        let theirs = api.offered("ask Ironic for its version").await?;
        let version = Microversion::negotiated((OLDEST, NEWEST), theirs).ok_or_else(|| {
            let said = format!("it speaks {} to {}; needed is {OLDEST} to {NEWEST}", theirs.0, theirs.1);
            api.http().complaint("agree on a version", SystemErrorKind::Unsupported, said, "use a newer Ironic")
        })?;
        Ok(Self {
            api: api.at(HEADER, &version.to_string()),
            version,
            broker: Arc::clone(&connection.broker),
            settings: connection.system.settings,
        })
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether nodes that Ironic only knows of are made ready for use.
    fn adopts(&self) -> bool {
        self.setting("adopt").is_some_and(|value| matches!(value, "yes" | "true"))
    }

    fn error(&self, action: &str, kind: SystemErrorKind, said: impl AsRef<str>, remedy: &str) -> SystemError {
        self.api.http().complaint(action, kind, said, remedy)
    }

    async fn node(&self, name: &str) -> Result<Option<Node>, SystemError> {
        self.api.maybe(&self.api.get(&["nodes", name], &[], format!("look at the node {name}"))).await
    }

    /// The allocation of a machine, by its name. Somebody else's is an error.
    async fn allocation(&self, order: &MachineOrder) -> Result<Option<Allocation>, SystemError> {
        let action = format!("look up the allocation {}", order.name);
        let found: Option<Allocation> =
            self.api.maybe(&self.api.get(&["allocations", &order.name], &[], &action)).await?;
        match found {
            Some(found) if !found.is_of(order) => Err(self.error(
                &action,
                SystemErrorKind::Forbidden,
                format!("there is an allocation {} that this broker has not made; it is not touched", found.uuid),
                "rename or delete it, if nobody needs it",
            )),
            found => Ok(found),
        }
    }

    async fn allocation_delete(&self, order: &MachineOrder) -> Result<(), SystemError> {
        let action = format!("delete the allocation {}", order.name);
        self.api.delete(&["allocations", &order.name], action).await.map(drop)
    }

    /// Asks for another provision state. `Ok(Some)`: the node is busy, with what.
    async fn provision(&self, node: &Node, target: &str, more: Value) -> Result<Option<String>, SystemError> {
        let mut body = json!({ "target": target });
        if let (Value::Object(more), Some(fields)) = (more, body.as_object_mut()) {
            fields.extend(more);
        }
        let action = format!("bring the node {} to `{target}`", node.name());
        let mut call = self.api.call(Method::PUT, &["nodes", &node.uuid, "states", "provision"], action).json(&body);
        // The first of two may have been heard: the second would be refused.
        call.may_repeat = false;
        self.unless_busy(self.api.ok(&call).await.map(drop), node)
    }

    async fn power(&self, node: &Node, target: &str) -> Result<Option<String>, SystemError> {
        let action = format!("ask the node {} for {target}", node.name());
        let call = self.api.call(Method::PUT, &["nodes", &node.uuid, "states", "power"], action);
        self.unless_busy(self.api.ok(&call.json(&json!({ "target": target }))).await.map(drop), node)
    }

    /// Changes a node's record by JSON Patch (RFC 6902).
    async fn patch(&self, node: &Node, patch: Value) -> Result<Option<String>, SystemError> {
        let action = format!("write into the node {}", node.name());
        let call = self.api.call(Method::PATCH, &["nodes", &node.uuid], action).json(&patch);
        self.unless_busy(self.api.ok(&call).await.map(drop), node)
    }

    /// A node that somebody works on answers 409: it is asked again later.
    #[expect(clippy::unused_self, reason = "it reads as a question to Ironic")]
    fn unless_busy(&self, answer: Result<(), SystemError>, node: &Node) -> Result<Option<String>, SystemError> {
        match answer {
            Ok(()) => Ok(None),
            Err(error) if error.kind == SystemErrorKind::Conflict => {
                Ok(Some(format!("node {}: {}", node.name(), error.said)))
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl MachineConnector for Ironic {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.look_around(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        self.ensure(order).await
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        self.release(order).await
    }

    fn power_switch(&self) -> Option<&dyn PowerSwitch> {
        Some(self)
    }
}
