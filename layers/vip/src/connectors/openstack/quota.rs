//! What the project may still have, by its own quotas: asked before anything
//! is made, so that a refusal leaves nothing behind.

use super::{OpenStack, flavour::Flavour};
use hansa_pim::MachineOrder;
use hansa_repository::system::{SystemError, SystemErrorKind, SystemQuota};
use serde_json::Value;

/// The limits of Nova that count servers: the names in `limits.absolute`, ours, and the use.
const NOVA: [(&str, &str, &str); 3] = [
    ("maxTotalInstances", "instances", "totalInstancesUsed"),
    ("maxTotalCores", "cores", "totalCoresUsed"),
    ("maxTotalRAMSize", "ram (MiB)", "totalRAMUsed"),
];

/// The limits of Cinder.
const CINDER: [(&str, &str, &str); 2] = [
    ("maxTotalVolumes", "volumes", "totalVolumesUsed"),
    ("maxTotalVolumeGigabytes", "volume gigabytes", "totalGigabytesUsed"),
];

/// The quotas of Neutron that a machine needs.
const NEUTRON: [&str; 4] = ["port", "floatingip", "security_group", "security_group_rule"];

impl OpenStack {
    /// Nova's quotas of the project.
    pub(super) async fn compute_quotas(&self) -> Result<Vec<SystemQuota>, SystemError> {
        let answer: Value = self.nova.json(&self.nova.get(&["limits"], &[], "look at the compute limits")).await?;
        Ok(absolute(&answer, &NOVA))
    }

    /// Cinder's quotas of the project.
    pub(super) async fn volume_quotas(&self) -> Result<Vec<SystemQuota>, SystemError> {
        let Some(cinder) = &self.cinder else { return Ok(Vec::new()) };
        let answer: Value = cinder.json(&cinder.get(&["limits"], &[], "look at the volume limits")).await?;
        Ok(absolute(&answer, &CINDER))
    }

    /// Neutron's quotas of the project; empty where it does not tell their use.
    pub(super) async fn network_quotas(&self) -> Result<Vec<SystemQuota>, SystemError> {
        let (Some(neutron), Some(project)) = (&self.neutron, self.keystone.project().await?) else {
            return Ok(Vec::new());
        };
        let call = neutron.get(&["quotas", &project, "details"], &[], "look at the network quotas");
        let answer: Option<Value> = match neutron.maybe(&call).await {
            // Some clouds keep it from members.
            Err(error) if error.kind == SystemErrorKind::Forbidden => None,
            other => other?,
        };
        let quota = answer.as_ref().and_then(|answer| answer.get("quota"));
        Ok(NEUTRON
            .iter()
            .filter_map(|name| {
                let entry = quota?.get(*name)?;
                let number = |key: &str| entry.get(key).and_then(Value::as_i64);
                let used = number("used")? + number("reserved").unwrap_or(0);
                Some(SystemQuota {
                    name: (*name).replace('_', " "),
                    limit: u64::try_from(number("limit")?).ok(),
                    used: u64::try_from(used).unwrap_or(0),
                })
            })
            .collect())
    }

    /// Refuses what the quotas do not allow any more.
    pub(super) async fn quota_check(&self, order: &MachineOrder, flavour: &Flavour) -> Result<(), SystemError> {
        let (compute, network) = tokio::try_join!(self.compute_quotas(), self.network_quotas())?;
        let volumes = if self.volume_gib(order).is_some() { self.volume_quotas().await? } else { Vec::new() };
        let more = |name: &str| match name {
            "instances" | "volumes" => 1,
            "cores" => flavour.vcpus(),
            "ram (MiB)" => flavour.ram(),
            "volume gigabytes" => self.volume_gib(order).unwrap_or(0),
            "port" => u64::try_from(self.list("network").len()).unwrap_or(0),
            "floatingip" => u64::from(self.setting("floating-network").is_some()),
            _ => 0,
        };
        let all = || compute.iter().chain(&network).chain(&volumes);
        let full: Vec<String> = all().filter_map(|quota| excess(quota, more(&quota.name))).collect();
        if full.is_empty() {
            return Ok(());
        }
        let action = format!("look whether the quotas allow {}", order.name);
        let remedy = "raise the project's quotas, or release what is not needed";
        Err(self.error(&action, SystemErrorKind::Quota, full.join("; "), remedy))
    }
}

/// By how much a quota would be exceeded, in words.
pub(super) fn excess(quota: &SystemQuota, more: u64) -> Option<String> {
    let limit = quota.limit?;
    (more > 0 && quota.used.saturating_add(more) > limit)
        .then(|| format!("quota of {}: {} of {limit} are used, and {more} more are needed", quota.name, quota.used))
}

/// What `limits.absolute` says; -1 is no bound.
pub(super) fn absolute(answer: &Value, names: &[(&str, &str, &str)]) -> Vec<SystemQuota> {
    let number = |key: &str| answer.pointer(&format!("/limits/absolute/{key}")).and_then(Value::as_i64);
    let quota = |(most, name, used): &(&str, &str, &str)| {
        Some(SystemQuota {
            name: (*name).to_owned(),
            limit: u64::try_from(number(most)?).ok(),
            used: number(used).and_then(|used| u64::try_from(used).ok()).unwrap_or(0),
        })
    };
    names.iter().filter_map(quota).collect()
}
