//! A network of its own for each cluster, and the script that ends one.

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Command, Stdio},
};

/// A network namespace, joined with this machine's by one pair of interfaces.
/// The addresses are of the block for measuring networks (RFC 2544), which
/// nobody routes.
#[derive(Debug)]
pub(super) struct Network {
    /// Which of the clusters of this machine.
    pub(super) number: u8,
    /// The cluster's address, which this machine reaches.
    pub(super) address: Ipv4Addr,
    /// Whoever asks for a program is in it already.
    pub(super) inside: bool,
}

impl Network {
    pub(super) fn make() -> Self {
        let number = (1..=250)
            .find(|number| quietly("ip", &["netns", "add", &format!("hansa-k{number}")]))
            .expect("a network namespace: this wants root");
        let this = Self { inside: false, ..Self::inside(number) };
        let (name, here, there) = (this.name(), format!("hk{number}a"), format!("hk{number}b"));
        let (mine, theirs) = (format!("198.18.{number}.1/30"), format!("198.18.{number}.2/30"));
        quietly("ip", &["link", "del", &here]);
        for words in [
            vec!["link", "add", &here, "type", "veth", "peer", "name", &there, "netns", &name],
            vec!["addr", "add", &mine, "dev", &here],
            vec!["link", "set", &here, "up"],
            vec!["-n", &name, "addr", "add", &theirs, "dev", &there],
            vec!["-n", &name, "link", "set", &there, "up"],
            vec!["-n", &name, "link", "set", "lo", "up"],
            vec!["-n", &name, "route", "add", "default", "via", mine.trim_end_matches("/30")],
        ] {
            assert!(quietly("ip", &words), "ip {} failed", words.join(" "));
        }
        assert!(
            this.command(Path::new("sysctl"))
                .args(["-qw", "net.ipv4.ip_forward=1"])
                .status()
                .expect("sysctl")
                .success(),
            "the namespace forwards nothing"
        );
        this
    }

    /// The network of this number, in which the asker is.
    pub(super) fn inside(number: u8) -> Self {
        Self { number, address: Ipv4Addr::new(198, 18, number, 2), inside: true }
    }

    pub(super) fn name(&self) -> String {
        format!("hansa-k{}", self.number)
    }

    /// A program in this network. `ip netns exec` would hide the control groups.
    pub(super) fn command(&self, program: &Path) -> Command {
        if self.inside {
            return Command::new(program);
        }
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name())).arg(program);
        command
    }
}

fn quietly(program: &str, words: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whatever becomes of this process, what is in the folder and network ends with it.
pub(super) fn watch_over(folder: &Path, network: &Network) {
    let script = folder.join("stop.sh");
    fs::write(&script, stop_script(folder, network)).expect("the script");
    let watch = format!(
        "while kill -0 {0} 2>/dev/null && [ -e '{1}' ]; do sleep 1; done; [ ! -e '{1}' ] || bash '{1}'",
        std::process::id(),
        script.display()
    );
    let mut command = Command::new("setsid");
    command.args(["-f", "bash", "-c", &watch]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("a watcher");
}

/// Ends it now.
pub(super) fn end(folder: &Path) {
    let script = folder.join("stop.sh");
    drop(Command::new("bash").arg(script).stdout(Stdio::null()).stderr(Stdio::null()).status());
}

/// Ends all of a cluster and removes every trace of it. May run twice.
fn stop_script(folder: &Path, network: &Network) -> String {
    let (folder, name, link) = (folder.display(), network.name(), format!("hk{}a", network.number));
    format!(
        r#"set -u
folder='{folder}'; name='{name}'
# The node's agent first: it would start what is ended. (Started last, so the list is read from its end.)
for pid in $(tac "$folder/pids" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
pkill -KILL -f "containerd-shim.*-address $folder/" 2>/dev/null
groups() {{ find /sys/fs/cgroup -depth -type d -path "*/$name*" 2>/dev/null; }}
for try in 1 2 3 4 5 6 7 8 9 10; do
  left=$(groups | while read -r group; do cat "$group/cgroup.procs" 2>/dev/null; done | sort -u)
  [ -n "$left" ] || break
  kill -KILL $left 2>/dev/null
  sleep 0.2
done
for pid in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
sleep 0.2
awk -v f="$folder/" 'index($2, f) == 1 {{print $2}}' /proc/self/mounts | sort -r | while read -r mount; do
  umount -l "$mount" 2>/dev/null
done
groups | while read -r group; do rmdir "$group" 2>/dev/null; done
ip link del '{link}' 2>/dev/null
ip netns del "$name" 2>/dev/null
rm -rf "$folder"
exit 0
"#
    )
}
