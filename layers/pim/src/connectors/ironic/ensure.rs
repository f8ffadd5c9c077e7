//! How a node becomes a machine: allocated, deployed, powered.

use super::{
    Ironic, MARK,
    node::{Allocation, Node},
};
use crate::connectors::{Delivery, MachineOrder};
use hansa_repository::system::{Room, SystemError, SystemErrorKind};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// A node that is to be asked for, or why it has to be waited for.
enum Choice {
    Of { class: String, nodes: Vec<String> },
    Wait(String),
}

impl Ironic {
    pub(super) async fn ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let Some(allocation) = self.allocation(order).await? else {
            return self.allocate(order).await.map(Delivery::Pending);
        };
        match (allocation.state.as_deref(), &allocation.node_uuid) {
            (Some("error"), _) => Err(self.unallocated(order, &allocation).await?),
            (Some("active"), Some(uuid)) => match self.node(uuid).await? {
                Some(node) => self.deployed(order, &node).await,
                None => {
                    // The node was deleted: what is left of the allocation is worth nothing.
                    self.allocation_delete(order).await?;
                    Ok(Delivery::Pending(format!("its node {uuid} has vanished; another is looked for")))
                }
            },
            _ => Ok(Delivery::Pending("Ironic chooses the node".to_owned())),
        }
    }

    /// An allocation that failed is taken away; its reason is the answer.
    async fn unallocated(&self, order: &MachineOrder, found: &Allocation) -> Result<SystemError, SystemError> {
        self.allocation_delete(order).await?;
        let said = found.last_error.as_deref().unwrap_or("no reason is told");
        let action = format!("allocate a node for {}", order.name);
        Ok(self.error(&action, SystemErrorKind::NoRoom, said, "add nodes, or wait until one is free"))
    }

    async fn allocate(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let (class, nodes) = match self.choice(order).await? {
            Choice::Of { class, nodes } => (class, nodes),
            Choice::Wait(text) => return Ok(text),
        };
        let mut body = json!({ "name": order.name, "resource_class": class, "extra": order.labels });
        if let (false, Some(fields)) = (nodes.is_empty(), body.as_object_mut()) {
            fields.insert("candidate_nodes".to_owned(), json!(nodes));
        }
        let call = self.api.call(Method::POST, &["allocations"], format!("allocate a node for {}", order.name));
        let call = call.json(&body);
        let answer = self.api.send(&call).await?;
        // A conflict: an earlier try was heard after all, and the next round finds it.
        if answer.status.is_success() || answer.status == StatusCode::CONFLICT {
            return Ok("Ironic chooses the node".to_owned());
        }
        Err(self.api.refusal(&call, &answer))
    }

    async fn choice(&self, order: &MachineOrder) -> Result<Choice, SystemError> {
        let no_room = |said: String| {
            let action = format!("choose a node for {}", order.name);
            self.error(&action, SystemErrorKind::NoRoom, said, "choose another node, or wait until one is free")
        };
        if let Some(host) = &order.host {
            let node = self.node(host).await?.ok_or_else(|| no_room(format!("there is no node {host} any more")))?;
            return self.made_free(&node).await.map_err(|error| match error {
                Refused::Node(said) => no_room(said),
                Refused::System(error) => error,
            });
        }
        if let Some(class) = &order.item {
            return Ok(Choice::Of { class: class.clone(), nodes: Vec::new() });
        }
        let wanted = Room::from(order.amounts);
        let mut nodes = self.nodes().await?;
        nodes.retain(|node| node.is_free() && node.resource_class.is_some() && node.has(wanted));
        nodes.sort_by_key(|node| {
            let room = node.room();
            (room.gpus, room.cpu_milli, room.memory_mib, room.disk_mib, node.uuid.clone())
        });
        let class = nodes.first().and_then(|node| node.resource_class.clone());
        let class = class.ok_or_else(|| no_room("no free node has what is needed".to_owned()))?;
        nodes.retain(|node| node.resource_class.as_ref() == Some(&class));
        Ok(Choice::Of { class, nodes: nodes.into_iter().map(|node| node.uuid).collect() })
    }

    /// A chosen node on its way to `available`, as far as that is ours to do.
    async fn made_free(&self, node: &Node) -> Result<Choice, Refused> {
        let name = node.name();
        let wait = |busy: Option<String>, text: String| Ok(Choice::Wait(busy.unwrap_or(text)));
        if node.maintenance || node.retired {
            let reason = node.maintenance_reason.as_deref().unwrap_or("no reason is told");
            let what = if node.retired { "retired".to_owned() } else { format!("in maintenance: {reason}") };
            return Err(Refused::Node(format!("node {name} is {what}")));
        }
        match node.state() {
            "available" if node.instance_uuid.is_some() => {
                Err(Refused::Node(format!("node {name} was given to somebody else")))
            }
            // An allocation wants a node whose power is known.
            "available" if node.power_state.is_none() => {
                wait(self.power(node, "power off").await?, format!("node {name}: its power is looked at"))
            }
            "available" => match &node.resource_class {
                Some(class) => Ok(Choice::Of { class: class.clone(), nodes: vec![node.uuid.clone()] }),
                None => Err(Refused::Node(format!("node {name} has no resource class, so it can't be allocated"))),
            },
            "enroll" if self.adopts() => {
                wait(self.provision(node, "manage", json!({})).await?, format!("node {name} is being verified"))
            }
            "manageable" if self.adopts() && node.power_state.is_none() => {
                wait(self.power(node, "power off").await?, format!("node {name}: its power is looked at"))
            }
            "manageable" if self.adopts() => {
                wait(self.provision(node, "provide", json!({})).await?, format!("node {name} is being provided"))
            }
            state @ ("enroll" | "manageable") => {
                let hint = node.last_error.as_deref().map(|error| format!(" ({error})")).unwrap_or_default();
                Err(Refused::Node(format!("node {name} is in the state `{state}`{hint}, and `adopt` is not set")))
            }
            state @ ("verifying" | "inspecting" | "inspect wait" | "adopting") if self.adopts() => {
                Ok(Choice::Wait(format!("node {name}: {state}")))
            }
            state @ ("cleaning" | "clean wait" | "clean hold" | "deleting") => {
                Ok(Choice::Wait(format!("node {name}: {state}, after its last user")))
            }
            state if state.ends_with("failed") => Err(Refused::Node(node.trouble())),
            state => Err(Refused::Node(format!("node {name} is in the state `{state}`"))),
        }
    }

    /// The machine's node on its way to `active`.
    async fn deployed(&self, order: &MachineOrder, node: &Node) -> Result<Delivery, SystemError> {
        let name = node.name();
        let pending = |busy: Option<String>, text: String| Ok(Delivery::Pending(busy.unwrap_or(text)));
        match node.state() {
            "available" if node.maintenance => {
                self.allocation_delete(order).await?;
                let reason = node.maintenance_reason.as_deref().unwrap_or("no reason is told");
                let said = format!("node {name} was put into maintenance: {reason}");
                Err(self.error(
                    "deploy it",
                    SystemErrorKind::NoRoom,
                    said,
                    "end the maintenance, or choose another node",
                ))
            }
            "available" => self.deploy(order, node).await,
            "active" if node.power_state.as_deref() == Some("power on") => {
                Ok(Delivery::Ready { address: node.address(), id: node.uuid.clone() })
            }
            "active" if node.target_power_state.is_some() || node.reservation.is_some() => {
                pending(None, format!("node {name}: its power is being changed"))
            }
            "active" if node.maintenance => {
                let reason = node.maintenance_reason.as_deref().unwrap_or("no reason is told");
                pending(None, format!("node {name} is without power, and in maintenance: {reason}"))
            }
            "active" => pending(self.power(node, "power on").await?, format!("node {name} is being powered on")),
            "deploy failed" | "error" => {
                let said = node.trouble();
                let busy = self.provision(node, "deleted", json!({})).await?;
                let end = busy.map(|text| format!("; it is undeployed later: {text}"));
                let action = format!("deploy {}", order.name);
                let remedy = "look at the node in Ironic; it is being undeployed";
                Err(self.error(&action, SystemErrorKind::Failed, said + &end.unwrap_or_default(), remedy))
            }
            state => pending(None, format!("node {name}: {state}")),
        }
    }

    async fn deploy(&self, order: &MachineOrder, node: &Node) -> Result<Delivery, SystemError> {
        let name = node.name();
        let mut patch =
            vec![json!({ "op": "add", "path": format!("/extra/{MARK}"), "value": order.machine.to_string() })];
        for (key, value) in self.instance_info(order) {
            patch.push(json!({ "op": "add", "path": format!("/instance_info/{key}"), "value": value }));
        }
        if let Some(busy) = self.patch(node, Value::Array(patch)).await? {
            return Ok(Delivery::Pending(busy));
        }
        let more = order.user_data(self.setting("user-data")).map_or(json!({}), |text| {
            json!({ "configdrive": { "user_data": text, "meta_data": {
                "uuid": order.machine.to_string(), "name": order.name, "hostname": order.name, "meta": order.labels } } })
        });
        match self.provision(node, "active", more).await {
            Ok(busy) => Ok(Delivery::Pending(busy.unwrap_or_else(|| format!("node {name} is being deployed")))),
            // It will not do so at the next try either: the node is given back.
            Err(error) if error.kind == SystemErrorKind::Invalid => {
                self.mark_remove(node).await?;
                self.allocation_delete(order).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// What is put onto the node (Ironic's "instance_info"), by the system's settings.
    fn instance_info(&self, order: &MachineOrder) -> Map<String, Value> {
        let names = [
            ("image", "image_source"),
            ("image-checksum", "image_checksum"),
            ("image-hash", "image_os_hash_value"),
            ("image-hash-algorithm", "image_os_hash_algo"),
            ("image-type", "image_type"),
            ("kernel", "kernel"),
            ("ramdisk", "ramdisk"),
            ("root-gb", "root_gb"),
        ];
        let told = names
            .iter()
            .filter_map(|(ours, theirs)| Some(((*theirs).to_owned(), Value::String(self.setting(ours)?.to_owned()))));
        let name = ("display_name".to_owned(), Value::String(order.name.clone()));
        told.chain([name]).collect()
    }
}

/// Why a chosen node can't be had.
enum Refused {
    Node(String),
    System(SystemError),
}

impl From<SystemError> for Refused {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}
