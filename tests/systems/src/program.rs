//! A program that runs for as long as a test needs it.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running program. Dropping it ends it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it, with its output in `NAME.log` of this folder.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} can't be started: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// Waits until `ready` says so.
    ///
    /// # Panics
    /// With the end of its output when the program ends, or isn't ready in time.
    pub fn wait_until(&mut self, what: &str, within: Duration, mut ready: impl FnMut() -> bool) {
        let until = Instant::now() + within;
        while !ready() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("{what}: it ended with {status}\n{}", self.output());
            }
            assert!(Instant::now() < until, "{what}: not within {within:?}\n{}", self.output());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(40)).copied().collect::<Vec<_>>().join("\n")
    }

    /// How it ended; None while it runs.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("{} ended with {status}: {}", self.name, self.output()))
    }

    /// As what it was started.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and ends it by force where it doesn't within some seconds.
    pub fn stop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let until = Instant::now() + Duration::from_secs(8);
        while asked.is_ok() && Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port of 127.0.0.1 that is free now.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

/// The first of these programs that is installed, by its path.
#[must_use]
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Whether a test on a system runs. Where the system isn't there, that is said
/// loudly, and the test is to be left; or it fails, where
/// `HANSA_TEST_<NAME>=required`. `HANSA_TEST_<NAME>=skip` leaves the tests of a
/// system that is there.
#[must_use]
pub fn wanted(name: &str, there: bool, remedy: &str) -> bool {
    let variable = format!("HANSA_TEST_{}", name.to_uppercase());
    let said = std::env::var(&variable).unwrap_or_default();
    if said == "skip" {
        eprintln!("!!!! {variable}=skip: this test is SKIPPED !!!!");
        return false;
    }
    if !there {
        assert!(said != "required", "{variable}=required, and {name} is not there: {remedy}");
        eprintln!("!!!! {name} is not there: this test is SKIPPED; {remedy} !!!!");
    }
    there
}
