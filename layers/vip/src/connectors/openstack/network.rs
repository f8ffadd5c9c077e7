//! What a server needs of Neutron: the application's security group, ports, a
//! floating address (Networking API v2.0). All of it carries our labels in its
//! description, and is found by that.

use super::{OpenStack, description, is_id, is_labelled, text};
use hansa_pim::{MachineOrder, connectors::keystone::OpenStackApi};
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::IpAddr};

/// A rule of a security group, as far as two may differ here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) protocol: Option<String>,
    pub(super) ports: Option<(u16, u16)>,
}

/// The labels of what all machines of an application share.
fn shared(order: &MachineOrder) -> BTreeMap<String, String> {
    let mut labels = order.labels.clone();
    labels.remove("hansa-machine");
    labels
}

pub(super) fn group_name(order: &MachineOrder) -> String {
    format!("hansa-app-{}", order.application)
}

impl OpenStack {
    /// The things of a kind that have these labels, whatever their names.
    pub(super) async fn labelled(
        &self,
        neutron: &OpenStackApi,
        list: &str,
        key: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Value>, SystemError> {
        let call = neutron.get(&[list], &[("description", &description(labels))], format!("look up our {list}"));
        let answer: Value = neutron.json(&call).await?;
        let items = answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut ours: Vec<Value> =
            items.into_iter().filter(|item| is_labelled(text(item, "description"), labels)).collect();
        ours.sort_by(|a, b| text(a, "id").cmp(text(b, "id")));
        Ok(ours)
    }

    /// What the machines of an application may be reached at, by the settings.
    pub(super) fn openings(&self) -> Result<Vec<Opening>, SystemError> {
        self.list("ports")
            .into_iter()
            .map(|part| {
                opening(part).ok_or_else(|| {
                    self.unset("ports", format!("`{part}` is no port such as 443, 8000-8080/tcp, 53/udp, icmp or all"))
                })
            })
            .collect()
    }

    /// The application's security group: its machines reach one another, and
    /// everybody reaches what `ports` says.
    pub(super) async fn group(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let neutron = self.neutron()?;
        let labels = shared(order);
        let known = self.labelled(neutron, "security-groups", "security_groups", &labels).await?;
        let group = match known.into_iter().next() {
            Some(group) => group,
            None => {
                let body = json!({ "security_group": {
                    "name": group_name(order), "description": description(&labels) } });
                let call = neutron.call(Method::POST, &["security-groups"], "make the application's security group");
                let mut made: Value = neutron.json(&call.json(&body)).await?;
                made.get_mut("security_group").map(Value::take).unwrap_or_default()
            }
        };
        let id = text(&group, "id").to_owned();
        let rules = self.missing_rules(&group, &id)?;
        if !rules.is_empty() {
            let body = json!({ "security_group_rules": rules });
            let call = neutron.call(Method::POST, &["security-group-rules"], "write the rules of the security group");
            let call = call.json(&body);
            let answer = neutron.send(&call).await?;
            // A conflict: another round has written them just now.
            if !answer.status.is_success() && answer.status != StatusCode::CONFLICT {
                return Err(neutron.refusal(&call, &answer));
            }
            if answer.status == StatusCode::CONFLICT {
                let refusal = neutron.refusal(&call, &answer);
                if refusal.kind.is_refusal() {
                    return Err(refusal);
                }
            }
        }
        Ok(id)
    }

    fn missing_rules(&self, group: &Value, id: &str) -> Result<Vec<Value>, SystemError> {
        let there = group.get("security_group_rules").and_then(Value::as_array).cloned().unwrap_or_default();
        let openings = self.openings()?;
        let sources = self.list("ports-from");
        let sources = if sources.is_empty() { vec!["0.0.0.0/0", "::/0"] } else { sources };
        let mut wanted = Vec::new();
        for family in ["IPv4", "IPv6"] {
            wanted.push(json!({ "security_group_id": id, "direction": "ingress", "ethertype": family,
                "remote_group_id": id }));
        }
        for opening in &openings {
            for source in &sources {
                let mut rule = json!({ "security_group_id": id, "direction": "ingress", "remote_ip_prefix": source,
                    "ethertype": if source.contains(':') { "IPv6" } else { "IPv4" } });
                if let Some(fields) = rule.as_object_mut() {
                    if let Some(protocol) = &opening.protocol {
                        fields.insert("protocol".to_owned(), json!(protocol));
                    }
                    if let Some((low, high)) = opening.ports {
                        fields.insert("port_range_min".to_owned(), json!(low));
                        fields.insert("port_range_max".to_owned(), json!(high));
                    }
                }
                wanted.push(rule);
            }
        }
        Ok(wanted.into_iter().filter(|rule| !there.iter().any(|there| is_same(rule, there))).collect())
    }

    /// A port on each network of the settings, found or made, in their order.
    pub(super) async fn ports(&self, order: &MachineOrder, group: &str) -> Result<Vec<Value>, SystemError> {
        let neutron = self.neutron()?;
        let known = self.labelled(neutron, "ports", "ports", &order.labels).await?;
        let groups = self.groups(group).await?;
        let mut ports = Vec::new();
        for (index, wanted) in self.list("network").into_iter().enumerate() {
            let network = self.network("network", wanted, &[]).await?;
            let id = text(&network, "id");
            if let Some(port) = known.iter().find(|port| text(port, "network_id") == id) {
                self.port_free(neutron, port).await?;
                ports.push(port.clone());
                continue;
            }
            let name = if index == 0 { order.name.clone() } else { format!("{}-{index}", order.name) };
            let mut body = json!({ "name": name, "network_id": id, "security_groups": groups,
                "description": description(&order.labels) });
            if let (0, Some(subnet), Some(fields)) = (index, self.setting("subnet"), body.as_object_mut()) {
                let subnet = self.named("subnet", "subnets", "subnets", subnet, &[("network_id", id)]).await?;
                fields.insert("fixed_ips".to_owned(), json!([{ "subnet_id": text(&subnet, "id") }]));
            }
            let call = neutron.call(Method::POST, &["ports"], format!("make a port for {}", order.name));
            let mut made: Value = neutron.json(&call.json(&json!({ "port": body }))).await?;
            ports.push(made.get_mut("port").map(Value::take).unwrap_or_default());
        }
        Ok(ports)
    }

    /// A port that a server of before still holds, which is gone: it is taken
    /// out of its hand, so that the machine keeps its address.
    async fn port_free(&self, neutron: &OpenStackApi, port: &Value) -> Result<(), SystemError> {
        if text(port, "device_id").is_empty() {
            return Ok(());
        }
        let call = neutron.call(Method::PUT, &["ports", text(port, "id")], "free the port of the server of before");
        let body = json!({ "port": { "device_id": "", "device_owner": "" } });
        match neutron.ok(&call.json(&body)).await {
            // Some clouds leave that to Nova alone, which does it in a moment.
            Err(error) if error.kind == SystemErrorKind::Forbidden => Ok(()),
            other => other.map(drop),
        }
    }

    /// Our group and those that the settings add.
    async fn groups(&self, ours: &str) -> Result<Vec<String>, SystemError> {
        let mut groups = vec![ours.to_owned()];
        for wanted in self.list("security-groups") {
            let found = self.named("security-groups", "security-groups", "security_groups", wanted, &[]).await?;
            groups.push(text(&found, "id").to_owned());
        }
        Ok(groups)
    }

    async fn network(&self, setting: &str, wanted: &str, query: &[(&str, &str)]) -> Result<Value, SystemError> {
        self.named(setting, "networks", "networks", wanted, query).await
    }

    async fn named(
        &self,
        setting: &str,
        list: &str,
        key: &str,
        wanted: &str,
        query: &[(&str, &str)],
    ) -> Result<Value, SystemError> {
        let neutron = self.neutron()?;
        let mut asked = query.to_vec();
        asked.push((if is_id(wanted) { "id" } else { "name" }, wanted));
        let call = neutron.get(&[list], &asked, format!("look up `{wanted}` of the setting `{setting}`"));
        self.only(setting, wanted, &neutron.json(&call).await?, key)
    }

    /// The machine's floating address, found or made, on its first port.
    pub(super) async fn floating(&self, order: &MachineOrder) -> Result<Option<IpAddr>, SystemError> {
        let Some(pool) = self.setting("floating-network") else { return Ok(None) };
        let neutron = self.neutron()?;
        let ports = self.labelled(neutron, "ports", "ports", &order.labels).await?;
        let first = ports.iter().find(|port| text(port, "name") == order.name);
        let port = first
            .map(|port| text(port, "id").to_owned())
            .ok_or_else(|| self.unset("floating-network", "the machine has no port of ours; set `network` too"))?;
        let known = self.labelled(neutron, "floatingips", "floatingips", &order.labels).await?;
        let there = match known.into_iter().next() {
            Some(there) if text(&there, "port_id") == port => there,
            Some(loose) => {
                let id = text(&loose, "id").to_owned();
                let call = neutron.call(Method::PUT, &["floatingips", &id], "join the floating address to its port");
                let mut answer: Value = neutron.json(&call.json(&json!({ "floatingip": { "port_id": port } }))).await?;
                answer.get_mut("floatingip").map(Value::take).unwrap_or_default()
            }
            None => {
                let network = self.network("floating-network", pool, &[("router:external", "true")]).await?;
                let body = json!({ "floatingip": { "floating_network_id": text(&network, "id"), "port_id": port,
                    "description": description(&order.labels) } });
                let call =
                    neutron.call(Method::POST, &["floatingips"], format!("get a floating address for {}", order.name));
                let mut made: Value = neutron.json(&call.json(&body)).await?;
                made.get_mut("floatingip").map(Value::take).unwrap_or_default()
            }
        };
        Ok(text(&there, "floating_ip_address").parse().ok())
    }

    /// Takes away what the machine has of Neutron. `Some`: what is still in use.
    pub(super) async fn network_remove(&self, order: &MachineOrder) -> Result<Option<String>, SystemError> {
        let Some(neutron) = &self.neutron else { return Ok(None) };
        for (list, key) in [("floatingips", "floatingips"), ("ports", "ports")] {
            for item in self.labelled(neutron, list, key, &order.labels).await? {
                if text(&item, "device_owner").starts_with("compute:") {
                    self.port_free(neutron, &item).await?;
                }
                if let Some(busy) = self.drop_of(neutron, list, text(&item, "id")).await? {
                    return Ok(Some(busy));
                }
            }
        }
        for group in self.labelled(neutron, "security-groups", "security_groups", &shared(order)).await? {
            // In use: by another machine of the application, which takes it away as the last one.
            self.drop_of(neutron, "security-groups", text(&group, "id")).await?;
        }
        Ok(None)
    }

    async fn drop_of(&self, neutron: &OpenStackApi, list: &str, id: &str) -> Result<Option<String>, SystemError> {
        match neutron.delete(&[list, id], format!("delete {id} of {list}")).await {
            Ok(_) => Ok(None),
            // Forbidden: a port that Nova has not let go of yet is nobody's but Nova's.
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(Some(error.said)),
            Err(error) if error.kind == SystemErrorKind::Forbidden && list == "ports" => Ok(Some(error.said)),
            Err(error) => Err(error),
        }
    }
}

/// Whether a rule that is there does what the wished one does.
fn is_same(wanted: &Value, there: &Value) -> bool {
    let keys = [
        "direction",
        "ethertype",
        "remote_group_id",
        "remote_ip_prefix",
        "protocol",
        "port_range_min",
        "port_range_max",
    ];
    keys.iter().all(|key| wanted.get(*key).unwrap_or(&Value::Null) == there.get(*key).unwrap_or(&Value::Null))
}

/// `443`, `8000-8080/tcp`, `53/udp`, `icmp`, `all`.
pub(super) fn opening(part: &str) -> Option<Opening> {
    if matches!(part, "all" | "icmp") {
        return Some(Opening { protocol: (part == "icmp").then(|| "icmp".to_owned()), ports: None });
    }
    let (range, protocol) = part.split_once('/').unwrap_or((part, "tcp"));
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let ports: (u16, u16) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    let known = matches!(protocol, "tcp" | "udp" | "sctp") && ports.0 > 0 && ports.0 <= ports.1;
    known.then(|| Opening { protocol: Some(protocol.to_owned()), ports: Some(ports) })
}
