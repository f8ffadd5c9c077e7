//! What a workload uses: by its control groups where they count it, else by
//! the processes below its supervisor (proc(5)).

use super::{
    cgroup::CgroupPlan,
    layout::{self, Layout},
    process_table::{self, ProcessRef},
    record::{Phase, RunSpec, RunState},
};
use crate::{
    WdmError,
    model::{CpuUsage, Usage},
};
use chrono::{DateTime, Utc};
use std::{fs, path::Path};

/// None: nothing of it runs.
pub(super) fn usage(layout: &Layout, now: DateTime<Utc>) -> Result<Option<Usage>, WdmError> {
    let state: Option<RunState> = layout::read_json(&layout.state())?;
    let Some(RunState { shim, phase: Phase::Running { .. }, .. }) = state else { return Ok(None) };
    let spec: Option<RunSpec> = layout::read_json(&layout.spec())?;
    let groups = spec.map(|spec| spec.cgroups).unwrap_or_default();
    let (cpu, memory) = (group_cpu(&groups), group_memory(&groups));
    let (micros, memory_bytes) = match (cpu, memory) {
        (Some(cpu), Some(memory)) => (cpu, memory),
        (cpu, memory) => {
            let (by_cpu, by_memory) = processes(shim);
            (cpu.unwrap_or(by_cpu), memory.unwrap_or(by_memory))
        }
    };
    Ok(Some(Usage { cpu: CpuUsage::Total { micros }, memory_bytes, network: None, at: now }))
}

/// Microseconds: `cpu.stat` of version 2, `cpuacct.usage` of version 1 where that is mounted beside `cpu`.
fn group_cpu(plan: &CgroupPlan) -> Option<u64> {
    plan.groups.iter().find_map(|group| {
        number(&group.path.join("cpuacct.usage"))
            .map(|nanos| nanos / 1_000)
            .or_else(|| entry(&group.path.join("cpu.stat"), "usage_usec"))
    })
}

/// Bytes, without the pages of files that nobody used lately, as Kubernetes' working set.
fn group_memory(plan: &CgroupPlan) -> Option<u64> {
    plan.groups.iter().find_map(|group| {
        let (used, idle) = match number(&group.path.join("memory.current")) {
            Some(used) => (used, "inactive_file"),
            None => (number(&group.path.join("memory.usage_in_bytes"))?, "total_inactive_file"),
        };
        Some(used.saturating_sub(entry(&group.path.join("memory.stat"), idle).unwrap_or(0)))
    })
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The number behind a name in a file of lines.
fn entry(path: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Microseconds and bytes of all that lives below the supervisor, with the time
/// of children that have ended and were waited for.
fn processes(shim: ProcessRef) -> (u64, u64) {
    let ticks = u64::try_from(nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100));
    let page = u64::try_from(nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4_096));
    let (ticks, page) = (ticks.unwrap_or(100).max(1), page.unwrap_or(4_096));
    let used = process_table::descendants(shim.pid).into_iter().filter_map(process_table::used);
    let (time, pages) = used.fold((0_u64, 0_u64), |(time, pages), used| (time + used.ticks, pages + used.pages));
    (time.saturating_mul(1_000_000) / ticks, pages.saturating_mul(page))
}
