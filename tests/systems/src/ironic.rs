//! OpenStack's Ironic with its driver `fake-hardware`: API and conductor in one
//! process, with SQLite.

use crate::{Keystone, Program, free_port, keystone::ADMIN_PASSWORD, python, wanted};
use std::{fmt::Write as _, path::Path, process::Command, time::Duration};
use tempfile::TempDir;

/// How an Ironic is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct IronicSettings<'a> {
    /// Nodes are cleaned when they are released.
    pub cleans: bool,
    /// How long a deployment takes, in seconds; the node is locked meanwhile.
    pub deploy_seconds: u32,
    /// Who is asked who may use it. None: everybody may.
    pub keystone: Option<&'a Keystone>,
}

/// A running Ironic.
#[derive(Debug)]
pub struct Ironic {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub address: String,
    program: Program,
    _folder: TempDir,
}

impl Ironic {
    /// Starts one. None: it is not installed, and that was said.
    #[must_use]
    pub fn start(settings: IronicSettings<'_>) -> Option<Self> {
        if !wanted("ironic", python::installed("ironic"), "run tests/systems/install/ironic.sh") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let configuration = python::write(folder.path(), "ironic.conf", &configuration(folder.path(), port, settings));
        let command = |name: &str| {
            let mut command = Command::new(python::program("ironic", name));
            command.arg("--config-file").arg(&configuration);
            command
        };
        python::run(command("ironic-dbsync").arg("create_schema"));
        let mut program = Program::start("ironic", &mut command("ironic"), folder.path());
        program.wait_until("Ironic", Duration::from_secs(90), || python::listens(port));
        Some(Self { address: format!("http://127.0.0.1:{port}"), program, _folder: folder })
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        self.program.output()
    }
}

fn configuration(folder: &Path, port: u16, settings: IronicSettings<'_>) -> String {
    let here = folder.display();
    let strategy = if settings.keystone.is_some() { "keystone" } else { "noauth" };
    let mut text = format!(
        "[DEFAULT]\nauth_strategy = {strategy}\nrpc_transport = none\nhost = localhost\nmy_ip = 127.0.0.1\n\
         state_path = {here}\ndefault_network_interface = noop\nenabled_hardware_types = fake-hardware\n\
         enabled_deploy_interfaces = fake,direct\nenabled_network_interfaces = noop\n\
         enabled_storage_interfaces = noop\nenabled_inspect_interfaces = fake,no-inspect\n"
    );
    for (interface, kind) in [("boot", "fake"), ("management", "fake"), ("power", "fake"), ("raid", "no-raid")] {
        writeln!(text, "enabled_{interface}_interfaces = {kind}").expect("a text");
    }
    for interface in ["vendor", "bios", "console", "rescue", "firmware"] {
        writeln!(text, "enabled_{interface}_interfaces = no-{interface}").expect("a text");
    }
    let (cleans, seconds) = (settings.cleans, settings.deploy_seconds);
    write!(
        text,
        "[database]\nconnection = sqlite:///{here}/ironic.db\n[api]\nhost_ip = 127.0.0.1\nport = {port}\n[conductor]\n\
         automated_clean = {cleans}\n[fake]\ndeploy_delay = {seconds}\n\
         [service_catalog]\nendpoint_override = http://127.0.0.1:{port}\n"
    )
    .expect("a text");
    if let Some(keystone) = settings.keystone {
        let url = &keystone.address;
        write!(
            text,
            "[keystone_authtoken]\nauth_type = password\nauth_url = {url}\nwww_authenticate_uri = {url}\n\
             username = admin\npassword = {ADMIN_PASSWORD}\nproject_name = admin\nuser_domain_id = default\n\
             project_domain_id = default\n"
        )
        .expect("a text");
    }
    text
}
