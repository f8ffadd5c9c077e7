//! Ending what runs, all of it: the process group, the control groups, every
//! descendant, and whoever carries the workload's mark.
//!
//! Three nets, since each has holes: setsid(2) leaves the group, a system may
//! have no control groups, and an environment can be wiped. A descendant can't
//! leave the tree while the supervisor adopts orphans (PR_SET_CHILD_SUBREAPER).

use super::super::{
    process_table::{self, ProcessRef},
    record::RunSpec,
};
use crate::connectors::environment::MARK;
use nix::{
    sys::{
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use std::{collections::BTreeSet, thread, time::Duration};

/// How the main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Code(i32),
    Signal(i32),
}

/// Takes notice of every child that ended, adopted ones too, so that no zombie
/// stays. Returns how the main process ended, if it was among them.
pub(super) fn reap(main: u32) -> Option<Ended> {
    let mut ended = None;
    loop {
        let (pid, how) = match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, Ended::Code(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Ended::Signal(signal as i32)),
            // A real-time signal has no name, and nix refuses it: the child is reaped all the same.
            Err(nix::Error::EINVAL | nix::Error::EINTR) => continue,
            _ => return ended,
        };
        if u32::try_from(pid.as_raw()) == Ok(main) {
            ended = Some(how);
        }
    }
}

/// Everyone who belongs to the workload and lives, the supervisor aside.
pub(super) fn everyone(spec: &RunSpec) -> BTreeSet<ProcessRef> {
    let me = std::process::id();
    let mut all = process_table::descendants(me);
    all.extend(spec.cgroups.members());
    all.extend(process_table::marked(MARK, &spec.workload.to_string()));
    all.retain(|process| process.pid != me);
    all
}

/// Asks everyone to end.
pub(super) fn ask_everyone(spec: &RunSpec) {
    for process in everyone(spec) {
        process.signal(Signal::SIGTERM);
    }
}

/// Kills everyone, again and again until nobody is left: one who is killed may
/// have started another just before. A process that hangs in the kernel is
/// waited for, since while it is there the workload isn't over.
pub(super) fn end_everyone(spec: &RunSpec, main: u32) -> Option<Ended> {
    let mut ended = None;
    let mut pause = Duration::from_millis(2);
    loop {
        ended = reap(main).or(ended);
        let left = everyone(spec);
        if left.is_empty() {
            return ended;
        }
        for process in left {
            process.signal(Signal::SIGKILL);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}
