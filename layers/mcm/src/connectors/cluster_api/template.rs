//! The clusters that an owner offers: each of a class, with what is chosen of
//! it, and what a worker of it has. Stated in the setting `templates`.

use hansa_ontology::quantity::{CpuMilli, Mebibytes};
use hansa_pim::Amounts;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// More workers than any provider gives: a slip of the pen.
const MOST_WORKERS: u32 = 1_000;

/// A cluster as it is offered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Template {
    /// The ClusterClass.
    pub(super) class: String,
    /// Its namespace, where it is not that of the clusters.
    #[serde(default)]
    pub(super) class_namespace: Option<String>,
    /// The version of Kubernetes: `v1.31.2`.
    pub(super) version: String,
    /// Machines of the control plane; 0 where the class has none to count.
    #[serde(default = "one")]
    pub(super) control_plane: u32,
    pub(super) workers: Workers,
    /// Variables of the class.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Value>,
    /// `spec.clusterNetwork`, as Cluster API has it.
    #[serde(default)]
    pub(super) cluster_network: Option<Value>,
    /// So many clusters of it at most, at a time.
    #[serde(default)]
    pub(super) at_most: Option<u32>,
}

/// The workers of a cluster, all alike.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Workers {
    /// Their class within the cluster's class.
    #[serde(default = "default_worker")]
    pub(super) class: String,
    /// How many, at least.
    pub(super) count: u32,
    /// What one of them can give to pods.
    pub(super) cpu: CpuMilli,
    pub(super) memory: Mebibytes,
    #[serde(default)]
    pub(super) disk: Mebibytes,
    #[serde(default)]
    pub(super) gpus: u32,
}

const fn one() -> u32 {
    1
}

fn default_worker() -> String {
    "default-worker".to_owned()
}

/// Every template by its name.
pub(super) type Templates = BTreeMap<String, Template>;

/// Reads the setting: YAML or JSON.
pub(super) fn read(text: &str) -> Result<Templates, String> {
    let all: Templates = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    for (name, template) in &all {
        if !is_name(name) {
            return Err(format!("`{name}` is no name: use letters, digits, and inside `-` and `.`, at most 63"));
        }
        let workers = &template.workers;
        if workers.count == 0 || workers.count > MOST_WORKERS {
            return Err(format!("{name}: `workers.count` must be 1 to {MOST_WORKERS}"));
        }
        if workers.cpu.0 == 0 || workers.memory.0 == 0 {
            return Err(format!("{name}: `workers.cpu` and `workers.memory` must say what a worker gives to pods"));
        }
        if template.control_plane > 0 && template.control_plane.is_multiple_of(2) {
            return Err(format!("{name}: `controlPlane` must be odd, so that most of it can agree"));
        }
    }
    Ok(all)
}

/// As a label's value may be.
fn is_name(name: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric();
    let ends = [name.bytes().next(), name.bytes().last()].into_iter().all(|end| end.is_some_and(plain));
    ends && name.len() <= 63 && name.bytes().all(|letter| plain(letter) || matches!(letter, b'-' | b'.'))
}

impl Template {
    /// What a cluster of it can give.
    pub(super) fn room(&self) -> Amounts {
        self.of_workers(self.workers.count)
    }

    fn of_workers(&self, count: u32) -> Amounts {
        let (count, one) = (u64::from(count), &self.workers);
        Amounts {
            cpu_milli: u64::from(one.cpu.0) * count,
            memory_mib: one.memory.0 * count,
            disk_mib: one.disk.0 * count,
            gpus: u64::from(one.gpus) * count,
        }
    }

    /// The workers that it takes for these amounts: no fewer than are stated.
    /// None: no number of them has that.
    pub(super) fn workers_for(&self, amounts: Amounts) -> Option<u32> {
        let (one, most) = (self.of_workers(1), self.of_workers(MOST_WORKERS));
        // Disk of which nothing is known is not counted.
        let wanted = if one.disk_mib == 0 { Amounts { disk_mib: 0, ..amounts } } else { amounts };
        if !most.covers(wanted) {
            return None;
        }
        let needed = [
            (wanted.cpu_milli, one.cpu_milli),
            (wanted.memory_mib, one.memory_mib),
            (wanted.disk_mib, one.disk_mib),
            (wanted.gpus, one.gpus),
        ];
        let count = needed.iter().map(|(want, has)| want.div_ceil((*has).max(1))).max().unwrap_or(1);
        Some(u32::try_from(count).unwrap_or(MOST_WORKERS).max(self.workers.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
small: {class: quick, version: v1.31.2, workers: {count: 2, cpu: 1900m, memory: 3Gi}}
large: {class: quick, version: v1.31.2, controlPlane: 3, atMost: 4,
  workers: {class: big, count: 3, cpu: 8, memory: 30Gi, disk: 100Gi, gpus: 1},
  variables: {imageRepository: '', sizes: [1, 2]}}
";

    #[test]
    fn templates_are_read() {
        let all = read(TEXT).unwrap();
        assert_eq!(all["small"].control_plane, 1);
        assert_eq!(all["small"].workers.class, "default-worker");
        assert_eq!(all["large"].variables["sizes"], serde_json::json!([1, 2]));
        assert_eq!(all["large"].room(), Amounts { cpu_milli: 24_000, memory_mib: 92_160, disk_mib: 307_200, gpus: 3 });
        for (text, said) in [
            ("small: {class: quick}", "version"),
            (&TEXT.replace("count: 2", "count: 0"), "workers.count"),
            (&TEXT.replace("controlPlane: 3", "controlPlane: 2"), "odd"),
            (&TEXT.replace("small", "'a b'"), "no name"),
            (&TEXT.replace("atMost", "atLeast"), "atLeast"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn workers_follow_the_amounts() {
        let all = read(TEXT).unwrap();
        let amounts = |cpu_milli, gpus| Amounts { cpu_milli, memory_mib: 64, disk_mib: 10, gpus };
        assert_eq!(all["small"].workers_for(amounts(100, 0)), Some(2), "as many as are stated");
        assert_eq!(all["small"].workers_for(amounts(3_801, 0)), Some(3));
        assert_eq!(all["small"].workers_for(amounts(100, 1)), None);
        assert_eq!(all["large"].workers_for(amounts(100, 5)), Some(5));
    }
}
