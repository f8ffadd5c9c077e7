//! Clusters of one node on machines of the layers below: k3s, which the first
//! boot of a virtual machine or server brings. This room knows k3s: where it
//! comes from, how it is started, and where it leaves what opens it. Who uses
//! the cluster from then on is the machine's own agent; nobody else gets in.

use crate::connectors::handed_on;
use hansa_ontology::MachineId;
use hansa_pim::MachineOrder;
use hansa_repository::system::{SettingFault, System};
use std::collections::BTreeMap;

/// The setting with the release of k3s that is fetched where the image has none.
pub const VERSION: &str = "k3sVersion";
/// The setting with the folder of releases.
pub const SOURCE: &str = "k3sSource";
/// Where k3s leaves the kubeconfig of its administrator, on its machine.
pub const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
/// Where the first boot says why there will be no cluster.
pub const FAULT: &str = "/var/lib/hansa-agent/k3s-fault";
/// What k3s prints, where the machine has no systemd.
pub const LOG: &str = "/var/log/hansa-k3s.log";
/// The unit as which it runs, where the machine has systemd.
pub const UNIT: &str = "hansa-k3s";

/// The k3s project's own releases.
const RELEASES: &str = "https://github.com/k3s-io/k3s/releases/download";
/// The class of Ingress objects that k3s itself serves.
const TRAEFIK: &str = "traefik";

/// Of what is planned onto the machine so much is kept free for each pod: the
/// rest of the node is k3s's own pods', and all of it one application's.
const REQUESTED: &str = "75";

/// Finds k3s in the image, or fetches the release and runs nothing of it whose
/// checksum isn't as published. What can't be had is written down for the agent.
const BRING: &str = r#"
k3s=/usr/local/bin/k3s
fault() { echo "hansa: $1" >&2; printf '%s\n' "$1" >"$k3s_fault.new" && mv "$k3s_fault.new" "$k3s_fault"; exit 1; }
bring() {
  if command -v curl >/dev/null; then
    curl -fsSL --proto =https --connect-timeout 10 --max-time 900 -o "$2" "$1"
  elif command -v python3 >/dev/null; then
    python3 -c 'import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=60) as answer, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(answer, file)' "$1" "$2" 2>&1 | tail -n 1 >&2
    [ -s "$2" ]
  else
    echo "neither curl nor python3 is on this image" >&2; return 1
  fi
}
if ! [ -x "$k3s" ]; then
  [ -n "$k3s_version" ] || fault "the image has no $k3s, and the system's setting k3sVersion names none to fetch"
  case "$(uname -m)" in
    x86_64) arch=amd64 name=k3s ;;
    aarch64) arch=arm64 name=k3s-arm64 ;;
    *) fault "k3s isn't released for the processor $(uname -m)" ;;
  esac
  from="$k3s_source/$k3s_version" tries=0
  until rm -f "$k3s.new" && said=$({ bring "$from/sha256sum-$arch.txt" "$k3s.sums" && bring "$from/$name" "$k3s.new"; } 2>&1); do
    tries=$((tries + 1))
    [ "$tries" -lt 24 ] || fault "k3s can't be had from $from: $(printf %s "$said" | tail -c 300)"
    sleep 5
  done
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)[ *]*$name\$/\1/p" "$k3s.sums")
  found=$(sha256sum "$k3s.new" | cut -d ' ' -f 1)
  if [ -z "$wanted" ] || [ "$wanted" != "$found" ]; then
    rm -f "$k3s.new"
    fault "$from/$name was not run: its SHA-256 is $found, and sha256sum-$arch.txt says ${wanted:-nothing of it}"
  fi
  chmod 755 "$k3s.new" && mv "$k3s.new" "$k3s"
fi
"#;

/// Starts it, now and whenever the machine starts; what ends is started again.
const START: &str = r#"
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  cat > "/etc/systemd/system/$k3s_unit.service" <<UNIT
[Unit]
Description=Kubernetes of this machine alone
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=$k3s $k3s_arguments
Restart=always
RestartSec=5
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable "$k3s_unit" && systemctl start --no-block "$k3s_unit"
else
  setsid sh -c "umask 022; while :; do $k3s $k3s_arguments; sleep 5; done" >>"$k3s_log" 2>&1 </dev/null &
fi
"#;

/// The k3s of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct K3s {
    /// What brings and starts it at the machine's first boot (`sh`). Holds no secret.
    pub script: String,
    /// How the cluster is used: what a system of the kind `kubernetes` would have set.
    pub usage: BTreeMap<String, String>,
}

impl K3s {
    /// The k3s of a machine, by the settings of the system that makes the machine.
    ///
    /// # Errors
    /// The setting that can't be used.
    pub fn read(system: &System, machine: MachineId) -> Result<Self, SettingFault> {
        let setting =
            |name: &str| system.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let (version, source) = (setting(VERSION), setting(SOURCE).unwrap_or(RELEASES).trim_end_matches('/'));
        let wrong = |setting: &str, problem: String| SettingFault { setting: setting.to_owned(), problem };
        if let Some(version) = version.filter(|version| !is_release(version)) {
            return Err(wrong(VERSION, format!("`{version}` is no release of k3s; write one such as v1.31.4+k3s1")));
        }
        if !is_folder(source) {
            return Err(wrong(SOURCE, format!("`{source}` is no https:// address of a folder of k3s releases")));
        }
        let mut usage: BTreeMap<String, String> = system
            .settings
            .iter()
            .filter(|(key, _)| handed_on().any(|name| name == &key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        usage.entry("requestPercent".to_owned()).or_insert_with(|| REQUESTED.to_owned());
        let arguments = arguments(&usage, &MachineOrder::name_of(machine));
        let version = version.unwrap_or_default();
        let script = format!(
            "\n# Kubernetes, for this machine alone.\nk3s_version='{version}' k3s_source='{source}' \
             k3s_fault={FAULT} k3s_log={LOG} k3s_unit={UNIT}\nk3s_arguments='{arguments}'\n{BRING}{START}"
        );
        Ok(Self { script, usage })
    }
}

/// What is not needed is off: the cluster has one user, the agent on its machine.
fn arguments(usage: &BTreeMap<String, String>, node: &str) -> String {
    let mut all = vec![
        "server".to_owned(),
        format!("--write-kubeconfig={KUBECONFIG}"),
        "--write-kubeconfig-mode=600".to_owned(),
        format!("--node-name={node}"),
        "--disable=metrics-server".to_owned(),
    ];
    let class = usage.get("ingressClass");
    if class.is_none_or(|class| class != TRAEFIK) {
        all.push(format!("--disable={TRAEFIK}"));
    }
    // Behind what serves Ingress objects stands a load balancer, too.
    if class.is_none() && usage.get("exposure").is_none_or(|exposure| exposure != "loadBalancer") {
        all.push("--disable=servicelb".to_owned());
    }
    all.join(" ")
}

/// Such as `v1.31.4+k3s1` and `v1.32.0-rc1+k3s1`.
fn is_release(text: &str) -> bool {
    let Some((kubernetes, own)) = text.strip_prefix('v').and_then(|rest| rest.split_once("+k3s")) else { return false };
    let (numbers, candidate) = kubernetes.split_once('-').map_or((kubernetes, None), |(n, rc)| (n, Some(rc)));
    let is_number = |part: &str| !part.is_empty() && part.len() < 6 && part.bytes().all(|one| one.is_ascii_digit());
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && is_number(own)
        && candidate.is_none_or(|text| text.bytes().all(|one| one.is_ascii_alphanumeric()))
}

/// An address that a shell takes as it is.
fn is_folder(text: &str) -> bool {
    let plain = |one: u8| one.is_ascii_alphanumeric() || b"-._~/:%+@[]".contains(&one);
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    text.len() <= 1_024 && text.bytes().all(plain) && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
#[path = "k3s_tests.rs"]
mod tests;
