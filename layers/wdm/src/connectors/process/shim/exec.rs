//! The last moment before the workload's program.
//!
//! Standard input is a pipe to the supervisor. It closes by itself when the
//! program takes over; where that fails, the reason goes through it. So the
//! supervisor knows exactly, and no file is needed for it.

use super::{
    super::{layout, layout::Layout, record::RunSpec},
    FAILED,
};
use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{SigSet, Signal},
    },
    unistd::{Pid, getppid},
};
use std::{
    fs::File,
    io::{self, Write as _},
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

/// Becomes the workload's program; returns only when that fails.
pub(super) fn exec(directory: &Path, parent: i32) -> ExitCode {
    // A copy of the pipe that closes at exec; standard input itself becomes /dev/null.
    let Ok(pipe) = io::stdin().as_fd().try_clone_to_owned() else {
        return ExitCode::from(FAILED);
    };
    let reason = become_workload(directory, parent);
    // Where the supervisor has gone there is nobody to tell.
    drop(File::from(pipe).write_all(reason.as_bytes()));
    ExitCode::from(FAILED)
}

/// Returns why it failed.
fn become_workload(directory: &Path, parent: i32) -> String {
    let layout = Layout::new(directory);
    if let Err(error) = prctl::set_pdeathsig(Signal::SIGKILL) {
        return format!("the process can't be tied to its supervisor: {error}");
    }
    // The supervisor takes its signals from a queue and has them blocked, and a
    // blocked signal stays blocked across an exec: the program gets a clean mask.
    if let Err(error) = SigSet::empty().thread_set_mask() {
        return format!("signals can't be let through: {error}");
    }
    // Had the parent died before that call, no signal would come any more.
    if getppid() != Pid::from_raw(parent) {
        return "the supervisor has gone".to_owned();
    }
    let spec = match layout::read_json::<RunSpec>(&layout.spec()) {
        Ok(Some(spec)) => spec,
        Ok(None) => return format!("{} is gone", layout.spec().display()),
        Err(error) => return error.to_string(),
    };
    if let Err(error) = spec.cgroups.enter() {
        return format!("its control group can't be entered: {error}");
    }
    // A core file of a crashing workload could fill the node's disk.
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        return format!("core files can't be switched off: {error}");
    }
    let Some((program, arguments)) = spec.command.split_first() else {
        return "the command is empty; name a program".to_owned();
    };
    let error = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&spec.environment)
        .current_dir(layout.work())
        .stdin(Stdio::null())
        .exec();
    explain(program, &error, spec.environment.get("PATH"))
}

/// What went wrong, and what to do about it.
fn explain(program: &str, error: &io::Error, path: Option<&String>) -> String {
    match (error.kind(), program.contains('/')) {
        (io::ErrorKind::NotFound, true) => {
            format!(
                "program `{program}` doesn't exist on this node (or the interpreter that its first line names); install it or correct `command`"
            )
        }
        (io::ErrorKind::NotFound, false) => {
            let path = path.map_or("", String::as_str);
            format!(
                "program `{program}` was not found in PATH ({path}); install it, or give its full path in `command`"
            )
        }
        (io::ErrorKind::PermissionDenied, _) => {
            format!("program `{program}` may not be executed; check its mode (chmod +x) and its directory's")
        }
        _ => format!("program `{program}` can't be executed: {error}"),
    }
}
