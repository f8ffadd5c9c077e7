//! What an OpenStack has for this account: sizes and how many more of each,
//! images, quotas.

use super::{OpenStack, flavour::Flavour, text};
use chrono::{DateTime, Utc};
use hansa_repository::system::{SystemError, SystemErrorKind, SystemFlavour, SystemImage, SystemQuota, SystemReport};
use serde_json::Value;

/// Images are listed for people to choose from: no more than this many.
const IMAGES: &str = "500";

/// What one host has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) vcpus: u64,
    pub(super) memory_mib: u64,
    /// None: the servers' disks are elsewhere.
    pub(super) disk_gib: Option<u64>,
}

impl OpenStack {
    pub(super) async fn look_around(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let (flavours, compute) = tokio::try_join!(self.flavours(), self.compute_quotas())?;
        let (images, network, volumes, hosts, identity) = tokio::join!(
            self.images(),
            self.network_quotas(),
            self.volume_quotas(),
            self.left(),
            self.keystone.version()
        );
        let identity = identity.unwrap_or_else(|_| "v3".to_owned());
        let mut report =
            SystemReport::new(now, format!("OpenStack, Compute API {}, Identity API {identity}", self.version));
        report.notes.push(format!("the account is {}", self.keystone.whoami().await?));
        let mut note =
            |what: &str, error: SystemError| report.notes.push(format!("{what} could not be looked at: {error}"));
        report.images = images.unwrap_or_else(|error| {
            note("images", error);
            Vec::new()
        });
        report.quotas = compute;
        match network {
            Ok(quotas) => report.quotas.extend(quotas),
            Err(error) => note("network quotas", error),
        }
        match volumes {
            Ok(quotas) => report.quotas.extend(quotas),
            Err(error) => note("volume quotas", error),
        }
        let hosts = match hosts {
            Ok(hosts) => hosts,
            Err(error) if matches!(error.kind, SystemErrorKind::Forbidden | SystemErrorKind::NotFound) => {
                report
                    .notes
                    .push("the account may not see the hosts: free units follow from the quotas alone".to_owned());
                None
            }
            Err(error) => {
                note("hosts", error);
                None
            }
        };
        report.flavours = flavours
            .iter()
            .filter(|flavour| !flavour.disabled)
            .map(|flavour| SystemFlavour {
                name: flavour.name.clone(),
                room: flavour.room(),
                units_free: units(flavour, &report.quotas, hosts.as_deref()),
            })
            .collect();
        self.parts(&mut report);
        Ok(report)
    }

    fn parts(&self, report: &mut SystemReport) {
        report.capabilities.insert("servers".to_owned());
        let parts = [
            ("image", "images", self.glance.is_some()),
            ("network", "ports, security groups, floating addresses", self.neutron.is_some()),
            ("block-storage", "volumes", self.cinder.is_some()),
        ];
        for (service, gives, there) in parts {
            if there {
                report.capabilities.insert(gives.to_owned());
            } else {
                report.notes.push(format!("there is no service `{service}`: no {gives}"));
            }
        }
    }

    async fn images(&self) -> Result<Vec<SystemImage>, SystemError> {
        let Some(glance) = &self.glance else { return Ok(Vec::new()) };
        let call = glance.get(&["images"], &[("status", "active"), ("limit", IMAGES)], "list its images");
        let answer: Value = glance.json(&call).await?;
        let items = answer.get("images").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(items
            .iter()
            .map(|image| SystemImage { id: text(image, "id").to_owned(), name: text(image, "name").to_owned() })
            .collect())
    }

    /// What each host has left, by Placement: one request for all hosts that
    /// could take the least of servers. None: the cloud has no Placement.
    async fn left(&self) -> Result<Option<Vec<Left>>, SystemError> {
        let Some(placement) = &self.placement else { return Ok(None) };
        let query = [("resources", "VCPU:1,MEMORY_MB:1"), ("limit", "5000")];
        let answer: Value =
            placement.json(&placement.get(&["allocation_candidates"], &query, "look at the hosts")).await?;
        Ok(Some(left(&answer)))
    }
}

/// What the hosts have left (Placement API 1.17, `provider_summaries`).
pub(super) fn left(answer: &Value) -> Vec<Left> {
    let summaries = answer.get("provider_summaries").and_then(Value::as_object);
    let free = |summary: &Value, class: &str| {
        let resource = summary.get("resources")?.get(class)?;
        let number = |key: &str| resource.get(key).and_then(Value::as_u64);
        Some(number("capacity")?.saturating_sub(number("used")?))
    };
    summaries
        .into_iter()
        .flat_map(|summaries| summaries.values())
        .filter_map(|summary| {
            Some(Left {
                vcpus: free(summary, "VCPU")?,
                memory_mib: free(summary, "MEMORY_MB")?,
                disk_gib: free(summary, "DISK_GB"),
            })
        })
        .collect()
}

/// How many more servers of a flavour could be had: what the quotas allow, and
/// the hosts have room for where these are known.
pub(super) fn units(flavour: &Flavour, quotas: &[SystemQuota], hosts: Option<&[Left]>) -> Option<u32> {
    let room = flavour.room();
    let by_quota = quotas.iter().filter_map(|quota| {
        let free = quota.limit?.saturating_sub(quota.used);
        match quota.name.as_str() {
            "instances" => Some(free),
            "cores" => free.checked_div(flavour.vcpus()),
            "ram (MiB)" => free.checked_div(flavour.ram()),
            _ => None,
        }
    });
    let by_hosts = hosts.map(|hosts| {
        let on = |host: &Left| {
            let disk = host.disk_gib.and_then(|gib| gib.checked_div(room.disk_mib / 1_024));
            let parts = [host.vcpus.checked_div(flavour.vcpus()), host.memory_mib.checked_div(flavour.ram()), disk];
            parts.into_iter().flatten().min().unwrap_or(0)
        };
        hosts.iter().map(on).sum()
    });
    let least = by_quota.chain(by_hosts).min()?;
    Some(u32::try_from(least).unwrap_or(u32::MAX))
}
