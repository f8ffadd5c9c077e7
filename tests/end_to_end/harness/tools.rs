//! Judges and other programs that are not ours: where they are installed, by
//! name, below `target/tools`. Nothing of them is in the repository.

use super::repository_file;
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where tools are installed.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tools")
}

/// Copies a fixture of this name into the tools and installs what its
/// `package.json` asks for, once; the folder, or why it can't be had.
pub(crate) fn npm_fixture(name: &str) -> Result<PathBuf, String> {
    let (source, folder) = (repository_file(&format!("tests/fixtures/{name}")), tools().join(name));
    fs::create_dir_all(&folder).unwrap();
    // Tests of several processes may come here at once.
    let lock = File::create(folder.join("lock")).unwrap();
    let _held = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| error.to_string())?;
    let wanted = fs::read_to_string(source.join("package.json")).unwrap();
    let installed = folder.join("installed.json");
    let current = fs::read_to_string(&installed).is_ok_and(|had| had == wanted);
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    if !current {
        npm_install(&folder)?;
        fs::write(installed, wanted).unwrap();
    }
    Ok(folder)
}

fn npm_install(folder: &Path) -> Result<(), String> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]);
    let ended = npm.current_dir(folder).stdin(Stdio::null()).output().map_err(|error| format!("npm: {error}"))?;
    if ended.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ended.stderr).into_owned()) }
}
