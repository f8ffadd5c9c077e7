//! OpenStack: virtual machines by Nova, their addresses by Neutron, what they
//! start from by Glance and Cinder. A machine is a server of the machine's name
//! with our labels as metadata; its port, floating address, volume and the
//! application's security group carry the labels in their descriptions.

mod discover;
mod ensure;
mod flavour;
mod network;
mod quota;
mod release;
mod server;
mod standing;
#[cfg(test)]
mod tests;
mod volume;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_pim::{
    Delivery, MachineConnector, MachineOrder, Removal,
    connectors::keystone::{Keystone, Microversion, OpenStackApi},
};
use hansa_repository::system::{Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// 2.37 lets a server do without networks; all else is older.
const OLDEST: Microversion = Microversion(2, 37);
/// Later ones take the hypervisors' figures away; none has what is missing here.
const NEWEST: Microversion = Microversion(2, 79);

/// An OpenStack, as the account of its credential sees it.
#[derive(Debug)]
pub(super) struct OpenStack {
    keystone: Arc<Keystone>,
    nova: OpenStackApi,
    neutron: Option<OpenStackApi>,
    glance: Option<OpenStackApi>,
    cinder: Option<OpenStackApi>,
    placement: Option<OpenStackApi>,
    settings: BTreeMap<String, String>,
    version: Microversion,
    calls: Arc<AtomicU64>,
}

/// Connects: logs in, and looks where the services are.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move { Ok(Arc::new(OpenStack::new(connection).await?) as Arc<dyn MachineConnector>) })
}

impl OpenStack {
    async fn new(connection: SystemConnection) -> Result<Self, SystemError> {
        let keystone = Arc::new(Keystone::new(&connection)?);
        let calls = Arc::new(AtomicU64::new(0));
        let nova = OpenStackApi::of(&keystone, &["compute"], Some("v2.1")).await?.ok_or_else(|| {
            let said = "the service catalogue has no service of the type `compute`";
            let remedy = "name another region, or another cloud";
            keystone.http().complaint("look for Nova", SystemErrorKind::Unsupported, said, remedy)
        })?;
        let nova = nova.counted(&calls);
        let theirs = nova.offered("ask Nova for its version").await?;
        let version = Microversion::negotiated((OLDEST, NEWEST), theirs).ok_or_else(|| {
            let said = format!("it speaks {} to {}; needed is {OLDEST} to {NEWEST}", theirs.0, theirs.1);
            nova.http().complaint("agree on a version", SystemErrorKind::Unsupported, said, "use a newer Nova")
        })?;
        let service = async |types: &[&str], version: &str| {
            let found = OpenStackApi::of(&keystone, types, Some(version).filter(|text| !text.is_empty())).await?;
            Ok::<_, SystemError>(found.map(|api| api.counted(&calls)))
        };
        let placement = service(&["placement"], "").await?;
        Ok(Self {
            neutron: service(&["network"], "v2.0").await?,
            glance: service(&["image"], "v2").await?,
            cinder: service(&["block-storage", "volumev3", "volume"], "v3").await?,
            // 1.17 is the first whose allocation candidates sum up the hosts.
            placement: placement.map(|api| api.at("openstack-api-version", "placement 1.17")),
            nova: nova.at("openstack-api-version", &format!("compute {version}")),
            keystone,
            version,
            settings: connection.system.settings,
            calls,
        })
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The parts of a setting that is a list.
    fn list(&self, name: &str) -> Vec<&str> {
        self.setting(name)
            .into_iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect()
    }

    fn error(&self, action: &str, kind: SystemErrorKind, said: impl AsRef<str>, remedy: &str) -> SystemError {
        self.nova.http().complaint(action, kind, said, remedy)
    }

    /// A setting that can't be followed.
    fn unset(&self, name: &str, said: impl AsRef<str>) -> SystemError {
        let action = format!("follow the setting `{name}`");
        self.error(&action, SystemErrorKind::Invalid, said, &format!("correct `{name}` of the system"))
    }

    fn neutron(&self) -> Result<&OpenStackApi, SystemError> {
        self.neutron.as_ref().ok_or_else(|| {
            let remedy = "take `network`, `floating-network` and `ports` out of the system's settings";
            self.error("use networks", SystemErrorKind::Unsupported, "the cloud has no service `network`", remedy)
        })
    }

    /// The one thing that a setting names by id or by name.
    fn only(&self, setting: &str, wanted: &str, found: &Value, list: &str) -> Result<Value, SystemError> {
        let items = found.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match items {
            [] => Err(self.unset(setting, format!("there is no `{wanted}`"))),
            [only] => Ok(only.clone()),
            _ => Err(self.unset(setting, format!("there are {} of the name `{wanted}`; give its id", items.len()))),
        }
    }
}

/// The labels as Neutron keeps them: in the description of a thing.
fn description(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// Whether a description has all of these labels.
fn is_labelled(text: &str, labels: &BTreeMap<String, String>) -> bool {
    let parts: Vec<&str> = text.split_whitespace().collect();
    labels.iter().all(|(name, value)| parts.contains(&format!("{name}={value}").as_str()))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_id(text: &str) -> bool {
    text.len() >= 32 && text.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
}

#[async_trait]
impl MachineConnector for OpenStack {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.look_around(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let before = self.calls.load(Ordering::Relaxed);
        let answer = self.ensure(order).await;
        let calls = self.calls.load(Ordering::Relaxed).saturating_sub(before);
        tracing::debug!(machine = %order.machine, calls, "asked OpenStack for a machine");
        answer
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        self.release(order).await
    }
}
