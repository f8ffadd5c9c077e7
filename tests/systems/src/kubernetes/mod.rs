//! A whole Kubernetes: etcd, API server, controllers, scheduler and, where it
//! is wished, a node on which pods run.
//!
//! Each cluster has a network namespace of its own with one address that this
//! machine reaches, so several run at once with the ports that they always have.
//! What ends a cluster is a script (`stop.sh`): dropping runs it, and so does a
//! watcher once the test's process has ended in any other way.

mod berth;
mod certificates;
mod cluster_api;
mod images;
mod network;
mod node;

use crate::Program;
use base64::{Engine as _, engine::general_purpose::STANDARD};
pub use berth::Berth;
use certificates::Authority;
pub use cluster_api::ClusterApi;
use network::Network;
use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A busybox, in a pod.
pub const IMAGE: &str = "hansa.test/busybox:1";
/// The same with an entrypoint, which prints `entrypoint` and its arguments, and with the command `own`.
pub const ENTRY: &str = "hansa.test/entry:1";
/// A token that may do everything.
pub const ADMIN_TOKEN: &str = "admin-token-of-a-test";
/// A token of the user `limited`, who may nothing until a test says otherwise.
pub const LIMITED_TOKEN: &str = "limited-token-of-a-test";

const PROGRAMS: [&str; 5] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"];
const STARTING: Duration = Duration::from_secs(120);

/// A running cluster. Dropping it ends it.
#[derive(Debug)]
pub struct Kubernetes {
    folder: Folder,
    network: Network,
    node_name: String,
    authority: Authority,
    api_server: Mutex<Option<Program>>,
    others: Vec<Program>,
    node: bool,
}

/// Where all of it is.
#[derive(Debug)]
enum Folder {
    /// In a folder that is removed with it.
    Own(TempDir),
    /// In one of somebody else's, who ends it, too.
    Given(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Given(folder) => folder,
        }
    }
}

/// Where `install/kubernetes.sh` has put what it built.
fn binaries() -> PathBuf {
    let cache = std::env::var_os("HANSA_TEST_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/hansa-tests"),
        PathBuf::from,
    );
    cache.join("kubernetes-1.20.2")
}

impl Kubernetes {
    /// Whether all that it takes is on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        let there = |program: &str| {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&folders).any(|folder| folder.join(program).exists())
        };
        PROGRAMS.iter().all(|program| binaries().join(program).exists())
            && ["etcd", "containerd", "runc", "iptables", "ip", "nsenter"].iter().all(|program| there(program))
            && Path::new("/usr/lib/cni/bridge").exists()
            && Path::new("/bin/busybox").exists()
    }

    /// What a skipped test tells people to do.
    pub const REMEDY: &str = "run tests/systems/install/kubernetes.sh as root";

    /// A cluster with one node, ready for pods.
    #[must_use]
    pub fn start() -> Self {
        let mut cluster = Self::control_plane();
        cluster.node = true;
        node::start(&mut cluster);
        cluster
    }

    /// A cluster without a node: everything can be applied, and no pod runs.
    #[must_use]
    pub fn control_plane() -> Self {
        let folder = tempfile::Builder::new().prefix("hk-").tempdir().expect("a folder");
        let network = Network::make();
        let node_name = format!("node-{}", network.number);
        let mut cluster = Self::at(Folder::Own(folder), network, node_name);
        cluster.watch_over();
        cluster.brain();
        cluster
    }

    fn at(folder: Folder, network: Network, node_name: String) -> Self {
        let authority = Authority::make(folder.path(), network.address);
        Self { folder, network, node_name, authority, api_server: Mutex::new(None), others: Vec::new(), node: false }
    }

    /// All but the node.
    fn brain(&mut self) {
        self.write_credentials();
        self.etcd();
        self.api_server_start();
        self.controllers();
    }

    /// The API server's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("https://{}", self.socket())
    }

    /// The name of its network and of its control groups.
    #[must_use]
    pub fn name(&self) -> String {
        self.network.name()
    }

    /// Where all that it writes is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn socket(&self) -> SocketAddr {
        (self.network.address, 6443).into()
    }

    /// The certificate to trust, PEM.
    #[must_use]
    pub fn ca(&self) -> &str {
        &self.authority.certificate
    }

    /// The address of the node, and of what it exposes.
    #[must_use]
    pub fn node_address(&self) -> IpAddr {
        IpAddr::V4(self.network.address)
    }

    /// The node's name.
    #[must_use]
    pub fn node_name(&self) -> String {
        self.node_name.clone()
    }

    /// A kubeconfig for whoever has this token.
    #[must_use]
    pub fn kubeconfig(&self, token: &str) -> String {
        let encoded = STANDARD.encode(&self.authority.certificate);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n\
             clusters: [{{name: test, cluster: {{server: '{}', certificate-authority-data: {encoded}}}}}]\n\
             users: [{{name: test, user: {{token: '{token}'}}}}]\n",
            self.address()
        )
    }

    /// Ends the API server as a crash would.
    pub fn api_server_kill(&self) {
        let taken = self.api_server.lock().expect("the API server").take();
        if let Some(mut program) = taken {
            let killed = Command::new("kill").args(["-KILL", &program.pid().to_string()]).status();
            drop(killed);
            program.stop();
        }
    }

    /// Ends the node's agent as a crash would: the node is lost some seconds later.
    pub fn kubelet_kill(&self) {
        let pid = self.others.iter().find(|program| program.name() == "kubelet").map(Program::pid);
        let pid = pid.expect("a node's agent").to_string();
        drop(Command::new("kill").args(["-KILL", &pid]).status());
    }

    /// Starts the API server (again), and waits until it answers.
    pub fn api_server_start(&self) {
        let mut command = self.command("kube-apiserver");
        let (folder, address) = (self.folder.path().display().to_string(), self.network.address);
        command.args([
            "--etcd-servers=http://127.0.0.1:2379",
            &format!("--bind-address={address}"),
            &format!("--advertise-address={address}"),
            "--secure-port=6443",
            &format!("--tls-cert-file={folder}/api.crt"),
            &format!("--tls-private-key-file={folder}/api.key"),
            &format!("--client-ca-file={folder}/ca.crt"),
            &format!("--token-auth-file={folder}/tokens.csv"),
            "--authorization-mode=Node,RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            &format!("--service-account-key-file={folder}/sa.pub"),
            &format!("--service-account-signing-key-file={folder}/sa.key"),
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            &format!("--kubelet-client-certificate={folder}/client.crt"),
            &format!("--kubelet-client-key={folder}/client.key"),
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=true",
            "--event-ttl=10m",
            "--profiling=false",
            &format!("--cert-dir={folder}/pki"),
        ]);
        let mut program = Program::start("kube-apiserver", &mut command, self.folder.path());
        self.remember(program.pid());
        let ready = || self.get("/readyz").is_some_and(|answer| answer.contains("200 OK"));
        program.wait_until("the API server is ready", STARTING, ready);
        *self.api_server.lock().expect("the API server") = Some(program);
    }

    /// The answer to a GET by the administrator, head and body; None where there is none.
    fn get(&self, path: &str) -> Option<String> {
        TcpStream::connect_timeout(&self.socket(), Duration::from_millis(300)).ok()?;
        let asked = Command::new("curl")
            .args(["-sS", "-i", "--http1.1", "--max-time", "5", "--cacert"])
            .arg(self.folder.path().join("ca.crt"))
            .args(["-H", &format!("Authorization: Bearer {ADMIN_TOKEN}")])
            .arg(format!("{}{path}", self.address()))
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(asked.stdout).ok()
    }

    fn etcd(&mut self) {
        let mut command = self.network.command(Path::new("etcd"));
        command.arg("--data-dir").arg(self.folder.path().join("etcd")).args([
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--log-level=warn",
        ]);
        self.keep("etcd", &mut command);
    }

    fn controllers(&mut self) {
        let folder = self.folder.path().display().to_string();
        let mut command = self.command("kube-controller-manager");
        command.args([
            &format!("--kubeconfig={folder}/system:kube-controller-manager.json"),
            &format!("--service-account-private-key-file={folder}/sa.key"),
            &format!("--root-ca-file={folder}/ca.crt"),
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            "--port=0",
            "--kube-api-qps=300",
            "--kube-api-burst=500",
            "--concurrent-deployment-syncs=10",
            "--concurrent-gc-syncs=20",
            "--concurrent-namespace-syncs=10",
            "--node-monitor-period=2s",
            "--node-monitor-grace-period=10s",
            &format!("--cert-dir={folder}/pki-cm"),
        ]);
        self.keep("kube-controller-manager", &mut command);
        let mut command = self.command("kube-scheduler");
        command.args([
            &format!("--kubeconfig={folder}/system:kube-scheduler.json"),
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            "--port=0",
            &format!("--cert-dir={folder}/pki-s"),
        ]);
        self.keep("kube-scheduler", &mut command);
        let until = Instant::now() + STARTING;
        while !self.get("/api/v1/namespaces/default/serviceaccounts/default").is_some_and(|it| it.contains("200 OK")) {
            assert!(Instant::now() < until, "the controllers make no service account");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// One of the programs that were built, in the cluster's network.
    fn command(&self, program: &str) -> Command {
        self.network.command(&binaries().join(program))
    }

    fn keep(&mut self, name: &str, command: &mut Command) {
        let program = Program::start(name, command, self.folder.path());
        self.remember(program.pid());
        self.others.push(program);
    }

    /// Written down for the script that ends the cluster.
    fn remember(&self, pid: u32) {
        use std::io::Write as _;
        let path = self.folder.path().join(match self.folder {
            Folder::Own(_) => "pids",
            Folder::Given(_) => berth::PIDS,
        });
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        writeln!(file.expect("the list of processes"), "{pid}").expect("a line");
    }

    /// Who may ask, and with what.
    fn write_credentials(&self) {
        let node = format!("system:node:{}", self.node_name());
        let users = BTreeMap::from([
            (ADMIN_TOKEN.to_owned(), ("admin".to_owned(), "system:masters")),
            (LIMITED_TOKEN.to_owned(), ("limited".to_owned(), "")),
            ("cm-token".to_owned(), ("system:kube-controller-manager".to_owned(), "system:masters")),
            ("scheduler-token".to_owned(), ("system:kube-scheduler".to_owned(), "")),
            ("proxy-token".to_owned(), ("system:kube-proxy".to_owned(), "")),
            ("node-token".to_owned(), (node, "system:nodes")),
        ]);
        let mut table = String::new();
        for (token, (user, groups)) in &users {
            table.push_str(&format!("{token},{user},{user},\"{groups}\"\n"));
            let name = if user.starts_with("system:node:") { "node" } else { user };
            let path = self.folder.path().join(format!("{name}.json"));
            fs::write(path, self.kubeconfig(token)).expect("a kubeconfig");
        }
        fs::write(self.folder.path().join("tokens.csv"), table).expect("the table of tokens");
    }

    fn watch_over(&self) {
        network::watch_over(self.folder.path(), &self.network);
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        if let Folder::Own(folder) = &self.folder {
            network::end(folder.path());
        }
    }
}
