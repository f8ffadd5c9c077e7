//! What brings the agent onto a machine: a script that cloud-init runs at the
//! machine's first start. Plain `sh`, since every image with cloud-init has it.

use super::MachineCluster;
use hansa_ontology::MachineId;
use hansa_repository::system::AgentRuns;

/// What the script has to know.
#[derive(Debug, Clone, Copy)]
pub struct FirstBootScript<'a> {
    /// Where the machine reaches its broker, such as `https://broker.example`.
    pub server: &'a str,
    /// Certificates (PEM) of further authorities that the broker may show.
    pub authorities: Option<&'a str>,
    /// The machine.
    pub machine: MachineId,
    /// By which the agent gets a secret of its own, once.
    pub token: &'a str,
    /// What the agent runs.
    pub runs: AgentRuns,
    /// The cluster in which its packages run, where they do.
    pub cluster: Option<FirstBootCluster<'a>>,
}

/// A cluster that a machine brings up for itself.
#[derive(Debug, Clone, Copy)]
pub struct FirstBootCluster<'a> {
    /// Where it leaves what the agent has to know.
    pub of: &'a MachineCluster,
    /// What brings and starts it (`sh`), while the agent tells how far it is.
    pub script: &'a str,
}

/// Ends what is written into a file; no line of what is written is like it.
const END: &str = "END-OF-WHAT-HANSA-WRITES";

/// Fetches this very program from the broker, where the image does not have it.
const PROGRAM: &str = r#"
program=/usr/local/bin/hansa
fetch() {
  url="$HANSA_SERVER/agent/v1/program"
  if command -v curl >/dev/null; then
    curl -fsS ${HANSA_CA_FILE:+--cacert "$HANSA_CA_FILE"} -H @/etc/hansa/agent-header -o "$program.new" "$url"
  elif command -v python3 >/dev/null; then
    python3 - "$url" "$program.new" <<'PYTHON'
import os, shutil, ssl, sys, urllib.request
with open("/etc/hansa/agent-header") as f:
    name, value = f.read().strip().split(": ", 1)
request = urllib.request.Request(sys.argv[1], headers={name: value})
trust = ssl.create_default_context(cafile=os.environ.get("HANSA_CA_FILE"))
with urllib.request.urlopen(request, timeout=300, context=trust) as answer, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(answer, file)
PYTHON
  else
    echo "hansa: neither curl nor python3 is on this image" >&2; return 1
  fi
}
if ! "$program" agent --help >/dev/null 2>&1; then
  tries=0
  until fetch && chmod 755 "$program.new" && "$program.new" agent --help >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "hansa: the program can't be had from $HANSA_SERVER" >&2; exit 1; }
    sleep 5
  done
  mv "$program.new" "$program"
fi
rm -f /etc/hansa/agent-header
"#;

/// Brings a container engine, where there is none.
const ENGINE: &str = r#"
if ! [ -S /run/docker.sock ]; then
  if command -v apt-get >/dev/null; then
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends docker.io iptables
  elif command -v dnf >/dev/null; then
    dnf install -yq podman-docker podman && systemctl enable --now podman.socket && ln -sf /run/podman/podman.sock /run/docker.sock
  fi
  command -v systemctl >/dev/null && systemctl enable --now docker 2>/dev/null
fi
"#;

/// Starts the agent, now and whenever the machine starts. Workloads go on when it ends.
const START: &str = r#"
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  cat > /etc/systemd/system/hansa-agent.service <<'UNIT'
[Unit]
Description=Agent of the broker that rents this machine
Wants=network-online.target
After=network-online.target

[Service]
EnvironmentFile=/etc/hansa/agent.env
ExecStart=/usr/local/bin/hansa agent
Restart=always
RestartSec=5
KillMode=process
Delegate=yes

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable --now hansa-agent
else
  setsid "$program" agent >>/var/log/hansa-agent.log 2>&1 </dev/null &
fi
"#;

impl FirstBootScript<'_> {
    /// The script. It holds the token.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { server, authorities, machine, token, runs, cluster } = self;
        let mut settings = format!(
            "HANSA_SERVER={server}\nHANSA_AGENT_MACHINE={machine}\nHANSA_AGENT_RUNS={runs}\n\
             HANSA_AGENT_TOKEN_FILE=/etc/hansa/agent-token\nHANSA_AGENT_STATE=/var/lib/hansa-agent\n"
        );
        let mut text = "#!/bin/sh\n# Brings the agent of the broker that rents this machine.\n\
                        umask 077\nmkdir -p /etc/hansa /var/lib/hansa-agent /usr/local/bin\n"
            .to_owned();
        text.push_str(&written("/etc/hansa/agent-token", token));
        text.push_str(&written("/etc/hansa/agent-header", &format!("Authorization: Bearer {token}")));
        if let Some(authorities) = authorities {
            text.push_str(&written("/etc/hansa/broker-ca.pem", authorities));
            settings.push_str("HANSA_CA_FILE=/etc/hansa/broker-ca.pem\n");
        }
        if let Some(FirstBootCluster { of, .. }) = cluster {
            let of = serde_json::to_string(of).unwrap_or_default();
            text.push_str(&written("/etc/hansa/cluster.json", &of));
            settings.push_str("HANSA_AGENT_CLUSTER=/etc/hansa/cluster.json\n");
        }
        text.push_str(&written("/etc/hansa/agent.env", &settings));
        text.push_str("set -a; . /etc/hansa/agent.env; set +a\n");
        text.push_str(PROGRAM);
        if *runs == AgentRuns::Containers {
            text.push_str(ENGINE);
        }
        text.push_str(START);
        if let Some(FirstBootCluster { script, .. }) = cluster {
            text.push_str(script);
        }
        text
    }
}

fn written(file: &str, what: &str) -> String {
    format!("cat > {file} <<'{END}'\n{}\n{END}\n", what.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write as _, process::Stdio};
    use uuid::Uuid;

    #[test]
    fn a_shell_takes_it() {
        let of = MachineCluster {
            kubeconfig: "/etc/k/config".into(),
            fault: "/var/lib/fault".into(),
            log: "/var/log/k".into(),
            unit: "k".to_owned(),
            settings: [("exposure".to_owned(), "it's mine".to_owned())].into(),
        };
        for runs in [AgentRuns::Processes, AgentRuns::Containers, AgentRuns::Kubernetes] {
            let brought = FirstBootCluster { of: &of, script: "echo a cluster\n" };
            let script = FirstBootScript {
                server: "https://broker.example",
                authorities: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                machine: MachineId(Uuid::from_u128(5)),
                token: "hansa_enr_5",
                runs,
                cluster: (runs == AgentRuns::Kubernetes).then_some(brought),
            }
            .text();
            let mut shell =
                std::process::Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().expect("there is a shell");
            shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
            assert!(shell.wait().unwrap().success(), "{script}");
            assert!(script.starts_with("#!/bin/sh\n"), "cloud-init knows it by that");
            assert_eq!(script.contains("docker.io"), runs == AgentRuns::Containers);
            assert_eq!(script.ends_with("echo a cluster\n"), runs == AgentRuns::Kubernetes);
            assert_eq!(script.contains("it's mine"), runs == AgentRuns::Kubernetes);
            assert!(script.len() < 8_000, "EC2 takes 16 KiB, with authorities and a cluster: {}", script.len());
        }
    }
}
