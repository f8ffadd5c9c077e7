//! Looks whether anything is left of a broker: processes, files, ports.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

/// How long processes that were told to end may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is left.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    processes: Vec<i32>,
    ports: Vec<SocketAddr>,
    directory: Option<String>,
    /// Anything else.
    pub others: Vec<String>,
}

impl Leftovers {
    /// The directory is going to be removed.
    pub(super) fn forget_directory(&mut self) {
        self.directory = None;
    }

    /// A sentence for each thing that is left.
    pub(super) fn texts(&self) -> Vec<String> {
        let processes = self.processes.iter().map(|pid| format!("process {pid} still ran"));
        let ports = self.ports.iter().map(|address| format!("somebody still answers at {address}"));
        let directory = self.directory.iter().map(|path| format!("{path} is still there"));
        processes.chain(ports).chain(directory).chain(self.others.iter().cloned()).collect()
    }
}

/// What is left of a broker that kept its files in `directory` and whose
/// workloads listened at `ports`.
pub(super) fn find(directory: &Path, ports: &[SocketAddr]) -> Leftovers {
    let begun = Instant::now();
    let mut processes = processes_of(directory);
    while !processes.is_empty() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
        processes = processes_of(directory);
    }
    let answers = |address: &&SocketAddr| TcpStream::connect_timeout(address, Duration::from_millis(200)).is_ok();
    Leftovers {
        processes,
        ports: ports.iter().filter(answers).copied().collect(),
        directory: directory.exists().then(|| directory.display().to_string()),
        others: Vec::new(),
    }
}

/// Ends by force what is left.
pub(super) fn end(left: &Leftovers) {
    for pid in &left.processes {
        if let Err(error) = kill(Pid::from_raw(*pid), Signal::SIGKILL) {
            tracing::debug!(pid, %error, "a process had gone already");
        }
    }
}

/// Processes whose command line or environment names the directory: a broker
/// that lives there, its supervisors and its workloads.
pub(super) fn processes_of(directory: &Path) -> Vec<i32> {
    let needle = directory.as_os_str().as_encoded_bytes();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()))
        .filter(|pid| *pid != own && names(*pid, needle))
        .collect()
}

/// The main processes of workloads of a component, of the broker that keeps its
/// files in `directory`: from the process table, whatever any broker says.
pub(super) fn workloads_of(directory: &Path, component: &str) -> Vec<i32> {
    let wanted = format!("HANSA_COMPONENT={component}");
    let of_component = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    processes_of(directory).into_iter().filter(of_component).collect()
}

fn names(pid: i32, needle: &[u8]) -> bool {
    ["cmdline", "environ"].iter().any(|file| {
        let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        bytes.windows(needle.len().max(1)).any(|window| window == needle)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_process_by_what_it_was_given_and_a_port_that_answers() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("30").env("X", directory.path()).spawn().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // A process that has just begun has an environment a moment later.
        let begun = Instant::now();
        while processes_of(directory.path()).is_empty() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(processes_of(directory.path()), [i32::try_from(child.id()).unwrap()]);
        child.kill().unwrap();
        child.wait().unwrap();
        let left = find(directory.path(), &[listener.local_addr().unwrap()]);
        assert_eq!((left.processes.len(), left.ports.len(), left.directory.is_some()), (0, 1, true));
    }
}
