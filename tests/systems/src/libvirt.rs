//! libvirt with QEMU: its two daemons, a storage pool and an isolated network
//! with leases, of the test's own.

use crate::{Program, program::find, python, wanted};
use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;

/// How the daemon is reached.
const URI: &str = "qemu:///system";
/// Its bridge: one test at a time has it.
const BRIDGE: &str = "hansa-test0";

/// A running libvirt.
#[derive(Debug)]
pub struct Libvirt {
    /// How it is reached.
    pub address: String,
    /// The pool of the test, with an empty image `base.qcow2` in it.
    pub pool: String,
    /// The network of the test, which gives addresses of 192.168.177.0/24.
    pub network: String,
    _programs: Vec<Program>,
    _folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// There is one daemon for a machine: tests take turns.
static TURN: Mutex<()> = Mutex::new(());

impl Libvirt {
    /// Starts one. None: it is not installed, and that was said.
    #[must_use]
    pub fn start() -> Option<Self> {
        let programs = ["libvirtd", "virtlogd", "virsh", "qemu-img", "dnsmasq", "tini"];
        let there = programs.iter().all(|name| find(&[*name]).is_some());
        if !wanted("libvirt", there, "run tests/systems/install/libvirt.sh") {
            return None;
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir_in("/var/tmp").expect("a temporary folder");
        // QEMU is of another account.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("a folder");
        let mut programs = Vec::new();
        if !answers() {
            for name in ["virtlogd", "libvirtd"] {
                programs.push(Program::start(name, &mut reaped(name), folder.path()));
            }
            let daemon = programs.last_mut().expect("a daemon");
            daemon.wait_until("libvirt", Duration::from_secs(60), answers);
        }
        let one = Self {
            address: URI.to_owned(),
            pool: "hansa-test".to_owned(),
            network: "hansa-test".to_owned(),
            _programs: programs,
            _folder: folder,
            _turn: turn,
        };
        one.clear();
        one.prepare(one._folder.path());
        Some(one)
    }

    /// Runs its own client; answers what it prints.
    pub fn virsh(&self, arguments: &[&str]) -> String {
        let (ended, output) = virsh(arguments);
        assert!(ended, "virsh {arguments:?}: {output}");
        output
    }

    /// Puts a guest that boots into its pool, as `guest.qcow2`. False: it was
    /// not made, and that was said.
    #[must_use]
    pub fn with_guest(&self) -> bool {
        let guest = python::cache().join("guest/guest.qcow2");
        if !wanted("guest", guest.is_file(), "run tests/systems/install/guest.sh") {
            return false;
        }
        std::fs::copy(guest, self._folder.path().join("guest.qcow2")).expect("room for a guest");
        self.virsh(&["pool-refresh", &self.pool]);
        true
    }

    fn prepare(&self, folder: &Path) {
        let here = folder.display().to_string();
        let base = folder.join("base.qcow2").display().to_string();
        let image = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2", &base, "64M"]).status();
        assert!(image.expect("qemu-img").success(), "no image");
        let network = format!(
            "<network><name>{}</name><bridge name='{BRIDGE}'/><ip address='192.168.177.1' netmask='255.255.255.0'>\
             <dhcp><range start='192.168.177.10' end='192.168.177.99'/></dhcp></ip></network>",
            self.network
        );
        let network = python::write(folder, "network.xml", &network).display().to_string();
        self.virsh(&["pool-create-as", &self.pool, "dir", "--target", &here]);
        self.virsh(&["net-create", &network]);
    }

    /// What a test that was killed has left.
    fn clear(&self) {
        let (_, domains) = virsh(&["list", "--all", "--name"]);
        for name in domains.lines().filter(|name| name.starts_with("hansa-")) {
            virsh(&["destroy", name]);
            virsh(&["undefine", name, "--nvram"]);
        }
        virsh(&["net-destroy", &self.network]);
        virsh(&["pool-destroy", &self.pool]);
    }
}

impl Drop for Libvirt {
    fn drop(&mut self) {
        self.clear();
    }
}

fn virsh(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("virsh").args(["-q", "-c", URI]).args(arguments).env("LC_ALL", "C").output();
    let output = output.expect("virsh");
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn answers() -> bool {
    Path::new("/run/libvirt/libvirt-sock").exists() && virsh(&["version"]).0
}

/// A daemon below a process that buries what it orphans: libvirt waits half a
/// minute for each QEMU whose end nobody has taken note of, and not every
/// machine's first process does so at once.
fn reaped(name: &str) -> Command {
    let mut command = Command::new(find(&["tini"]).expect("tini"));
    command.args(["-s", "-p", "SIGTERM", "--"]).arg(find(&[name]).expect("a program"));
    command
}
