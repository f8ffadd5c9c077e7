//! Processes and control groups of a test: looked for, and ended.

use std::{fs, path::PathBuf, time::Duration};

/// Ends whatever lives below a folder, and removes its control groups.
pub(crate) fn clear(folder: &str, cgroup_parent: &str) {
    for _ in 0..200 {
        let left = processes(folder);
        if left.is_empty() {
            break;
        }
        left.into_iter().for_each(kill);
        std::thread::sleep(Duration::from_millis(10));
    }
    for group in control_groups(cgroup_parent) {
        for entry in fs::read_dir(&group).into_iter().flatten().flatten() {
            fs::remove_dir(entry.path()).ok();
        }
        fs::remove_dir(&group).ok();
    }
}

/// Living processes, but this one, that name the folder in their command line or environment.
pub(crate) fn processes(folder: &str) -> Vec<u32> {
    let names = |pid: u32, what: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(folder)
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            *pid != std::process::id() && is_alive(*pid) && (names(*pid, "cmdline") || names(*pid, "environ"))
        })
        .collect()
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|text| text.rsplit_once(')').map(|(_, rest)| rest.trim_start().to_owned()))
        .is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

pub(crate) fn kill(pid: u32) {
    std::process::Command::new("/bin/kill").args(["-KILL", &pid.to_string()]).status().ok();
}

fn control_groups(name: &str) -> Vec<PathBuf> {
    let Ok(roots) = fs::read_dir("/sys/fs/cgroup") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for root in roots.flatten().map(|entry| entry.path()) {
        found.push(root.join(name));
        for parent in fs::read_dir(&root).into_iter().flatten().flatten() {
            found.push(parent.path().join(name));
        }
    }
    found.retain(|path| path.is_dir());
    found
}
