//! How a machine becomes a free node again: undeployed and cleaned.

use super::{Ironic, MARK, node::Node};
use crate::connectors::{MachineOrder, Removal};
use hansa_repository::system::{SystemError, SystemErrorKind};
use serde_json::{Value, json};

impl Ironic {
    pub(super) async fn release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let allocation = match self.allocation(order).await {
            Ok(found) => found,
            // Somebody else's of our name: nothing of ours is there.
            Err(error) if error.kind == SystemErrorKind::Forbidden && error.said.contains("has not made") => None,
            Err(error) => return Err(error),
        };
        let uuid = allocation.as_ref().and_then(|allocation| allocation.node_uuid.as_deref());
        let node = match uuid {
            Some(uuid) => self.node(uuid).await?,
            None => self.marked(order).await?,
        };
        let Some(node) = node else {
            if allocation.is_some() {
                self.allocation_delete(order).await?;
            }
            return Ok(Removal::Gone);
        };
        let owned = allocation.is_some();
        let name = node.name();
        match node.state() {
            "available" | "manageable" | "enroll" => {
                // Deployment has never begun, or all is done.
                if let Some(busy) = self.mark_remove(&node).await? {
                    return Ok(Removal::Pending(busy));
                }
                if owned {
                    self.allocation_delete(order).await?;
                }
                Ok(Removal::Gone)
            }
            "active" | "deploy failed" | "error" | "wait call-back" | "deploy hold" | "rescue" | "rescue failed"
            | "unrescue failed" | "service failed" | "service wait"
                if owned =>
            {
                let busy = self.provision(&node, "deleted", json!({})).await?;
                Ok(Removal::Pending(busy.unwrap_or_else(|| format!("node {name} is being undeployed"))))
            }
            "clean failed" => Err(self.error(
                &format!("clean node {name} after {}", order.name),
                SystemErrorKind::Failed,
                node.trouble(),
                "repair the node, then `manage` and `provide` it in Ironic; until then nobody gets it",
            )),
            state => Ok(Removal::Pending(format!("node {name}: {state}"))),
        }
    }

    /// The node that still has the machine's mark, though the allocation has gone.
    async fn marked(&self, order: &MachineOrder) -> Result<Option<Node>, SystemError> {
        let machine = order.machine.to_string();
        if let Some(host) = &order.host {
            return Ok(self.node(host).await?.filter(|node| node.mark() == Some(&machine)));
        }
        Ok(self.nodes().await?.into_iter().find(|node| node.mark() == Some(&machine)))
    }

    pub(super) async fn mark_remove(&self, node: &Node) -> Result<Option<String>, SystemError> {
        let mut patch = Vec::new();
        if node.mark().is_some() {
            patch.push(json!({ "op": "remove", "path": format!("/extra/{MARK}") }));
        }
        if node.is_written() {
            patch.push(json!({ "op": "replace", "path": "/instance_info", "value": {} }));
        }
        if patch.is_empty() { Ok(None) } else { self.patch(node, Value::Array(patch)).await }
    }
}
