//! The supervisor of one workload, in a process of its own.
//!
//! It outlives the broker, so that workloads survive a restart of it; it is the
//! workload's parent, so that it sees how it ends; it holds the workload's
//! lock, so that there is never a second copy; and it adopts what the workload
//! leaves behind, so that nothing escapes. It knows no database and no network.
//!
//! `hansa shim run --dir D` is the supervisor. `hansa shim exec --dir D
//! --parent PID` is the moment between it and the workload's program, in which
//! the process enters its control groups and arranges to die with its parent.

mod capture;
mod ending;
mod exec;
mod log_file;
mod supervisor;

pub(super) use log_file::log_files;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

/// Wrong use of the command line (sysexits(3)).
const USAGE: u8 = 64;
/// Something failed that the record couldn't tell.
const FAILED: u8 = 70;
/// Another supervisor is there already.
const TAKEN: u8 = 75;

/// The supervisor of one workload: what `hansa shim …` does. Call it before
/// anything else in `main`, with the arguments after `shim`, and while the
/// process has one thread. It returns when nothing of the workload is left.
#[must_use]
pub fn shim_main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let words: Vec<Option<&str>> = arguments.iter().map(|word| word.to_str()).collect();
    match (words.as_slice(), arguments.as_slice()) {
        ([Some("run"), Some("--dir"), _], [_, _, directory]) => supervisor::run(PathBuf::from(directory)),
        ([Some("exec"), Some("--dir"), _, Some("--parent"), Some(parent)], [_, _, directory, ..]) => {
            let Ok(parent) = parent.parse() else {
                return ExitCode::from(USAGE);
            };
            exec::exec(&PathBuf::from(directory), parent)
        }
        _ => {
            say("hansa shim is started by the broker, not by people");
            ExitCode::from(USAGE)
        }
    }
}

/// Tells whoever started the supervisor. A broker that has gone doesn't read:
/// that is no reason to fall, as `eprintln` would.
fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
