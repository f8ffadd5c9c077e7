//! The system's processes, as /proc (proc(5)) shows them: who they are, whose
//! they are, and how to signal one without ever hitting its successor.

use nix::{errno::Errno, sys::signal::Signal, unistd::Pid};
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    thread,
    time::Duration,
};

/// A process, told apart from later ones with the same number by its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessRef {
    /// Process number.
    pub(crate) pid: u32,
    /// Clock ticks from the boot of the system to its start (field 22 of /proc/PID/stat).
    pub(crate) start: u64,
}

/// What /proc/PID/stat says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    start: u64,
    dead: bool,
}

impl ProcessRef {
    /// The living process of this number; `None` where there is none, or a zombie.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        stat(pid).filter(|stat| !stat.dead).map(|stat| Self { pid, start: stat.start })
    }

    /// It is still there, and no zombie.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal to exactly this process; nothing happens where it has gone.
    pub(crate) fn signal(self, signal: Signal) {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw) else {
            return;
        };
        // The descriptor pins the process; only then its start is compared.
        let pinned = pidfd_open(pid, PidfdFlags::empty());
        if !self.is_alive() {
            return;
        }
        let sent = match (pinned, rustix::process::Signal::from_named_raw(signal as i32)) {
            (Ok(descriptor), Some(signal)) => {
                pidfd_send_signal(&descriptor, signal).map_err(|error| error.raw_os_error())
            }
            // Before Linux 5.3 there is no such descriptor.
            _ => {
                nix::sys::signal::kill(Pid::from_raw(pid.as_raw_nonzero().get()), signal).map_err(|error| error as i32)
            }
        };
        if let Err(code) = sent
            && code != Errno::ESRCH as i32
        {
            tracing::warn!(pid = self.pid, %signal, code, "a process can't be signalled");
        }
    }
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in parentheses may hold anything, parentheses too: fields count from the last one.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let dead = matches!(fields.next()?, "Z" | "X" | "x");
    let parent = fields.next()?.parse().ok()?;
    // Field 22; the parent was field 4.
    let start = fields.nth(17)?.parse().ok()?;
    Some(Stat { parent, start, dead })
}

/// What a process has used, with its children that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    /// Clock ticks of processor time.
    pub(crate) ticks: u64,
    /// Pages in memory.
    pub(crate) pages: u64,
}

/// What a living process has used.
pub(crate) fn used(process: ProcessRef) -> Option<Used> {
    parse_used(&fs::read_to_string(format!("/proc/{}/stat", process.pid)).ok()?)
}

/// Fields 14 to 17 and 24 of proc(5).
fn parse_used(text: &str) -> Option<Used> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut number = |skip: usize| fields.nth(skip)?.parse::<u64>().ok();
    let ticks = [number(0)?, number(0)?, number(0)?, number(0)?].iter().sum();
    Some(Used { ticks, pages: number(6)? })
}

/// All process numbers.
fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
}

/// Every living process whose environment at its start held `NAME=value`.
pub(crate) fn marked(name: &str, value: &str) -> BTreeSet<ProcessRef> {
    let mark = format!("{name}={value}");
    environments()
        .filter(|(_, environment)| environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()))
        .map(|(process, _)| process)
        .collect()
}

/// The environments of all living processes that have this variable.
pub(crate) fn marks(name: &str) -> BTreeMap<ProcessRef, BTreeMap<String, String>> {
    environments()
        .map(|(process, bytes)| {
            let environment: BTreeMap<String, String> = bytes
                .split(|byte| *byte == 0)
                .filter_map(|entry| std::str::from_utf8(entry).ok()?.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            (process, environment)
        })
        .filter(|(_, environment)| environment.contains_key(name))
        .collect()
}

/// What each living process was started with. In the middle of an exec that
/// reads as nothing, so what is empty is looked at again a moment later.
fn environments() -> impl Iterator<Item = (ProcessRef, Vec<u8>)> {
    let (mut found, mut empty) = (Vec::new(), Vec::new());
    for pid in pids() {
        // The start first: were the number given anew in between, the
        // comparison before a signal would notice.
        let Some(process) = ProcessRef::of(pid) else {
            continue;
        };
        match fs::read(format!("/proc/{pid}/environ")) {
            Ok(bytes) if bytes.is_empty() => empty.push(process),
            Ok(bytes) => found.push((process, bytes)),
            Err(_) => {}
        }
    }
    if !empty.is_empty() {
        thread::sleep(Duration::from_millis(2));
    }
    let again = empty.into_iter().filter_map(|process| {
        let bytes = fs::read(format!("/proc/{}/environ", process.pid)).ok()?;
        Some((process, bytes))
    });
    found.into_iter().chain(again.collect::<Vec<_>>())
}

/// Every living descendant of a process.
pub(crate) fn descendants(ancestor: u32) -> BTreeSet<ProcessRef> {
    let mut children: BTreeMap<u32, Vec<(u32, Stat)>> = BTreeMap::new();
    for pid in pids() {
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push((pid, stat));
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![ancestor];
    while let Some(parent) = open.pop() {
        for (pid, stat) in children.remove(&parent).unwrap_or_default() {
            open.push(pid);
            if !stat.dead {
                found.insert(ProcessRef { pid, start: stat.start });
            }
        }
    }
    found
}

/// The supervisor of a directory, found by its command line: for when its own
/// record couldn't be written.
pub(crate) fn supervisor_of(directory: &Path) -> Option<ProcessRef> {
    pids().find_map(|pid| {
        let process = ProcessRef::of(pid)?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0).skip(1);
        let is_shim = words.next() == Some(b"shim".as_slice())
            && words.next() == Some(b"run".as_slice())
            && words.next() == Some(b"--dir".as_slice())
            && words.next() == Some(directory.as_os_str().as_bytes());
        is_shim.then_some(process)
    })
}

/// A process's name, for people.
pub(crate) fn name(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_stat_line_with_a_hostile_name() {
        let line = "42 (a) R 1 (b) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2";
        assert_eq!(parse_stat(line), Some(Stat { parent: 7, start: 98_765, dead: false }));
        assert_eq!(parse_stat("42 (a"), None);
    }

    #[test]
    fn knows_this_process_and_its_mark() {
        let me = ProcessRef::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        assert!(!ProcessRef { start: me.start + 1, ..me }.is_alive());
        let mut child =
            std::process::Command::new("sleep").arg("60").env("HANSA_TEST_MARK", "process-table").spawn().unwrap();
        let found = loop {
            // Until exec is through, the child still has our own environment.
            let found = marked("HANSA_TEST_MARK", "process-table");
            if !found.is_empty() {
                break found;
            }
        };
        assert_eq!(found.iter().map(|one| one.pid).collect::<Vec<_>>(), [child.id()]);
        assert!(descendants(me.pid).is_superset(&found));
        for process in found {
            process.signal(Signal::SIGKILL);
        }
        assert!(!child.wait().unwrap().success());
    }
}
