//! What really runs: the process table, which no broker can talk into showing
//! something else. A process belongs to a test when its command line or its
//! environment names the test's folder.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{collections::BTreeMap, fs, os::unix::ffi::OsStrExt as _, path::Path};

/// A workload's process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    /// The component's name.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// The workload's id.
    pub workload: String,
    /// The process.
    pub pid: i32,
}

/// Every process of a workload whose files lie in this folder.
pub(crate) fn workloads(folder: &Path) -> Vec<Process> {
    let mut found: Vec<Process> = pids().into_iter().filter_map(|pid| workload(pid, folder)).collect();
    found.sort();
    found
}

/// Every process that has to do with this folder: brokers, supervisors, workloads.
pub(crate) fn all(folder: &Path) -> Vec<i32> {
    let needle = folder.as_os_str().as_bytes();
    let names = |pid: &i32, file: &str| {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        text.windows(needle.len()).any(|part| part == needle)
    };
    let own = i32::try_from(std::process::id()).unwrap();
    pids().into_iter().filter(|pid| *pid != own && (names(pid, "cmdline") || names(pid, "environ"))).collect()
}

/// Every process that has to do with this folder, in words.
pub(crate) fn leftover_processes(folder: &Path) -> Vec<String> {
    all(folder).into_iter().map(describe).collect()
}

/// The supervisors of workloads below this folder.
pub(crate) fn supervisors(folder: &Path) -> Vec<i32> {
    let mine = |pid: &i32| {
        let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = text.split(|byte| *byte == 0).collect();
        matches!(words.as_slice(), [_, b"shim", b"run", b"--dir", directory, ..]
            if directory.starts_with(folder.as_os_str().as_bytes()))
    };
    pids().into_iter().filter(mine).collect()
}

/// Whether a workload's process is still that very process.
pub(crate) fn alive(process: &Process) -> bool {
    environment(process.pid).is_some_and(|all| all.get("HANSA_WORKLOAD_ID") == Some(&process.workload))
}

/// Sends a signal; a process that is gone doesn't mind.
pub(crate) fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).ok();
}

/// A command line, for messages.
pub(crate) fn describe(pid: i32) -> String {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    format!("{pid}: {}", String::from_utf8_lossy(&text).replace('\0', " "))
}

fn pids() -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn workload(pid: i32, folder: &Path) -> Option<Process> {
    let environment = environment(pid)?;
    let peers = environment.get("HANSA_PEERS_FILE")?;
    if !Path::new(peers).starts_with(folder) {
        return None;
    }
    Some(Process {
        component: environment.get("HANSA_COMPONENT")?.clone(),
        ordinal: environment.get("HANSA_ORDINAL")?.parse().ok()?,
        workload: environment.get("HANSA_WORKLOAD_ID")?.clone(),
        pid,
    })
}

fn environment(pid: i32) -> Option<BTreeMap<String, String>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(
        text.split('\0')
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}
