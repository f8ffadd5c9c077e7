//! The host of a daemon: what it has, and what the domains of others use.

use super::{Libvirt, domain, field};
use crate::connectors::xml::Element;
use chrono::{DateTime, Utc};
use hansa_repository::system::{Host, HostState, Room, SystemError, SystemImage, SystemReport};
use std::collections::BTreeMap;

impl Libvirt {
    /// What the daemon's host has now.
    pub(super) async fn report(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let version = self.virsh.ask("read its version", &["version"]).await?;
        let running = field(&version, "Running hypervisor").unwrap_or("of an unknown hypervisor");
        let library = field(&version, "Using library").unwrap_or("libvirt");
        let mut report = SystemReport::new(now, format!("{library}, {running}"));
        let node = self.virsh.ask("read its host", &["nodeinfo"]).await?;
        let name = self.virsh.ask("read its host", &["hostname"]).await?.trim().to_owned();
        let mut capacity = Room {
            cpu_milli: number(&node, "CPU(s)").saturating_mul(1_000),
            memory_mib: number(&node, "Memory size") / 1_024,
            ..Room::default()
        };
        let mut others = self.others().await?;
        let pool = self.settings.pool.as_str();
        match self.virsh.ask("look at the pool", &["pool-info", pool, "--bytes"]).await {
            Ok(told) => {
                capacity.disk_mib = number(&told, "Capacity") >> 20;
                others.disk_mib = number(&told, "Allocation") >> 20;
            }
            Err(error) => report.notes.push(error.to_string()),
        }
        if let Some(image) = &self.settings.image {
            report.images.push(SystemImage { id: image.clone(), name: image.clone() });
        }
        let facts = [("model", "CPU model"), ("sockets", "CPU socket(s)"), ("frequency", "CPU frequency")];
        let facts = facts.iter().filter_map(|(key, name)| Some(((*key).to_owned(), field(&node, name)?.to_owned())));
        report.hosts.push(Host {
            name,
            address: None,
            state: HostState::Ready,
            capacity,
            used_by_others: others,
            labels: BTreeMap::new(),
            power_watts: None,
            temperature_celsius: None,
            facts: facts.collect(),
        });
        Ok(report)
    }

    /// What domains that are not ours may use while they run.
    async fn others(&self) -> Result<Room, SystemError> {
        let told = self.virsh.ask("list its domains", &["list", "--name"]).await?;
        let mut used = Room::default();
        for name in told.lines().map(str::trim).filter(|name| !name.is_empty()) {
            let Some(text) = self.virsh.find("look at a domain", &["dumpxml", name]).await? else { continue };
            let Ok(found) = Element::parse(&text) else { continue };
            if domain::labels(&found).get("hansa-broker").map(String::as_str) != Some(&*self.broker) {
                let count = |path: &str| found.text(path).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
                used.cpu_milli += count("vcpu").saturating_mul(1_000);
                used.memory_mib += count("memory") / 1_024;
            }
        }
        Ok(used)
    }
}

fn number(told: &str, name: &str) -> u64 {
    field(told, name).and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0)
}
