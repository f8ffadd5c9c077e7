//! Cluster templates, and what a cluster of one has: so many workers of a
//! flavour that Nova knows.

use super::Magnum;
use hansa_pim::{Amounts, MachineOrder};
use hansa_repository::system::{SystemError, SystemErrorKind};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// No cluster has more workers.
const MOST_WORKERS: u64 = 1_000;

/// A template.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Template {
    pub(super) uuid: String,
    pub(super) name: String,
    #[serde(default)]
    coe: String,
    #[serde(default)]
    flavor_id: Option<String>,
    #[serde(default)]
    pub(super) labels: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    hidden: bool,
    /// What one worker has; filled in from Nova.
    #[serde(skip)]
    pub(super) worker: Option<Amounts>,
}

/// A flavour of Nova's.
#[derive(Debug, Clone, Deserialize)]
struct Flavour {
    id: String,
    name: String,
    vcpus: u64,
    ram: u64,
    disk: u64,
}

impl Template {
    /// What a cluster of so many workers has.
    pub(super) fn room(&self, nodes: u32) -> Option<Amounts> {
        let (one, count) = (self.worker?, u64::from(nodes));
        Some(Amounts {
            cpu_milli: one.cpu_milli * count,
            memory_mib: one.memory_mib * count,
            disk_mib: one.disk_mib * count,
            gpus: one.gpus * count,
        })
    }

    /// The workers that it takes for these amounts: no fewer than `least`.
    pub(super) fn workers_for(&self, amounts: Amounts, least: u32) -> Option<u32> {
        let Some(one) = self.worker else { return Some(least) };
        let needed = [
            (amounts.cpu_milli, one.cpu_milli),
            (amounts.memory_mib, one.memory_mib),
            (amounts.disk_mib, one.disk_mib),
            (amounts.gpus, one.gpus),
        ];
        if needed.iter().any(|(want, has)| *want > 0 && (*has == 0 || want.div_ceil(*has) > MOST_WORKERS)) {
            return None;
        }
        let count = needed.iter().map(|(want, has)| want.div_ceil((*has).max(1))).max().unwrap_or(1);
        u32::try_from(count).ok().map(|count| count.max(least))
    }
}

impl Magnum {
    /// The templates for Kubernetes, with what a worker of each has.
    pub(super) async fn templates(&self) -> Result<Vec<Template>, SystemError> {
        #[derive(Deserialize)]
        struct Page {
            clustertemplates: Vec<Template>,
        }
        let call = self.magnum.get(&["clustertemplates"], &[("limit", "500")], "list its cluster templates");
        let page: Page = self.magnum.json(&call).await?;
        let mut all = page.clustertemplates;
        all.retain(|template| template.coe == "kubernetes" && !template.hidden);
        if all.is_empty() {
            return Ok(all);
        }
        let flavours = self.flavours().await?;
        for template in &mut all {
            let wanted = template.flavor_id.as_deref().unwrap_or_default();
            let found = flavours.iter().find(|flavour| flavour.id == wanted || flavour.name == wanted);
            template.worker = found.map(|flavour| Amounts {
                cpu_milli: flavour.vcpus.saturating_mul(1_000),
                memory_mib: flavour.ram,
                disk_mib: flavour.disk.saturating_mul(1_024),
                gpus: 0,
            });
        }
        Ok(all)
    }

    async fn flavours(&self) -> Result<Vec<Flavour>, SystemError> {
        #[derive(Deserialize)]
        struct Page {
            flavors: Vec<Flavour>,
        }
        let Some(nova) = &self.nova else { return Ok(Vec::new()) };
        let page: Page =
            nova.json(&nova.get(&["flavors", "detail"], &[("limit", "1000")], "list its flavours")).await?;
        Ok(page.flavors)
    }

    /// The template of an order: the one it names, else the smallest that has what it needs.
    pub(super) async fn template(&self, order: &MachineOrder) -> Result<Template, SystemError> {
        let (action, nodes) = (format!("choose the template of {}", order.name), self.nodes());
        let all = self.templates().await?;
        if let Some(item) = &order.item {
            let named: Vec<&Template> = all.iter().filter(|one| one.name == *item || one.uuid == *item).collect();
            return match named.as_slice() {
                [only] => Ok((*only).clone()),
                [] => {
                    let said = format!("there is no cluster template `{item}` for Kubernetes");
                    Err(self.error(&action, SystemErrorKind::Unsupported, said, "map the offer to one that there is"))
                }
                _ => {
                    let said = format!("there are {} cluster templates of the name `{item}`", named.len());
                    let remedy = "hide all but one, or map the offer to an id";
                    Err(self.error(&action, SystemErrorKind::Unsupported, said, remedy))
                }
            };
        }
        let fits = |one: &&Template| one.room(nodes).is_some_and(|room| room.covers(order.amounts));
        let size = |one: &&Template| one.room(nodes).map(|room| (room.cpu_milli, room.memory_mib, room.disk_mib));
        all.iter().filter(fits).min_by_key(size).cloned().ok_or_else(|| {
            let said = format!("no template has {} with {nodes} nodes", order.amounts);
            self.error(&action, SystemErrorKind::Unsupported, said, "raise `node-count`, or make a larger template")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_follow_the_amounts() {
        let one = Amounts { cpu_milli: 2_000, memory_mib: 4_096, disk_mib: 20_480, gpus: 0 };
        let mut template: Template =
            serde_json::from_str(r#"{"uuid": "u", "name": "k8s", "coe": "kubernetes", "flavor_id": "m1"}"#).unwrap();
        assert_eq!((template.room(2), template.workers_for(one, 2)), (None, Some(2)), "nobody knows what it has");
        template.worker = Some(one);
        assert_eq!(template.room(3).unwrap().memory_mib, 12_288);
        assert_eq!(template.workers_for(Amounts { cpu_milli: 5_000, ..Amounts::ZERO }, 1), Some(3));
        assert_eq!(template.workers_for(Amounts { gpus: 1, ..Amounts::ZERO }, 1), None);
    }
}
