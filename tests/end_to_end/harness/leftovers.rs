//! What must not be left: processes, files, control groups, listening ports.

use super::{PortRange, processes};
use nix::sys::signal::Signal;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long killed processes may take to be gone.
const GONE: Duration = Duration::from_secs(20);
/// Where control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Every trace of workloads below this data folder, in words; the broker itself is none.
pub(crate) fn list(folder: &Path, data: &Path, ports: &PortRange, broker: Option<u32>) -> Vec<String> {
    let mut found: Vec<String> = processes::all(folder)
        .into_iter()
        .chain(processes::all(data))
        .collect::<BTreeSet<i32>>()
        .into_iter()
        .filter(|pid| broker.is_none_or(|own| i64::from(*pid) != i64::from(own)))
        .map(|pid| format!("process {}", processes::describe(pid)))
        .collect();
    found.extend(machines(data).iter().map(|path| format!("directory {}", path.display())));
    found.extend(ports.taken().iter().map(|port| format!("port {port}")));
    found
}

/// Control groups of these workloads.
pub(crate) fn cgroups(workloads: &BTreeSet<String>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    find(Path::new(CGROUPS), 4, &mut |path, name| {
        if workloads.contains(name) {
            found.push(path.to_owned());
        }
    });
    found
}

/// The ids of all workloads that have a directory below this data folder.
pub(crate) fn workload_directories(data: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    find(&data.join("nodes"), 6, &mut |path, name| {
        if path.parent().and_then(Path::file_name).is_some_and(|parent| parent == "workloads") {
            found.insert(name.to_owned());
        }
    });
    found
}

/// Kills whatever belongs to the test, and removes its control groups.
pub(crate) fn destroy(folder: &Path, data: &Path, workloads: &BTreeSet<String>) {
    let begun = Instant::now();
    loop {
        let left: BTreeSet<i32> = processes::all(folder).into_iter().chain(processes::all(data)).collect();
        if left.is_empty() || begun.elapsed() > GONE {
            break;
        }
        left.into_iter().for_each(|pid| processes::signal(pid, Signal::SIGKILL));
        thread::sleep(Duration::from_millis(20));
    }
    for group in cgroups(workloads) {
        drop(fs::remove_dir(group));
    }
}

/// Directories of rented machines.
fn machines(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    find(&data.join("nodes"), 3, &mut |path, _| {
        if path.parent().and_then(Path::file_name).is_some_and(|parent| parent == "machines") {
            found.push(path.to_owned());
        }
    });
    found
}

fn find(directory: &Path, depth: u32, visit: &mut impl FnMut(&Path, &str)) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let path = entry.path();
        visit(&path, &entry.file_name().to_string_lossy());
        if depth > 0 {
            find(&path, depth - 1, visit);
        }
    }
}
