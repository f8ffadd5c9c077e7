//! A place for a cluster that somebody else starts, in a machine of a test:
//! a network and a folder, made before the machine and removed after it. In the
//! machine all of it runs in that machine's own process and mount namespaces.

use super::{
    Folder, Kubernetes, cluster_api,
    network::{self, Network},
    node,
};
use serde_json::Value;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Tells the programs of a machine which berth it has: its number and its folder.
const VARIABLE: &str = "HANSA_TEST_BERTH";
/// What runs in the machine, by the numbers that it has there.
pub(super) const PIDS: &str = "pids-inside";

/// A place for a cluster. Dropping it ends and removes whatever is there.
#[derive(Debug)]
pub struct Berth {
    network: Network,
    folder: TempDir,
}

impl Berth {
    /// A network that no other cluster of this machine has.
    #[must_use]
    pub fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("hk-").tempdir().expect("a folder");
        let network = Network::make();
        network::watch_over(folder.path(), &network);
        Self { network, folder }
    }

    /// A program in its network, to which it is told which berth that is.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.network.command(Path::new(program));
        command.env(VARIABLE, format!("{} {}", self.network.number, self.folder.path().display()));
        command
    }

    /// Its address, which this machine reaches.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        IpAddr::V4(self.network.address)
    }

    /// The address of this machine that every berth reaches.
    #[must_use]
    pub const fn outside(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(198, 18, self.network.number, 1))
    }

    /// A request by the administrator of the cluster that is there: its status,
    /// and its answer as JSON.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        cluster_api::asked(self.folder.path(), &format!("https://{}:6443{path}", self.address()), method, body)
    }

    /// Ends the API server as a crash would, in whatever process namespace it is.
    pub fn api_server_kill(&self) {
        let own = format!("{}/api.crt", self.folder.path().display());
        for entry in fs::read_dir("/proc").expect("processes").flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            if line.contains("kube-apiserver") && line.contains(&own) {
                drop(Command::new("kill").arg("-KILL").arg(entry.file_name()).status());
            }
        }
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        network::end(self.folder.path());
    }
}

impl Kubernetes {
    /// A cluster with one node of this name in the berth of the machine in
    /// which this is called. None: it has none. What an earlier one has kept
    /// there stays, and pods that ran go on.
    #[must_use]
    pub fn in_berth(node_name: &str) -> Option<Self> {
        let told = std::env::var(VARIABLE).ok()?;
        let (number, folder) = told.split_once(' ').expect("a number and a folder");
        let network = Network::inside(number.parse().expect("a number"));
        let folder = Path::new(folder);
        for pid in fs::read_to_string(folder.join(PIDS)).unwrap_or_default().lines() {
            drop(Command::new("kill").args(["-KILL", pid]).status());
        }
        drop(fs::remove_file(folder.join(PIDS)));
        let mut cluster = Self::at(Folder::Given(folder.to_owned()), network, node_name.to_owned());
        cluster.brain();
        cluster.node = true;
        node::start(&mut cluster);
        Some(cluster)
    }

    /// Waits until one of its programs ends; what it said last.
    #[must_use]
    pub fn until_one_ends(&mut self) -> String {
        loop {
            let mut server = self.api_server.lock().expect("the API server");
            let ended = server.as_mut().and_then(crate::Program::ended);
            drop(server);
            if let Some(said) = ended.or_else(|| self.others.iter_mut().find_map(crate::Program::ended)) {
                return said;
            }
            thread::sleep(Duration::from_millis(300));
        }
    }
}
