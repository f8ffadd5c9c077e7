//! The volume that a server starts from, where the settings ask for one
//! (Block Storage API v3). It is made by us and not by Nova, so that it has our
//! labels and goes with the machine whatever becomes of the server.

use super::OpenStack;
use hansa_pim::{MachineOrder, connectors::keystone::OpenStackApi};
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A volume.
#[derive(Debug, Clone, Deserialize)]
struct Volume {
    id: String,
    #[serde(default)]
    name: Option<String>,
    status: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// How far a volume is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Booting {
    /// The settings ask for none.
    None,
    /// It is ready, by this id.
    From(String),
    /// It is being made.
    Wait(String),
}

impl OpenStack {
    /// How large the volume has to be, in GiB. None: the server has a disk of its flavour.
    pub(super) fn volume_gib(&self, order: &MachineOrder) -> Option<u64> {
        let set: u64 = self.setting("volume-gib")?.parse().ok()?;
        Some(set.max(order.amounts.disk_mib.div_ceil(1_024)).max(1))
    }

    fn cinder(&self) -> Result<&OpenStackApi, SystemError> {
        self.cinder.as_ref().ok_or_else(|| {
            let remedy = "take `volume-gib` out of the system's settings";
            self.error(
                "make a volume",
                SystemErrorKind::Unsupported,
                "the cloud has no service `block-storage`",
                remedy,
            )
        })
    }

    async fn volumes(&self, cinder: &OpenStackApi, order: &MachineOrder) -> Result<Vec<Volume>, SystemError> {
        let call = cinder.get(&["volumes", "detail"], &[("name", &order.name)], "look up our volumes");
        let mut answer: Value = cinder.json(&call).await?;
        let items = answer.get_mut("volumes").map(Value::take).unwrap_or_default();
        let found: Vec<Volume> = serde_json::from_value(items).map_err(|error| {
            let said = format!("its answer is not what its API documents: {error}");
            cinder.http().error(&call, SystemErrorKind::Failed, said)
        })?;
        let ours = |volume: &Volume| {
            volume.name.as_deref() == Some(&order.name)
                && order.labels.iter().all(|(name, value)| volume.metadata.get(name) == Some(value))
        };
        Ok(found.into_iter().filter(ours).collect())
    }

    /// The volume that the server starts from, found or made.
    pub(super) async fn volume(&self, order: &MachineOrder, image: &str) -> Result<Booting, SystemError> {
        let Some(gib) = self.volume_gib(order) else {
            return match self.setting("volume-gib") {
                Some(text) => Err(self.unset("volume-gib", format!("`{text}` is no whole number of GiB"))),
                None => Ok(Booting::None),
            };
        };
        let cinder = self.cinder()?;
        let Some(volume) = self.volumes(cinder, order).await?.into_iter().next() else {
            let mut body = json!({ "name": order.name, "size": gib, "imageRef": image, "metadata": order.labels });
            for (ours, theirs) in [("volume-type", "volume_type"), ("availability-zone", "availability_zone")] {
                if let (Some(value), Some(fields)) = (self.setting(ours), body.as_object_mut()) {
                    fields.insert(theirs.to_owned(), json!(value));
                }
            }
            let call =
                cinder.call(Method::POST, &["volumes"], format!("make a volume of {gib} GiB for {}", order.name));
            cinder.ok(&call.json(&json!({ "volume": body }))).await?;
            return Ok(Booting::Wait(format!("the volume {} is being made", order.name)));
        };
        match volume.status.as_str() {
            "available" => Ok(Booting::From(volume.id)),
            "error" => {
                cinder.delete(&["volumes", &volume.id], "delete the half-made volume").await?;
                let said = format!("the volume {} is in the state `error`; it was taken away", volume.id);
                let action = format!("make a volume for {}", order.name);
                Err(self.error(
                    &action,
                    SystemErrorKind::Failed,
                    said,
                    "look at Cinder; is there room and is the image good?",
                ))
            }
            status => Ok(Booting::Wait(format!("the volume {} is {status}", order.name))),
        }
    }

    /// Takes the volume away. `Some`: it is still on its way out.
    pub(super) async fn volume_remove(&self, order: &MachineOrder) -> Result<Option<String>, SystemError> {
        let Some(cinder) = &self.cinder else { return Ok(None) };
        let mut waits = None;
        for volume in self.volumes(cinder, order).await? {
            match volume.status.as_str() {
                "deleting" | "detaching" | "in-use" | "creating" | "downloading" | "uploading" => {}
                "error_deleting" => {
                    let said =
                        format!("the volume {} can't be deleted: it is in the state `error_deleting`", volume.id);
                    return Err(self.error("delete the volume", SystemErrorKind::Failed, said, "look at it in Cinder"));
                }
                _ => {
                    cinder.delete(&["volumes", &volume.id], format!("delete the volume of {}", order.name)).await?;
                }
            }
            waits = Some(format!("the volume {} is {}", order.name, volume.status));
        }
        Ok(waits)
    }
}
