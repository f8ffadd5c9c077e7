//! A Docker Engine of a test's own: its own containerd, its own folder, its
//! own networks, so that several stand side by side.

use crate::{
    Program,
    container_engine::{ContainerEngine, chains_remove, end_below, quietly, runs, unmount_below},
    program::find,
};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// The file with further arguments of `dockerd`, one on a line.
const MORE: &str = "dockerd-arguments";
/// How long an engine may take to come up, on a machine that is busy.
const COMING_UP: Duration = Duration::from_secs(60);

/// An engine; none, loudly, where its programs are not installed.
#[must_use]
pub fn docker() -> Option<ContainerEngine> {
    docker_with(|_| Vec::new())
}

/// The same with further arguments of `dockerd`; files that they name can be
/// put into the engine's folder.
#[must_use]
pub fn docker_with(prepare: impl FnOnce(&Path) -> Vec<String>) -> Option<ContainerEngine> {
    let programs = ["dockerd", "containerd", "runc", "docker", "iptables", "busybox"];
    let there = programs.iter().all(|name| find(&[name]).is_some());
    let remedy = "run tests/systems/install/docker.sh as root";
    crate::wanted("docker", there, remedy).then(|| {
        ContainerEngine::start("docker", begin, clear, |folder| {
            let more = prepare(folder).join("\n");
            fs::write(folder.join(MORE), more).expect("a file with arguments");
        })
    })
}

fn begin(folder: &Path, socket: &Path) -> Vec<Program> {
    let at = |name: &str| folder.join(name).display().to_string();
    // Not the machine's own containerd, which may be another test's.
    let config = format!(
        "version = 2\nroot = \"{}\"\nstate = \"{}\"\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
         [grpc]\naddress = \"{}\"\n",
        at("containerd"),
        at("containerd-state"),
        at("containerd.sock")
    );
    fs::write(folder.join("containerd.toml"), config).expect("a configuration");
    let mut containerd = Command::new("containerd");
    containerd.args(["--config", &at("containerd.toml")]);
    let mut containerd = Program::start("containerd", &mut containerd, folder);
    containerd.wait_until("containerd", COMING_UP, || UnixStream::connect(at("containerd.sock")).is_ok());

    fs::remove_file(folder.join("docker.pid")).ok();
    let mut dockerd = Command::new("dockerd");
    dockerd
        .args(["--host", &format!("unix://{}", socket.display()), "--containerd", &at("containerd.sock")])
        .args(["--data-root", &at("data"), "--exec-root", &at("exec"), "--pidfile", &at("docker.pid")])
        // Networks of its own, and none that two engines would share.
        .args(["--bridge", "none", "--default-address-pool", &format!("base={},size=22", pool())]);
    dockerd.args(fs::read_to_string(folder.join(MORE)).unwrap_or_default().lines());
    let mut dockerd = Program::start("dockerd", &mut dockerd, folder);
    let address = format!("unix://{}", socket.display());
    dockerd.wait_until("dockerd", COMING_UP, || {
        let answer = Command::new("docker").args(["--host", &address, "version"]).output();
        answer.is_ok_and(|answer| answer.status.success())
    });
    vec![containerd, dockerd]
}

/// Addresses for the networks of one engine.
fn pool() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let engine = std::process::id().wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("10.{}.0.0/16", 100 + engine % 100)
}

fn clear(folder: &Path) {
    end_below(folder);
    unmount_below(folder);
    if runs("dockerd") {
        return;
    }
    // The last one: as before the first. Docker leaves its chains, and forwarding forbidden.
    chains_remove("DOCKER");
    quietly("iptables", &["-P", "FORWARD", "ACCEPT"]);
}
