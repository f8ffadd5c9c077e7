//! What this very machine has, as the operating system tells it.

use crate::{
    error::PimError,
    model::{Amounts, Node},
};
use hansa_ontology::SiteId;
use std::{collections::BTreeSet, io, net::IpAddr, path::Path};

/// What this very machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Processors that this process may use (CPU affinity and cgroup quota
    /// respected), total memory, and the size of the file system of the data directory.
    pub capacity: Amounts,
}

impl Host {
    /// Asks the operating system. Where `data_dir` does not exist yet, the
    /// file system of its nearest existing parent counts.
    ///
    /// # Errors
    /// `Host` when the system does not tell.
    pub fn observe(data_dir: &Path) -> Result<Self, PimError> {
        let cpus = std::thread::available_parallelism()
            .map_err(|source| PimError::Host { what: "the number of processors", source })?;
        Ok(Self {
            capacity: Amounts {
                cpu_milli: u64::try_from(cpus.get()).unwrap_or(u64::MAX).saturating_mul(1_000),
                memory_mib: memory_mib()?,
                disk_mib: disk_mib(data_dir)?,
                gpus: 0,
            },
        })
    }

    /// The node of a bare installation: all of this machine.
    #[must_use]
    pub fn node(self, name: String, site: SiteId, address: IpAddr, capabilities: BTreeSet<String>) -> Node {
        let Amounts { cpu_milli, memory_mib, disk_mib, gpus } = self.capacity;
        Node { name, site, address, cpu_milli, memory_mib, disk_mib, gpus, capabilities, host: None }
    }

    /// What the nodes may give away beyond what this machine has, in words.
    pub(crate) fn excess<'a>(self, nodes: impl IntoIterator<Item = &'a Node>) -> Option<String> {
        let here = nodes.into_iter().filter(|node| node.host.is_none());
        let sum = here.fold(Amounts::ZERO, |sum, node| sum.plus(node.capacity()));
        let over = sum.minus(self.capacity);
        let parts: Vec<String> = over
            .each()
            .into_iter()
            .zip(self.capacity.each())
            .filter(|((_, over), _)| *over > 0)
            .map(|((resource, over), (_, has))| {
                let (over, has) = (resource.written(over), resource.written(has));
                format!("{over} {resource} more than its {has}")
            })
            .collect();
        (!parts.is_empty()).then(|| {
            format!(
                "the nodes may give away more than this machine has: {}; workloads may slow each other down",
                parts.join(", ")
            )
        })
    }
}

fn memory_mib() -> Result<u64, PimError> {
    let failed = |source| PimError::Host { what: "the amount of memory", source };
    let text = std::fs::read_to_string("/proc/meminfo").map_err(failed)?;
    total_memory_mib(&text)
        .ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "/proc/meminfo has no line MemTotal in kB")))
}

/// proc(5): `MemTotal:       16384000 kB`.
fn total_memory_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1_024)
}

fn disk_mib(data_dir: &Path) -> Result<u64, PimError> {
    let failed = |source| PimError::Host { what: "the size of the disk", source };
    let data_dir = std::path::absolute(data_dir).map_err(failed)?;
    let existing = data_dir.ancestors().find(|path| path.exists());
    let statistics =
        nix::sys::statvfs::statvfs(existing.unwrap_or(Path::new("/"))).map_err(|errno| failed(errno.into()))?;
    Ok(statistics.blocks().saturating_mul(statistics.fragment_size()) / (1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;

    #[test]
    fn this_machine_has_processors_memory_and_disk() {
        let host = Host::observe(Path::new("/nowhere/at/all")).unwrap();
        let has = host.capacity;
        assert!(has.cpu_milli >= 1_000 && has.memory_mib > 0 && has.disk_mib > 0, "{has}");
        assert_eq!(host.excess([]), None);
    }

    #[test]
    fn memory_is_read_from_meminfo() {
        assert_eq!(total_memory_mib("X: 1 kB\nMemTotal:   2097152 kB\nY: 2"), Some(2_048));
        assert_eq!(total_memory_mib("MemTotal: many kB"), None);
        assert_eq!(total_memory_mib("MemFree: 1 kB"), None);
    }

    #[test]
    fn says_by_how_much_the_nodes_exceed_this_machine() {
        let capacity = Amounts { cpu_milli: 2_000, memory_mib: 4_096, disk_mib: 20_480, gpus: 0 };
        let host = Host { capacity };
        let (a, b) = (node("a", 1_000, 2_048, &[]), node("b", 1_500, 2_048, &[]));
        assert_eq!(host.excess([&a]), None);
        assert_eq!(
            host.excess([&a, &b]).as_deref(),
            Some(
                "the nodes may give away more than this machine has: 0.5 CPU more than its 2; workloads may slow each other down"
            )
        );
    }
}
