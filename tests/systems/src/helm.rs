//! The `helm` program, and a registry from which it fetches charts.

use crate::{Program, find, free_port, python};
use std::{fs, net::TcpStream, path::PathBuf, process::Command, time::Duration};
use tempfile::TempDir;

/// What a skipped test tells people to do.
pub const REMEDY: &str = "run tests/systems/install/helm.sh as root";

/// The folder with the program of this major version. None where it isn't installed.
#[must_use]
pub fn helm(major: u32) -> Option<PathBuf> {
    let folder = python::cache().join("helm").join(major.to_string());
    folder.join("helm").is_file().then_some(folder)
}

/// A registry of OCI artifacts behind TLS. Dropping it ends it.
#[derive(Debug)]
pub struct Registry {
    port: u16,
    _program: Program,
    _folder: TempDir,
}

impl Registry {
    /// Whether its program is on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        find(&["docker-registry"]).is_some()
    }

    /// Starts one with this certificate and key, PEM, for localhost.
    #[must_use]
    pub fn start(certificate: &str, key: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("hansa-registry-").tempdir().expect("a folder");
        let (port, at) = (free_port(), folder.path().display());
        fs::write(folder.path().join("server.pem"), certificate).expect("the certificate");
        fs::write(folder.path().join("server.key"), key).expect("the key");
        let settings = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {at}/data}}}}\n\
             http:\n  addr: 127.0.0.1:{port}\n  tls: {{certificate: {at}/server.pem, key: {at}/server.key}}\n"
        );
        fs::write(folder.path().join("settings.yml"), settings).expect("its settings");
        let mut command = Command::new(find(&["docker-registry"]).expect(REMEDY));
        command.arg("serve").arg(folder.path().join("settings.yml"));
        let mut program = Program::start("docker-registry", &mut command, folder.path());
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        program.wait_until("the registry answers", Duration::from_secs(30), answers);
        Self { port, _program: program, _folder: folder }
    }

    /// Where it is. Written `localhost`, helm would speak to it without TLS.
    #[must_use]
    pub fn address(&self) -> String {
        format!("oci://Localhost:{}", self.port)
    }
}
