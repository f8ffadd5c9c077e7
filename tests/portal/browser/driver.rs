//! chromedriver: found, started, and taken away with every browser that it started.

use crate::harness::{attempt, say, signal};
use nix::sys::signal::Signal;
use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Once,
    time::Duration,
};

/// How long chromedriver may take to say where it listens.
const START: Duration = Duration::from_secs(60);
/// How long it may take to end.
const END: Duration = Duration::from_secs(15);

/// A chromedriver, in a process group of its own.
pub(super) struct Driver {
    process: Child,
    /// Where it listens.
    pub url: String,
}

/// The programs that a browser test needs.
pub(super) struct Programs {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

impl Programs {
    /// Where they are. None, loudly, where they are not installed; a failure
    /// where `HANSA_TEST_BROWSER=required` says that they have to be.
    pub(super) fn find() -> Option<Self> {
        static SAID: Once = Once::new();
        let found = [&["chromium", "chromium-browser", "google-chrome"][..], &["chromedriver"]].map(first_of);
        if let [Some(chromium), Some(chromedriver)] = found {
            return Some(Self { chromium, chromedriver });
        }
        let required = std::env::var("HANSA_TEST_BROWSER").is_ok_and(|value| value == "required");
        assert!(!required, "HANSA_TEST_BROWSER=required, but chromium or chromedriver is absent");
        SAID.call_once(|| {
            say("!!!! chromium or chromedriver is absent: every test of the portal in a browser is SKIPPED !!!!");
        });
        None
    }
}

fn first_of(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

impl Driver {
    /// Starts it at a free port; its log and its browsers' files are below `folder`.
    pub(super) fn start(programs: &Programs, folder: &Path) -> Self {
        let log = folder.join("chromedriver.log");
        let output = File::create(&log).unwrap();
        let mut command = Command::new(&programs.chromedriver);
        command
            .arg("--port=0")
            .current_dir(folder)
            // The browser writes its own folders there, and they go with this one.
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::from(output.try_clone().unwrap()))
            .stderr(Stdio::from(output))
            .process_group(0);
        let mut process = command.spawn().unwrap();
        let port = attempt(START, || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let rest = said.split_once("successfully on port ").map(|(_, rest)| rest.to_owned());
            if let Some(port) = rest.and_then(|rest| rest.split_once('.')?.0.parse::<u16>().ok()) {
                return Ok(port);
            }
            if process.try_wait().unwrap().is_some() {
                // The port that it was given for IPv6 is one that another has for IPv4.
                process = command.spawn().unwrap();
            }
            Err(said)
        });
        let port = port.unwrap_or_else(|said| panic!("chromedriver doesn't start: {said}"));
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.id()).unwrap();
        signal(group, Signal::SIGTERM);
        let ended = attempt(END, || self.process.try_wait().unwrap().ok_or_else(String::new));
        // Whatever of the group is left, browsers included.
        signal(-group, Signal::SIGKILL);
        if ended.is_err() {
            self.process.wait().unwrap();
        }
    }
}
