//! Podman's socket, which answers like a Docker Engine.

use crate::{
    Program,
    container_engine::{ContainerEngine, chains_remove, end_below, runs, unmount_below},
    program::find,
};
use std::{fs, os::unix::net::UnixStream, path::Path, process::Command, time::Duration};

/// How long the service may take to come up, on a machine that is busy.
const COMING_UP: Duration = Duration::from_secs(60);
/// Small limits (a container must not ask for more than this process may have);
/// `runc`, since `crun` wants one hierarchy of control groups; no systemd.
const CONFIGURATION: &str = r#"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"#;

/// An engine; none, loudly, where its programs are not installed.
#[must_use]
pub fn podman() -> Option<ContainerEngine> {
    let programs = ["podman", "conmon", "runc", "docker", "iptables", "busybox"];
    let there = programs.iter().all(|name| find(&[name]).is_some());
    let remedy = "run tests/systems/install/podman.sh as root";
    crate::wanted("podman", there, remedy).then(|| ContainerEngine::start("podman", begin, clear, |_| ()))
}

fn begin(folder: &Path, socket: &Path) -> Vec<Program> {
    let at = |name: &str| folder.join(name).display().to_string();
    fs::write(folder.join("containers.conf"), CONFIGURATION).expect("a configuration");
    let mut podman = Command::new("podman");
    podman
        // What runs under it writes into its working directory: `oom`, when memory runs out.
        .current_dir(folder)
        .env("CONTAINERS_CONF", folder.join("containers.conf"))
        .args(["--root", &at("root"), "--runroot", &at("run"), "--tmpdir", &at("tmp")])
        .args(["--network-config-dir", &at("networks"), "--volumepath", &at("volumes")])
        .args(["system", "service", "--time=0", &format!("unix://{}", socket.display())]);
    let mut podman = Program::start("podman", &mut podman, folder);
    podman.wait_until("podman", COMING_UP, || UnixStream::connect(socket).is_ok());
    vec![podman]
}

fn clear(folder: &Path) {
    end_below(folder);
    unmount_below(folder);
    if !runs("podman") {
        chains_remove("NETAVARK");
    }
}
