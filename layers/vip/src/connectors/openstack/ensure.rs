//! How a server is made: its size, what it starts from, its network, then the
//! server itself, in an order in which each step may be repeated.

use super::{OpenStack, flavour::Flavour, is_id, text, volume::Booting};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_pim::{Delivery, MachineOrder};
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::Method;
use serde_json::{Value, json};

impl OpenStack {
    pub(super) async fn ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let servers = self.servers(order).await?;
        let Some((first, spare)) = servers.split_first() else {
            return self.make(order).await.map(Delivery::Pending);
        };
        for server in spare.iter().filter(|server| !server.is_leaving()) {
            self.server_delete(server).await?;
        }
        self.standing(order, first).await
    }

    async fn make(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let flavour = self.flavour(order).await?;
        let image = self.image().await?;
        self.quota_check(order, &flavour).await?;
        let boots = self.volume(order, &image).await?;
        if let Booting::Wait(text) = boots {
            return Ok(text);
        }
        let networks = self.networks(order).await?;
        let body = self.body(order, &flavour, &image, &boots, &networks);
        let call = self.nova.call(Method::POST, &["servers"], format!("create the server {}", order.name));
        let mut call = call.json(&json!({ "server": body }));
        // It names no server, so a second one could be made of it: the next round looks for the first.
        call.may_repeat = false;
        match self.nova.ok(&call).await {
            Ok(_) => Ok(format!("server {} of the flavour {} is being built", order.name, flavour.name)),
            // The port is still held by the server of before, which somebody has deleted.
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(error.said),
            Err(error) => Err(error),
        }
    }

    /// The image of the settings, by id.
    async fn image(&self) -> Result<String, SystemError> {
        let wanted =
            self.setting("image").ok_or_else(|| self.unset("image", "it says not what machines start from"))?;
        let glance = self.glance.as_ref().ok_or_else(|| self.unset("image", "the cloud has no service `image`"))?;
        let action = format!("look up the image {wanted}");
        if is_id(wanted)
            && let Some(image) = glance.maybe::<Value>(&glance.get(&["images", wanted], &[], &action)).await?
        {
            return Ok(text(&image, "id").to_owned());
        }
        let call = glance.get(&["images"], &[("name", wanted), ("status", "active")], &action);
        let image = self.only("image", wanted, &glance.json(&call).await?, "images")?;
        Ok(text(&image, "id").to_owned())
    }

    /// What the server is connected to: ports of ours, or what Nova chooses.
    async fn networks(&self, order: &MachineOrder) -> Result<Value, SystemError> {
        if self.setting("network").is_none() {
            for needs in ["subnet", "floating-network", "ports", "security-groups"] {
                if self.setting(needs).is_some() {
                    return Err(self.unset(needs, "it needs `network`, which is not set"));
                }
            }
            return Ok(json!(if self.neutron.is_some() { "auto" } else { "none" }));
        }
        let group = self.group(order).await?;
        let ports = self.ports(order, &group).await?;
        Ok(ports.iter().map(|port| json!({ "port": text(port, "id") })).collect())
    }

    fn body(&self, order: &MachineOrder, flavour: &Flavour, image: &str, boots: &Booting, networks: &Value) -> Value {
        let mut body = json!({ "name": order.name, "flavorRef": flavour.id, "metadata": order.labels,
            "networks": networks });
        let Some(fields) = body.as_object_mut() else { return body };
        match boots {
            Booting::From(volume) => {
                let device = json!([{ "boot_index": 0, "uuid": volume, "source_type": "volume",
                    "destination_type": "volume", "delete_on_termination": false }]);
                fields.insert("block_device_mapping_v2".to_owned(), device);
            }
            _ => {
                fields.insert("imageRef".to_owned(), json!(image));
            }
        }
        for (ours, theirs) in [("key", "key_name"), ("availability-zone", "availability_zone")] {
            if let Some(value) = self.setting(ours) {
                fields.insert(theirs.to_owned(), json!(value));
            }
        }
        if let Some(data) = order.user_data(self.setting("user-data")) {
            fields.insert("user_data".to_owned(), json!(STANDARD.encode(data)));
        }
        if self.setting("config-drive").is_some_and(|value| matches!(value, "yes" | "true")) {
            fields.insert("config_drive".to_owned(), json!(true));
        }
        body
    }

    /// What a server's end says of its kind.
    pub(super) fn broken(&self, order: &MachineOrder, said: &str) -> SystemError {
        let exhausted = said.contains("Exceeded maximum number of retries");
        let kind = hansa_pim::connectors::keystone::kind_of_words(said)
            .or(exhausted.then_some(SystemErrorKind::NoRoom))
            .unwrap_or(SystemErrorKind::Failed);
        let remedy = match kind {
            SystemErrorKind::NoRoom => "choose another flavour or availability zone, or wait until there is room",
            SystemErrorKind::Quota => "raise the project's quotas, or release what is not needed",
            _ => "look at the image, the flavour and the settings; the half-made server was taken away",
        };
        self.error(&format!("build the server {}", order.name), kind, said, remedy)
    }
}
