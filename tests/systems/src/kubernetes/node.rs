//! The node of a cluster: containerd, the node's agent and the proxy, with the
//! only image that pods of a test use.

use super::{Kubernetes, STARTING, images};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Starts them, and waits until a pod could run.
pub(super) fn start(cluster: &mut Kubernetes) {
    write_configuration(cluster);
    let folder = cluster.folder.path().to_owned();
    drop(fs::remove_file(folder.join("c.sock")));
    let mut command = cluster.network.command(Path::new("containerd"));
    command.arg("--config").arg(folder.join("containerd.toml"));
    cluster.keep("containerd", &mut command);
    let socket = folder.join("c.sock");
    until("containerd listens", || socket.exists());
    if !folder.join("images.tar").exists() {
        images::import(&folder, &cluster.network);
    }
    let mut command = cluster.command("kubelet");
    command.args([
        &format!("--config={}", folder.join("kubelet.json").display()),
        &format!("--kubeconfig={}", folder.join("node.json").display()),
        &format!("--root-dir={}", folder.join("kubelet").display()),
        &format!("--cert-dir={}", folder.join("pki-node").display()),
        &format!("--hostname-override={}", cluster.node_name()),
        &format!("--node-ip={}", cluster.network.address),
        "--container-runtime=remote",
        &format!("--container-runtime-endpoint=unix://{}", socket.display()),
    ]);
    cluster.keep("kubelet", &mut command);
    let mut command = cluster.command("kube-proxy");
    command.args([
        &format!("--kubeconfig={}", folder.join("system:kube-proxy.json").display()),
        &format!("--hostname-override={}", cluster.node_name()),
        "--proxy-mode=iptables",
        "--cluster-cidr=10.244.0.0/16",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--oom-score-adj=0",
        "--metrics-bind-address=127.0.0.1:10249",
        "--healthz-bind-address=127.0.0.1:10256",
    ]);
    cluster.keep("kube-proxy", &mut command);
    let path = format!("/api/v1/nodes/{}", cluster.node_name());
    until("the node is ready", || {
        cluster.get(&path).is_some_and(|answer| answer.contains(r#""reason":"KubeletReady""#) || ready(&answer))
    });
}

/// The answer may be written with spaces.
fn ready(answer: &str) -> bool {
    let dense: String = answer.split_whitespace().collect();
    dense.contains(r#""status":"True","lastHeartbeatTime""#) && dense.contains(r#""reason":"KubeletReady""#)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + STARTING;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {STARTING:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn write_configuration(cluster: &Kubernetes) {
    let folder = cluster.folder.path();
    let shown = folder.display();
    let group = cluster.network.name();
    fs::create_dir_all(folder.join("cni")).expect("a folder");
    fs::write(
        folder.join("containerd.toml"),
        format!(
            r#"version = 2
root = "{shown}/containerd"
state = "{shown}/run"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{shown}/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{shown}/cni"
"#,
            pause = images::PAUSE
        ),
    )
    .expect("containerd's configuration");
    let bridge = serde_json::json!({
        "cniVersion": "0.4.0", "name": group,
        "plugins": [{
            "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
            "ipam": {
                "type": "host-local", "dataDir": folder.join("addresses"),
                "ranges": [[{ "subnet": "10.244.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }],
            },
        }, { "type": "portmap", "capabilities": { "portMappings": true } }],
    });
    fs::write(folder.join("cni/10-bridge.conflist"), bridge.to_string()).expect("the network's configuration");
    let kubelet = serde_json::json!({
        "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "authentication": {
            "anonymous": { "enabled": false }, "webhook": { "enabled": false },
            "x509": { "clientCAFile": folder.join("ca.crt") },
        },
        "authorization": { "mode": "AlwaysAllow" },
        "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{group}"), "cgroupsPerQOS": true,
        "enforceNodeAllocatable": [], "failSwapOn": false, "oomScoreAdj": 0, "maxOpenFiles": 20_000,
        "evictionHard": { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
        "resolvConf": "", "maxPods": 200, "readOnlyPort": 0, "kubeAPIQPS": 100, "kubeAPIBurst": 200,
        "nodeStatusUpdateFrequency": "2s", "registryPullQPS": 0, "serializeImagePulls": false,
        "logging": { "format": "text" },
    });
    fs::write(folder.join("kubelet.json"), kubelet.to_string()).expect("the agent's configuration");
    for hierarchy in fs::read_dir("/sys/fs/cgroup").expect("control groups").flatten() {
        drop(fs::create_dir(hierarchy.path().join(&group)));
        inherit_cpus(&hierarchy.path(), &group);
    }
}

/// A new group of the hierarchy `cpuset` takes nothing until it says which processors it has.
fn inherit_cpus(hierarchy: &Path, group: &str) {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(own) = fs::read_to_string(hierarchy.join(file)) {
            drop(fs::write(hierarchy.join(group).join(file), own));
        }
    }
}
