//! A Redfish service of somebody else: the emulator of sushy-tools with its
//! fake servers, which take some seconds to turn on and off as real ones do.

use crate::{Program, free_port, python, wanted};
use std::{fmt::Write as _, process::Command, time::Duration};
use tempfile::TempDir;

/// Who may use it, where that is asked.
pub const REDFISH_USER: (&str, &str) = ("operator", "correct horse");

/// A running Redfish service.
#[derive(Debug)]
pub struct Redfish {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub address: String,
    /// Its servers' names.
    pub servers: Vec<String>,
    program: Program,
    _folder: TempDir,
}

impl Redfish {
    /// Starts one with so many servers, which ask who uses them or don't.
    /// None: it is not installed, and that was said.
    #[must_use]
    pub fn start(servers: u32, asks_who: bool) -> Option<Self> {
        if !wanted("redfish", python::installed("redfish"), "run tests/systems/install/redfish.sh") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (port, here) = (free_port(), folder.path().display());
        let names: Vec<String> = (1..=servers).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect();
        let mut text = format!("SUSHY_EMULATOR_STATE_DIR = '{here}'\nSUSHY_EMULATOR_FAKE_SYSTEMS = [\n");
        for (n, name) in names.iter().enumerate() {
            writeln!(
                text,
                "{{'uuid': '{name}', 'name': 'server-{n}', 'power_state': 'Off', 'external_notifier': False, \
                 'nics': [{{'mac': '00:5c:52:31:3a:{n:02x}', 'ip': '172.22.0.{n}'}}]}},"
            )
            .expect("a text");
        }
        text.push_str("]\n");
        if asks_who {
            let users = python::write(folder.path(), "users", &credentials());
            writeln!(text, "SUSHY_EMULATOR_AUTH_FILE = '{}'", users.display()).expect("a text");
        }
        let configuration = python::write(folder.path(), "emulator.conf", &text);
        let mut command = Command::new(python::program("redfish", "sushy-emulator"));
        command.args(["--fake", "-i", "127.0.0.1", "-p", &port.to_string(), "--config"]).arg(configuration);
        let mut program = Program::start("redfish", &mut command, folder.path());
        program.wait_until("the Redfish service", Duration::from_secs(60), || python::listens(port));
        Some(Self { address: format!("http://127.0.0.1:{port}"), servers: names, program, _folder: folder })
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        self.program.output()
    }
}

/// The file of users, as the service reads it.
fn credentials() -> String {
    let (user, password) = REDFISH_USER;
    let script = "import bcrypt, sys; print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())";
    let output = Command::new(python::program("redfish", "python")).args(["-c", script, password]).output();
    let hash = String::from_utf8(output.expect("python").stdout).expect("a hash");
    format!("{user}:{}\n", hash.trim())
}
