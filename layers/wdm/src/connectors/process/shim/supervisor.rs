//! The life of a supervisor, from taking the lock to leaving nothing behind.

use super::{
    super::{
        layout::{self, Layout},
        lock::Lock,
        process_table::ProcessRef,
        record::{Phase, RunSpec, RunState},
    },
    FAILED, TAKEN,
    capture::Capture,
    ending::{self, Ended},
};
use crate::{
    WdmError,
    model::{Exit, LimitSupport, LogSource},
};
use hansa_repository::ambient::{Clock as _, SystemClock};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigSet, Signal, killpg},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{Pid, setsid},
};
use std::{
    io::{self, Read as _},
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a lock that is held is tried again.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of the run waits for a slow disk to take the last output.
const OUTPUT_PATIENCE: Duration = Duration::from_secs(2);
/// How long the end of the run tries to be written on a full disk.
const RECORD_PATIENCE: Duration = Duration::from_secs(30);

/// Supervises the workload whose directory this is, until nothing of it is left.
pub(super) fn run(directory: PathBuf) -> ExitCode {
    let layout = Layout::new(directory);
    close_inherited();
    // A session of its own: what ends the broker's terminal doesn't end us.
    // It fails only where we lead a group already, which is as good.
    setsid().ok();
    drop(std::env::set_current_dir("/"));
    let lock = match take_lock(&layout) {
        Ok(Some(lock)) => lock,
        Ok(None) => return ExitCode::from(TAKEN),
        Err(error) => return fail(&layout, &error),
    };
    let outcome = supervise(&layout);
    drop(lock);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&layout, &error),
    }
}

/// What the broker itself was started with and didn't mark to be closed would
/// be kept open by us, and by the workload, for as long as they live.
fn close_inherited() {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    // The directory's own descriptor is among them, and closed by now.
    for descriptor in open {
        nix::unistd::close(descriptor).ok();
    }
}

/// A broker holds the lock for a moment while it clears something away; a
/// supervisor holds it for good.
fn take_lock(layout: &Layout) -> io::Result<Option<Lock>> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        let lock = Lock::take(&layout.lock())?;
        if lock.is_some() || Instant::now() >= deadline {
            return Ok(lock);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn fail(layout: &Layout, error: &dyn std::error::Error) -> ExitCode {
    super::say(&format!("supervisor of {}: {error}", layout.root().display()));
    ExitCode::from(FAILED)
}

fn supervise(layout: &Layout) -> Result<(), WdmError> {
    let Some(spec) = layout::read_json::<RunSpec>(&layout.spec())? else {
        return Ok(());
    };
    let before = layout::read_json::<RunState>(&layout.state()).ok().flatten();
    if before.is_some_and(|state| state.run >= spec.run) {
        // A number runs at most once, however often somebody asks for it.
        return Ok(());
    }
    let signals = Signals::take().map_err(WdmError::io("take signals for", layout.root()))?;
    prctl::set_child_subreaper(true).map_err(|error| WdmError::io("adopt orphans for", layout.root())(error.into()))?;
    let mut record = Record::begin(layout, spec.run)?;
    // What an earlier supervisor that was killed has left.
    ending::end_everyone(&spec, 0);
    drop(spec.cgroups.remove());
    record.state.limits = spec.cgroups.create();
    let mut capture = Capture::start(layout.logs(), spec.logs);
    let phase = match prepare(layout, &spec).and_then(|()| launch(layout, &capture)) {
        Ok(main) => watch(&spec, &signals, &mut record, main),
        Err(reason) => Phase::Failed { reason, at: SystemClock.now() },
    };
    ending::end_everyone(&spec, 0);
    if let Err(error) = spec.cgroups.remove() {
        capture.note(format!("a control group stays behind: {error}"));
    }
    capture.note(match &phase {
        Phase::Exited { exit } => format!("run {}: {exit}", spec.run),
        Phase::Failed { reason, .. } => format!("run {}: {reason}", spec.run),
        Phase::Starting | Phase::Running { .. } => format!("run {} is over", spec.run),
    });
    capture.finish(OUTPUT_PATIENCE);
    record.finish(phase)
}

/// Makes the directories that the program finds.
fn prepare(layout: &Layout, spec: &RunSpec) -> Result<(), String> {
    let make = || {
        layout::remove_tree(&layout.temporary())?;
        layout::create_private(&layout.temporary())?;
        layout::create_private(&layout.work())?;
        spec.directories.iter().try_for_each(|directory| layout::create_private(directory))
    };
    make().map_err(|error: WdmError| error.to_string())
}

/// Starts the program; returns when it has taken over, or why it couldn't.
fn launch(layout: &Layout, capture: &Capture) -> Result<u32, String> {
    let attempt = || -> io::Result<Result<u32, String>> {
        let (mut answer, question) = io::pipe()?;
        // The file that this very process runs, even if it was replaced on disk.
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0("hansa")
            .args(["shim", "exec", "--dir"])
            .arg(layout.root())
            .args(["--parent", &std::process::id().to_string()])
            .env_clear()
            .stdin(Stdio::from(question))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // From this thread, the first: the death signal tells of the end of a thread.
        let mut child = command.spawn()?;
        // With it our end of the question closes; the program's own closes at its exec.
        drop(command);
        if let Some(pipe) = child.stdout.take() {
            capture.pipe(LogSource::Stdout, pipe);
        }
        if let Some(pipe) = child.stderr.take() {
            capture.pipe(LogSource::Stderr, pipe);
        }
        let mut reason = String::new();
        answer.read_to_string(&mut reason)?;
        Ok(if reason.is_empty() { Ok(child.id()) } else { Err(reason) })
    };
    attempt().unwrap_or_else(|error| Err(format!("the process can't be made: {error}")))
}

/// Waits for the end: by itself, or because it was asked for.
fn watch(spec: &RunSpec, signals: &Signals, record: &mut Record<'_>, main: u32) -> Phase {
    let at = SystemClock.now();
    // A zombie is no living process, but it has a start; where it's gone that fast, nobody signals it.
    let process = ProcessRef::of(main).unwrap_or(ProcessRef { pid: main, start: 0 });
    record.put(Phase::Running { process, at });
    let mut ended = None;
    let mut deadline: Option<Instant> = None;
    loop {
        let before = ended;
        ended = ending::reap(main).or(ended);
        if deadline.is_some() && before.is_none() && ended.is_some() {
            // Who had left the group wasn't asked yet.
            ending::ask_everyone(spec);
        }
        let over = match deadline {
            None => ended.is_some(),
            // The others of the group were asked too, and get the same grace.
            Some(deadline) => Instant::now() >= deadline || ended.is_some() && ending::everyone(spec).is_empty(),
        };
        if over {
            break;
        }
        let timeout = match (deadline, record.pending) {
            (None, false) => None,
            (None, true) => Some(Duration::from_secs(1)),
            (Some(deadline), _) if ended.is_none() => Some(deadline - Instant::now()),
            (Some(_), _) => Some(Duration::from_millis(20)),
        };
        if signals.wait(timeout) == Some(Signal::SIGTERM) && deadline.is_none() {
            deadline = Some(Instant::now() + Duration::from_millis(spec.grace_ms));
            if ended.is_none() {
                // Not reaped yet, so the number can't be another's.
                killpg(Pid::from_raw(main.cast_signed()), Signal::SIGTERM).ok();
            }
        }
        record.retry();
    }
    let starved = spec.cgroups.ran_out_of_memory();
    let ended = ending::end_everyone(spec, main).or(ended);
    Phase::Exited { exit: exit(spec, ended, starved) }
}

fn exit(spec: &RunSpec, ended: Option<Ended>, starved: bool) -> Exit {
    let (code, signal) = match ended {
        Some(Ended::Code(code)) => (Some(code), None),
        Some(Ended::Signal(signal)) => (None, Some(signal)),
        None => (None, None),
    };
    // A shell reports its child's SIGKILL as 128 + 9.
    let killed = signal == Some(Signal::SIGKILL as i32) || code == Some(128 + Signal::SIGKILL as i32);
    Exit {
        at: SystemClock.now(),
        code,
        signal,
        out_of_memory_mib: (starved && killed).then_some(spec.cgroups.memory_mib),
        detail: None,
    }
}

/// Signals as something to wait for, with a time limit.
struct Signals {
    descriptor: SignalFd,
}

impl Signals {
    /// Takes them from here on, in this thread and all that it starts.
    /// The workload's program gets a clean mask in `exec`.
    fn take() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGCHLD, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        set.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self { descriptor: SignalFd::with_flags(&set, flags)? })
    }

    /// The next signal; `None` when the time is over.
    fn wait(&self, timeout: Option<Duration>) -> Option<Signal> {
        let timeout = timeout.map_or(PollTimeout::NONE, |timeout| {
            // Rounded up, so that a rest of microseconds isn't a busy loop.
            PollTimeout::try_from(timeout + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let mut sources = [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)];
        poll(&mut sources, timeout).ok();
        let info = self.descriptor.read_signal().ok().flatten()?;
        Signal::try_from(info.ssi_signo.cast_signed()).ok()
    }
}

/// The supervisor's own record of the run.
struct Record<'a> {
    path: PathBuf,
    layout: &'a Layout,
    state: RunState,
    /// The last change isn't on the disk yet.
    pending: bool,
}

impl<'a> Record<'a> {
    /// Nothing is started before this is on the disk.
    fn begin(layout: &'a Layout, run: u64) -> Result<Self, WdmError> {
        let pid = std::process::id();
        let shim = ProcessRef::of(pid).unwrap_or(ProcessRef { pid, start: 0 });
        let state = RunState { run, shim, phase: Phase::Starting, limits: LimitSupport::default() };
        layout::write_json(&layout.state(), &state)?;
        Ok(Self { path: layout.state(), layout, state, pending: false })
    }

    /// A disk that is full must not end a workload: then the change waits.
    fn put(&mut self, phase: Phase) {
        self.state.phase = phase;
        self.pending = true;
        self.retry();
    }

    fn retry(&mut self) {
        if self.pending {
            self.pending = layout::write_json(&self.path, &self.state).is_err();
        }
    }

    fn finish(mut self, phase: Phase) -> Result<(), WdmError> {
        let deadline = Instant::now() + RECORD_PATIENCE;
        self.put(phase);
        while self.pending && Instant::now() < deadline && is_there(self.layout.root()) {
            thread::sleep(Duration::from_millis(250));
            self.retry();
        }
        if self.pending { layout::write_json(&self.path, &self.state) } else { Ok(()) }
    }
}

fn is_there(path: &Path) -> bool {
    path.exists()
}
