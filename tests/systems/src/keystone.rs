//! OpenStack's Keystone, with SQLite, under gunicorn.

use crate::{Program, free_port, python, wanted};
use std::{fmt::Write as _, path::Path, process::Command, time::Duration};
use tempfile::TempDir;

/// The password of its user `admin`, in the project `admin` of the domain `Default`.
pub const ADMIN_PASSWORD: &str = "admin-secret";
/// The access token that the web server before it accepts for federated logins.
pub const ACCESS_TOKEN: &str = "access-token-of-the-test";

/// A running Keystone, whose first region is `one`.
#[derive(Debug)]
pub struct Keystone {
    /// Where it is: `http://127.0.0.1:PORT/v3`.
    pub address: String,
    program: Program,
    _folder: TempDir,
}

/// Plays the part of the web server's OpenID module before Keystone, which
/// looks at the access token and passes on who it is of; a token that it does
/// not know is refused. All that follows is Keystone's own.
const BEFORE: &str = r#"
from keystone.wsgi.api import application as keystone

def application(environ, start_response):
    path = environ.get("PATH_INFO", "")
    if "/OS-FEDERATION/identity_providers/" in path and path.endswith("/auth"):
        if environ.get("HTTP_AUTHORIZATION") != "Bearer ACCESS_TOKEN":
            start_response("401 Unauthorized", [("Content-Type", "text/plain")])
            return [b"the access token is not accepted"]
        environ["HTTP_OIDC_ISS"] = "https://idp.example"
        environ["REMOTE_USER"] = "somebody"
    return keystone(environ, start_response)
"#;

impl Keystone {
    /// Starts one whose tokens live this long. None: it is not installed, and that was said.
    #[must_use]
    pub fn start(token_seconds: u32) -> Option<Self> {
        if !wanted("keystone", python::installed("keystone"), "run tests/systems/install/keystone.sh") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let address = format!("http://127.0.0.1:{port}/v3");
        prepare(folder.path(), port, token_seconds, &address);
        let mut command = Command::new(python::program("keystone", "gunicorn"));
        command.current_dir(folder.path()).env("OS_KEYSTONE_CONFIG_DIR", folder.path());
        let mut program = Program::start("keystone", &mut command, folder.path());
        program.wait_until("Keystone", Duration::from_secs(60), || python::listens(port));
        Some(Self { address, program, _folder: folder })
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        self.program.output()
    }
}

fn prepare(folder: &Path, port: u16, token_seconds: u32, address: &str) {
    let here = folder.display();
    let mut text = format!(
        "[database]\nconnection = sqlite:///{here}/keystone.db\n[token]\nexpiration = {token_seconds}\n\
         allow_expired_window = 0\n[cache]\nenabled = false\n[identity]\npassword_hash_rounds = 4\n[auth]\n\
         methods = password,token,application_credential,openid\n[federation]\n\
         remote_id_attribute = HTTP_OIDC_ISS\n"
    );
    for section in ["fernet_tokens", "fernet_receipts", "credential"] {
        write!(text, "[{section}]\nkey_repository = {here}/{section}\n").expect("a text");
        std::fs::create_dir(folder.join(section)).expect("a folder");
    }
    let configuration = python::write(folder, "keystone.conf", &text);
    python::write(folder, "app.py", &BEFORE.replace("ACCESS_TOKEN", ACCESS_TOKEN));
    // gunicorn without arguments: Keystone's own libraries read those.
    python::write(
        folder,
        "gunicorn.conf.py",
        &format!("bind = '127.0.0.1:{port}'\nwsgi_app = 'app:application'\nworkers = 1\nthreads = 4\ntimeout = 120\n"),
    );
    let manage = |arguments: &[&str]| {
        let mut command = Command::new(python::program("keystone", "keystone-manage"));
        python::run(command.arg("--config-file").arg(&configuration).args(arguments));
    };
    let owner = ["--keystone-user", "root", "--keystone-group", "root"];
    let owner: &[&str] = if whoami_root() { &owner } else { &[] };
    manage(&["db_sync"]);
    manage(&[&["fernet_setup"], owner].concat());
    manage(&[&["credential_setup"], owner].concat());
    manage(&[
        "bootstrap",
        "--bootstrap-password",
        ADMIN_PASSWORD,
        "--bootstrap-region-id",
        "one",
        "--bootstrap-public-url",
        address,
        "--bootstrap-internal-url",
        address,
    ]);
}

fn whoami_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
