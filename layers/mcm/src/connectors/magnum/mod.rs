//! Clusters that OpenStack Magnum makes (Container Infrastructure Management
//! API v1): each machine is one cluster of the machine's name, with our labels
//! among its own.

mod certificate;
mod cluster;
mod discover;
mod ensure;
mod template;

use super::{ClusterKeeper, door::handed_on, leaving::Patience};
use async_trait::async_trait;
use certificate::Issued;
use chrono::{DateTime, Utc};
use hansa_pim::{
    Delivery, MachineConnector, MachineOrder, Removal,
    connectors::keystone::{Keystone, OpenStackApi},
};
use hansa_repository::system::{ClusterDoor, Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use std::{collections::BTreeMap, sync::Arc};

/// The first microversion that both resizes (1.7) and upgrades (1.8).
const VERSION: &str = "container-infra 1.8";
/// What is read here and by the login; [`HANDED_ON`] is read where the clusters are used.
const NAMES: [&str; 9] = [
    "node-count",
    "master-count",
    "key",
    "create-timeout",
    "nodeAddress",
    "region",
    "interface",
    "project",
    "project-domain",
];

/// A Magnum, as the account of its credential sees it.
#[derive(Debug)]
struct Magnum {
    keystone: Arc<Keystone>,
    magnum: OpenStackApi,
    nova: Option<OpenStackApi>,
    connection: SystemConnection,
    /// Certificates that were issued to us, by the cluster's id.
    issued: tokio::sync::Mutex<BTreeMap<String, Issued>>,
    patience: Patience,
}

/// For [`super::MAKERS`]: logs in, and looks where the services are.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move { Ok(Arc::new(Magnum::new(connection).await?) as Arc<dyn MachineConnector>) })
}

/// For [`super::DOORS`].
pub(super) fn keeper(connection: SystemConnection) -> Connecting<dyn ClusterKeeper> {
    Box::pin(async move { Ok(Arc::new(Magnum::new(connection).await?) as Arc<dyn ClusterKeeper>) })
}

impl Magnum {
    async fn new(connection: SystemConnection) -> Result<Self, SystemError> {
        let keystone = Arc::new(Keystone::new(&connection)?);
        let types = ["container-infrastructure-management", "container-infra"];
        let magnum = OpenStackApi::of(&keystone, &types, Some("v1")).await?.ok_or_else(|| {
            let said = "the service catalogue has no service of the type `container-infra`";
            let remedy = "name another region, or another cloud; without Magnum, connect it as `openstack`";
            keystone.http().complaint("look for Magnum", SystemErrorKind::Unsupported, said, remedy)
        })?;
        let nova = OpenStackApi::of(&keystone, &["compute"], Some("v2.1")).await?;
        let magnum = magnum.at("openstack-api-version", VERSION);
        let this = Self {
            keystone,
            magnum,
            nova,
            connection,
            issued: tokio::sync::Mutex::default(),
            patience: Patience::default(),
        };
        this.check()?;
        Ok(this)
    }

    /// The settings, before anything is asked by them.
    fn check(&self) -> Result<(), SystemError> {
        let names = || NAMES.iter().chain(handed_on());
        let all = &self.connection.system.settings;
        if let Some(unknown) = all.keys().find(|name| !names().any(|known| known == name)) {
            let known: Vec<&str> = names().copied().collect();
            return Err(self.unset(unknown, format!("there is no such setting; there are: {}", known.join(", "))));
        }
        for name in ["node-count", "master-count", "create-timeout"] {
            self.number(name)?;
        }
        self.front().map(drop)
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.connection.setting(name).map(str::trim).filter(|value| !value.is_empty())
    }

    fn number(&self, name: &str) -> Result<Option<u32>, SystemError> {
        let Some(text) = self.setting(name) else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(number) if (1..=1_000).contains(&number) => Ok(Some(number)),
            _ => Err(self.unset(name, format!("`{text}` is no number from 1 to 1000"))),
        }
    }

    /// Where what nodes expose is reached; None: at one of them.
    fn front(&self) -> Result<Option<std::net::IpAddr>, SystemError> {
        let read = |text: &str| {
            text.parse().map_err(|error| self.unset("nodeAddress", format!("`{text}` is no IP address: {error}")))
        };
        self.setting("nodeAddress").map(read).transpose()
    }

    /// Workers of a cluster, at least.
    fn nodes(&self) -> u32 {
        self.number("node-count").ok().flatten().unwrap_or(1)
    }

    fn error(&self, action: &str, kind: SystemErrorKind, said: impl AsRef<str>, remedy: &str) -> SystemError {
        self.magnum.http().complaint(action, kind, said, remedy)
    }

    /// A setting that can't be followed.
    fn unset(&self, name: &str, said: impl AsRef<str>) -> SystemError {
        let action = format!("follow the setting `{name}`");
        self.error(&action, SystemErrorKind::Invalid, said, &format!("correct `{name}` of the system"))
    }
}

#[async_trait]
impl MachineConnector for Magnum {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.look_around(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        self.ensure(order).await
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        self.release(&order.name).await
    }
}

#[async_trait]
impl ClusterKeeper for Magnum {
    async fn door(&self, cluster: &str) -> Result<ClusterDoor, SystemError> {
        self.open(cluster).await
    }
}
