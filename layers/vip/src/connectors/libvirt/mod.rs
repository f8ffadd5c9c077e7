//! Virtual machines by libvirt: a domain with a disk over a base image, and a
//! disc with user data. By its client `virsh`, not by its library: that is C
//! and a licence of its own, and a hypervisor that hangs would hold our threads.

mod domain;
mod inventory;
mod settings;
mod storage;
mod virsh;

use super::xml::Element;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_pim::{Delivery, MachineConnector, MachineOrder, Removal};
use hansa_repository::system::{Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use settings::Settings;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use virsh::Virsh;

/// The domains of one daemon.
#[derive(Debug)]
struct Libvirt {
    virsh: Virsh,
    settings: Settings,
    broker: Arc<str>,
    /// When each domain was asked to end. Forgotten with the process: then it is asked again.
    asked: Mutex<BTreeMap<String, Instant>>,
    /// The last known address of each domain since it was started: an agent
    /// that is busy now takes none away.
    addresses: Mutex<BTreeMap<String, IpAddr>>,
}

/// Makes the connector. Nothing is asked of the daemon yet.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move {
        let virsh = Virsh::new(&connection);
        let wrong = |remedy: &str| virsh.complaint("read its settings", SystemErrorKind::Invalid, "", remedy);
        if connection.secret.is_some() {
            return Err(wrong(
                "leave the credential away: libvirt is opened by the account's own keys and certificates",
            ));
        }
        let settings = Settings::read(&connection).map_err(|remedy| wrong(&remedy))?;
        let (asked, addresses) = (Mutex::default(), Mutex::default());
        Ok(Arc::new(Libvirt { virsh, settings, broker: connection.broker, asked, addresses })
            as Arc<dyn MachineConnector>)
    })
}

#[async_trait]
impl MachineConnector for Libvirt {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.report(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let name = order.name.as_str();
        let Some(found) = self.domain(order).await? else {
            self.volumes_ensure(order).await?;
            self.define(order).await?;
            self.virsh.ask("start the domain", &["start", name]).await?;
            return Ok(Delivery::Pending(format!("domain {name} starts")));
        };
        if !self.is_ours(&found, order) {
            let said = format!("there is a domain {name} that is not this machine of this broker");
            let remedy = "rename or remove it; nothing of others is touched";
            return Err(self.virsh.complaint("find the domain", SystemErrorKind::Conflict, &said, remedy));
        }
        match self.state(name).await?.as_str() {
            "running" | "blocked" | "idle" => self.ready(order).await,
            state @ ("paused" | "pmsuspended") => {
                let wake = if state == "paused" { "resume" } else { "dompmwakeup" };
                self.virsh.ask("wake the domain", &[wake, name]).await?;
                Ok(Delivery::Pending(format!("domain {name} goes on")))
            }
            "shut off" | "crashed" => {
                self.known().remove(name);
                // Somebody may have removed a volume, too.
                self.volumes_ensure(order).await?;
                self.virsh.ask("start the domain", &["start", name]).await?;
                Ok(Delivery::Pending(format!("domain {name} starts")))
            }
            other => Ok(Delivery::Pending(format!("domain {name} is {other}"))),
        }
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let name = order.name.as_str();
        if let Some(found) = self.domain(order).await? {
            if !self.is_ours(&found, order) {
                return Ok(Removal::Gone);
            }
            if !matches!(self.state(name).await?.as_str(), "shut off" | "crashed") {
                return self.end(name).await;
            }
            self.asked().remove(name);
            self.known().remove(name);
            let undefine = ["undefine", name, "--managed-save", "--snapshots-metadata", "--nvram"];
            self.virsh.find("remove the domain", &undefine).await?;
        }
        self.volumes_remove(order).await?;
        Ok(Removal::Gone)
    }
}

impl Libvirt {
    fn asked(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, IpAddr>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the domain to end; after the grace time it is ended.
    async fn end(&self, name: &str) -> Result<Removal, SystemError> {
        let asked = self.asked().get(name).map(Instant::elapsed);
        match asked {
            Some(ago) if ago < self.settings.grace => {}
            Some(_) => drop(self.virsh.find("end the domain", &["destroy", name]).await?),
            None => {
                // One that can't be asked, or ended just now, is looked at by the next round.
                if let Err(error) = self.virsh.ask("ask the domain to end", &["shutdown", name]).await {
                    tracing::debug!(%error, "a domain could not be asked to end");
                }
                self.asked().insert(name.to_owned(), Instant::now());
            }
        }
        Ok(Removal::Pending(format!("domain {name} shuts down")))
    }

    async fn domain(&self, order: &MachineOrder) -> Result<Option<Element>, SystemError> {
        let action = "look at the domain";
        let Some(text) = self.virsh.find(action, &["dumpxml", &order.name]).await? else { return Ok(None) };
        let found = Element::parse(&text);
        found.map(Some).map_err(|why| self.virsh.complaint(action, SystemErrorKind::Failed, &why, ""))
    }

    fn is_ours(&self, found: &Element, order: &MachineOrder) -> bool {
        let (labels, machine) = (domain::labels(found), order.machine.to_string());
        let is = |key: &str, value: &str| labels.get(key).is_some_and(|there| there == value);
        is("hansa-broker", &self.broker) && is("hansa-machine", &machine)
    }

    async fn define(&self, order: &MachineOrder) -> Result<(), SystemError> {
        let action = "define the domain";
        let failed = |error: std::io::Error| {
            self.virsh.complaint(
                action,
                SystemErrorKind::Failed,
                &error.to_string(),
                "free some room for temporary files",
            )
        };
        let folder = tempfile::tempdir().map_err(failed)?;
        let file = folder.path().join("domain.xml");
        tokio::fs::write(&file, domain::document(order, &self.settings)).await.map_err(failed)?;
        self.virsh.ask(action, &["define", &file.to_string_lossy(), "--validate"]).await.map(drop)
    }

    async fn state(&self, name: &str) -> Result<String, SystemError> {
        Ok(self.virsh.ask("look at the domain", &["domstate", name]).await?.trim().to_owned())
    }

    async fn ready(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let (name, source) = (order.name.as_str(), self.settings.address.as_str());
        let id = order.machine.to_string();
        if source == "none" {
            return Ok(Delivery::Ready { address: None, id });
        }
        let listed = self.virsh.ask("read the domain's address", &["domifaddr", name, "--source", source]).await;
        let found = listed.as_deref().ok().and_then(domain::address);
        match found.or_else(|| self.known().get(name).copied()) {
            Some(address) => {
                self.known().insert(name.to_owned(), address);
                Ok(Delivery::Ready { address: Some(address), id })
            }
            // The guest's agent does not answer before the guest has started.
            None => Ok(Delivery::Pending(format!("domain {name} has no address yet (by {source})"))),
        }
    }
}

/// The value of a line `name: value`.
fn field<'a>(told: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = told.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}
