//! Runs the real binary as a person would: a command, its exit code, what it printed.

use std::{
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a command may run before it counts as hanging.
const BOUND: Duration = Duration::from_secs(180);

/// A command that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// What was typed.
    pub line: String,
    /// The exit code; 128 and the signal where one ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// Standard output of a command that must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "`{}` failed\n{}{}", self.line, self.stdout, self.stderr);
        self.stdout
    }

    /// Standard error of a command that must have failed with this code, in its own words.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "`{}` did not fail as expected\n{}{}", self.line, self.stdout, self.stderr);
        let told = self.stderr.lines().any(|line| line.starts_with("error: "));
        assert!(told, "`{}` says on standard error:\n{}", self.line, self.stderr);
        self.stderr
    }
}

/// The binary under test, without any setting of whoever runs the tests.
pub(crate) fn program(folder: &Path) -> Command {
    let built = || env!("CARGO_BIN_EXE_hansa").into();
    let mut command = Command::new(std::env::var_os("HANSA_TEST_BINARY").unwrap_or_else(built));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HANSA_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

/// Runs `hansa` with these arguments and variables in this folder.
#[track_caller]
pub(crate) fn hansa(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = program(folder);
    command.args(arguments).envs(variables.iter().copied());
    run(command, arguments)
}

/// A file of the repository, such as an example.
pub(crate) fn repository_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(mut command: Command, arguments: &[&str]) -> Ended {
    let line = format!("hansa {}", arguments.join(" "));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let code = wait(&mut child, &line);
    Ended { line, code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[track_caller]
fn wait(child: &mut Child, line: &str) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        }
        if begun.elapsed() > BOUND {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("`{line}` had not ended after {BOUND:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Says something that everybody sees who runs the tests, whether they fail or not.
pub(crate) fn say(line: &str) {
    // Directly: what `eprintln` says is shown for failed tests alone.
    let mut standard_error = std::io::stderr().lock();
    standard_error.write_all(format!("{line}\n").as_bytes()).unwrap();
}
