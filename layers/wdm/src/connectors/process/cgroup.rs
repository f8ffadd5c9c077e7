//! A control group for each workload: what it may use of processor, memory
//! and process numbers, where this system lets us say so.
//!
//! Version 2 is used where its hierarchy has the controllers, version 1
//! otherwise (a hybrid system mounts both). What is to be done is a value, a
//! [`CgroupPlan`]; one function carries it out.

use super::{cgroup_mounts::Mounts, layout::is_absent, process_table::ProcessRef};
use crate::model::LimitSupport;
use hansa_ontology::{WorkloadId, resource_model::Resources};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Length of the period over which processor time is measured, in microseconds.
const PERIOD: u64 = 100_000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Number of processes and threads.
    Pids,
}

/// The control groups of one workload: everything that the supervisor needs to
/// make them, and anybody to remove them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CgroupPlan {
    /// One directory on version 2, one for each controller on version 1.
    pub(crate) groups: Vec<Group>,
    /// Where the kernel counts processes it ended for want of memory.
    pub(crate) oom_counter: Option<PathBuf>,
    /// The memory limit, for the message.
    pub(crate) memory_mib: u64,
    /// Why limits are missing that no group of this plan sets.
    pub(crate) missing: String,
}

/// One directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// The directory.
    pub(crate) path: PathBuf,
    /// What is written into it, in this order.
    pub(crate) settings: Vec<Setting>,
}

/// One file of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setting {
    file: String,
    value: String,
    /// The limit that holds once this is written; `None` for a refinement
    /// (weight, swap) that a system may lack.
    limit: Option<Limit>,
}

fn setting(limit: impl Into<Option<Limit>>, file: &str, value: impl ToString) -> Setting {
    Setting { file: file.to_owned(), value: value.to_string(), limit: limit.into() }
}

/// Plans a workload's groups for the mounts that this system has.
pub(crate) fn plan(
    mounts: &Mounts,
    parent: &str,
    workload: WorkloadId,
    resources: &Resources,
    pids: u32,
) -> CgroupPlan {
    let name = Path::new(parent).join(workload.to_string());
    let memory_mib = resources.memory.0;
    let mut groups = Vec::new();
    let mut oom_counter = None;
    match mounts {
        Mounts::Unified { root } => {
            let path = root.join(name);
            oom_counter = Some(path.join("memory.events"));
            let mut settings = cpu_v2(resources);
            settings.extend(memory_v2(resources));
            settings.push(setting(Limit::Pids, "pids.max", pids));
            groups.push(Group { path, settings });
        }
        Mounts::Split { cpu, memory, pids: pids_root, .. } => {
            if let Some(root) = cpu {
                groups.push(Group { path: root.join(&name), settings: cpu_v1(resources) });
            }
            if let Some(root) = memory {
                oom_counter = Some(root.join(&name).join("memory.oom_control"));
                groups.push(Group { path: root.join(&name), settings: memory_v1(resources) });
            }
            if let Some(root) = pids_root {
                let settings = vec![setting(Limit::Pids, "pids.max", pids)];
                groups.push(Group { path: root.join(&name), settings });
            }
        }
        Mounts::Nothing { .. } => {}
    }
    CgroupPlan { groups, oom_counter, memory_mib, missing: mounts.missing().to_owned() }
}

/// Microseconds of processor time in each period; the kernel takes 1 ms at least.
fn quota(milli: u32) -> u64 {
    (u64::from(milli) * PERIOD / 1_000).max(1_000)
}

fn cpu_v1(resources: &Resources) -> Vec<Setting> {
    let milli = resources.cpu.0;
    if milli == 0 {
        return Vec::new();
    }
    let mut settings = vec![setting(None, "cpu.shares", (u64::from(milli) * 1_024 / 1_000).max(2))];
    if !resources.burst {
        settings.push(setting(None, "cpu.cfs_period_us", PERIOD));
        settings.push(setting(Limit::Cpu, "cpu.cfs_quota_us", quota(milli)));
    }
    settings
}

fn memory_v1(resources: &Resources) -> Vec<Setting> {
    let bytes = resources.memory.0.saturating_mul(1 << 20);
    if bytes == 0 {
        return Vec::new();
    }
    vec![
        setting(Limit::Memory, "memory.limit_in_bytes", bytes),
        // Memory and swap together: nothing goes to swap instead.
        setting(None, "memory.memsw.limit_in_bytes", bytes),
    ]
}

fn cpu_v2(resources: &Resources) -> Vec<Setting> {
    let milli = resources.cpu.0;
    if milli == 0 {
        return Vec::new();
    }
    let mut settings = vec![setting(None, "cpu.weight", (u64::from(milli) / 10).clamp(1, 10_000))];
    if !resources.burst {
        settings.push(setting(Limit::Cpu, "cpu.max", format!("{} {PERIOD}", quota(milli))));
    }
    settings
}

fn memory_v2(resources: &Resources) -> Vec<Setting> {
    let bytes = resources.memory.0.saturating_mul(1 << 20);
    if bytes == 0 {
        return Vec::new();
    }
    vec![
        setting(Limit::Memory, "memory.max", bytes),
        setting(None, "memory.swap.max", 0),
        // One process over the limit ends the workload, not a random part of it.
        setting(None, "memory.oom.group", 1),
    ]
}

impl CgroupPlan {
    /// Makes the groups and sets the limits. What can't be had is said in the
    /// answer and doesn't stop the workload.
    pub(crate) fn create(&self) -> LimitSupport {
        let mut held = BTreeSet::new();
        let mut problems = Vec::new();
        if !self.missing.is_empty() {
            problems.push(self.missing.clone());
        }
        for group in &self.groups {
            if let Err(error) = group.create(&mut held) {
                problems.push(format!("{}: {error}", group.path.display()));
            }
        }
        let explanation =
            if problems.is_empty() { "enforced by control groups".to_owned() } else { problems.join("; ") };
        LimitSupport {
            cpu: held.contains(&Limit::Cpu),
            memory: held.contains(&Limit::Memory),
            pids: held.contains(&Limit::Pids),
            explanation,
        }
    }

    /// The calling process enters the groups, and with it all that it starts.
    pub(crate) fn enter(&self) -> io::Result<()> {
        for group in self.groups.iter().filter(|group| group.path.is_dir()) {
            fs::write(group.path.join("cgroup.procs"), "0")?;
        }
        Ok(())
    }

    /// Who is in the groups.
    pub(crate) fn members(&self) -> BTreeSet<ProcessRef> {
        self.groups
            .iter()
            .filter_map(|group| fs::read_to_string(group.path.join("cgroup.procs")).ok())
            .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<_>>())
            .filter_map(ProcessRef::of)
            .collect()
    }

    /// Whether the kernel ended a process of these groups for want of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let Some(text) = self.oom_counter.as_deref().and_then(|path| fs::read_to_string(path).ok()) else {
            return false;
        };
        text.lines()
            .filter_map(|line| line.strip_prefix("oom_kill "))
            .any(|count| count.trim().parse().is_ok_and(|count: u64| count > 0))
    }

    /// Removes the groups; they have to be empty of processes.
    pub(crate) fn remove(&self) -> io::Result<()> {
        for group in &self.groups {
            remove_group(&group.path)?;
            // The common parent goes with the last workload; who makes a group
            // at this moment makes the parent again.
            if let Some(parent) = group.path.parent() {
                drop(fs::remove_dir(parent));
            }
        }
        Ok(())
    }
}

impl Group {
    fn create(&self, held: &mut BTreeSet<Limit>) -> io::Result<()> {
        make_group(&self.path)?;
        for setting in &self.settings {
            match (fs::write(self.path.join(&setting.file), &setting.value), setting.limit) {
                (Ok(()), Some(limit)) => {
                    held.insert(limit);
                }
                (Ok(()), None) | (Err(_), None) => {}
                (Err(error), Some(_)) => {
                    return Err(io::Error::new(error.kind(), format!("{}: {error}", setting.file)));
                }
            }
        }
        Ok(())
    }
}

/// Makes a group with its parents; on version 2 the parents have to hand the
/// controllers down, and refuse where that was done already or isn't theirs to do.
fn make_group(path: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        let made = fs::create_dir_all(path);
        match made {
            // Somebody removed the empty parent just now.
            Err(error) if is_absent(&error) && tries < 5 => tries += 1,
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    let mut above: Vec<&Path> =
        path.ancestors().skip(1).take_while(|parent| parent.join("cgroup.subtree_control").exists()).collect();
    above.reverse();
    for parent in above {
        for controller in ["+cpu", "+memory", "+pids"] {
            drop(fs::write(parent.join("cgroup.subtree_control"), controller));
        }
    }
    Ok(())
}

/// A group that was just left may be busy for a moment.
fn remove_group(path: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && tries < 50 => {
                tries += 1;
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) if !is_absent(&error) => return Err(error),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::quantity::{CpuMilli, Mebibytes};

    fn resources() -> Resources {
        Resources { cpu: CpuMilli(250), memory: Mebibytes(64), ..Resources::default() }
    }

    fn written(plan: &CgroupPlan) -> Vec<String> {
        plan.groups
            .iter()
            .flat_map(|group| {
                group.settings.iter().map(|one| format!("{}={}", group.path.join(&one.file).display(), one.value))
            })
            .collect()
    }

    #[test]
    fn version_2_has_one_group() {
        let workload = WorkloadId(uuid::Uuid::nil());
        let mounts = Mounts::Unified { root: "/cg".into() };
        let plan = plan(&mounts, "hansa", workload, &resources(), 100);
        let base = format!("/cg/hansa/{workload}");
        let expected = [
            "cpu.weight=25",
            "cpu.max=25000 100000",
            "memory.max=67108864",
            "memory.swap.max=0",
            "memory.oom.group=1",
            "pids.max=100",
        ];
        assert_eq!(written(&plan), expected.map(|line| format!("{base}/{line}")));
    }

    #[test]
    fn what_may_burst_has_a_weight_and_no_limit() {
        let mounts = Mounts::Unified { root: "/cg".into() };
        let burst = Resources { burst: true, ..resources() };
        let plan = plan(&mounts, "hansa", WorkloadId(uuid::Uuid::nil()), &burst, 100);
        let settings = written(&plan).join("\n");
        assert!(settings.contains("cpu.weight=25") && !settings.contains("cpu.max"), "{settings}");
    }

    #[test]
    fn version_1_has_one_for_each_controller_and_says_what_is_missing() {
        let workload = WorkloadId(uuid::Uuid::nil());
        let mounts =
            Mounts::Split { cpu: Some("/cg/cpu".into()), memory: None, pids: None, missing: "no memory".into() };
        let plan = plan(&mounts, "hansa", workload, &resources(), 100);
        let base = format!("/cg/cpu/hansa/{workload}");
        let expected = ["cpu.shares=256", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=25000"];
        assert_eq!(written(&plan), expected.map(|line| format!("{base}/{line}")));
        assert_eq!(plan.missing, "no memory");
        assert!(!plan.ran_out_of_memory());
    }

    #[test]
    fn what_cannot_be_written_is_said_and_not_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let plan = CgroupPlan {
            groups: vec![Group {
                path: folder.path().join("missing\0name"),
                settings: vec![setting(Limit::Cpu, "cpu.max", 1)],
            }],
            ..CgroupPlan::default()
        };
        let support = plan.create();
        assert!(!support.cpu && !support.memory && !support.pids);
        assert!(support.explanation.contains("missing"), "{}", support.explanation);
    }
}
