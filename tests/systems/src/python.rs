//! What the starters of OpenStack's services share: where the install scripts
//! put them, and how one of their programs is run to its end.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Where the scripts of `tests/systems/install` put what they install.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("HANSA_TEST_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cache/hansa-tests"),
        PathBuf::from,
    )
}

/// A program of a virtual environment that an install script has made.
pub(crate) fn program(environment: &str, name: &str) -> PathBuf {
    cache().join(environment).join("bin").join(name)
}

/// Whether an install script has run to its end.
pub(crate) fn installed(environment: &str) -> bool {
    cache().join(environment).join("installed").is_file()
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} can't be started: {error}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes a file of this folder.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file in a temporary folder");
    path
}

/// Whether something listens there.
pub(crate) fn listens(port: u16) -> bool {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}
