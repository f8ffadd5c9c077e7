//! The life of a broker in a test: started, killed, stopped, started again,
//! and in the end taken away with everything that it made.

use super::{
    Answer, Call, Ended, Engine, Options, PortRange, Process, attempt, command, eventually, leftovers, processes,
};
use hansa_repository::{DatabaseUrl, testing};
use nix::sys::signal::Signal;
use reqwest::Method;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// How long a broker may take to remove what is left at the end of a test.
const TIDY: Duration = Duration::from_secs(60);

/// A broker with all that belongs to it.
pub(crate) struct Broker {
    options: Options,
    folder: TempDir,
    ports: PortRange,
    database: Option<testing::TestDatabase>,
    process: Option<Child>,
    address: SocketAddr,
    starts: u32,
    /// Every workload that was ever seen, to look for its control groups.
    seen: std::sync::Mutex<BTreeSet<String>>,
}

impl Broker {
    /// A broker that is ready. None, loudly, where its database can't be had.
    pub(crate) fn start(options: Options) -> Option<Self> {
        let database = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(testing::postgres(&[])?),
        };
        let mut broker = Self {
            options,
            folder: tempfile::Builder::new().prefix("hansa-e2e-").tempdir().unwrap(),
            ports: PortRange::take(),
            database,
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            starts: 0,
            seen: std::sync::Mutex::default(),
        };
        broker.restart();
        Some(broker)
    }

    /// A broker on SQLite with the usual options.
    pub(crate) fn usual() -> Self {
        Self::start(Options::default()).unwrap()
    }

    /// Kills it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops it in its tracks, as a cut network would: it is there, and says nothing.
    pub(crate) fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            processes::signal(i32::try_from(process.id()).unwrap(), signal);
        }
    }

    /// Its process.
    #[track_caller]
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Asks it to stop, and waits until it has.
    #[track_caller]
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        processes::signal(i32::try_from(process.id()).unwrap(), Signal::SIGTERM);
        let ended = attempt(TIDY, || process.try_wait().unwrap().ok_or_else(String::new));
        ended.unwrap_or_else(|_| {
            process.kill().unwrap();
            process.wait().unwrap();
            panic!("the broker had not stopped after {TIDY:?}\n{}", self.log());
        })
    }

    /// Starts it, killed or stopped before, and waits until it is ready.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.spawn();
        eventually("the broker is ready", || {
            self.find_address()?;
            let answer = self.call(Method::GET, "/readyz").try_send()?;
            if answer.status == 200 { Ok(()) } else { Err(format!("/readyz: {} {}", answer.status, answer.body)) }
        });
    }

    /// Reads from its log where a broker that was spawned listens.
    pub(crate) fn find_address(&mut self) -> Result<(), String> {
        if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
            panic!("the broker ended: {status}\n{}", self.log());
        }
        let log = self.log();
        self.address = announced(&log).ok_or_else(|| format!("no address in {log}"))?;
        Ok(())
    }

    /// Starts it and waits for nothing.
    pub(crate) fn spawn(&mut self) {
        assert!(self.process.is_none(), "the broker runs already");
        self.starts += 1;
        let database = self.database.as_ref().map(|database| match database.url() {
            DatabaseUrl::Postgres(url) => url.clone(),
            other => other.to_string(),
        });
        let yaml = self.options.yaml(&self.data(), database.as_deref(), &self.ports);
        fs::write(self.configuration(), yaml).unwrap();
        let log = File::create(self.log_file()).unwrap();
        let mut serve = command::program(self.folder());
        serve.args(["serve", "--config"]).arg(self.configuration());
        serve.stdout(Stdio::from(log.try_clone().unwrap())).stderr(Stdio::from(log));
        self.process = Some(serve.spawn().unwrap());
    }

    /// Changes the options; they hold from the next start on.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut Options)) {
        change(&mut self.options);
    }

    /// The folder of this test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The broker's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.options.data.clone().unwrap_or_else(|| self.folder().join("data"))
    }

    /// The broker's configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder().join("hansa.yaml")
    }

    /// The ports that its workloads get.
    pub(crate) const fn ports(&self) -> &PortRange {
        &self.ports
    }

    /// What it said since its last start.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join(format!("serve-{}.log", self.starts))
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request to it; where people have to log in, of somebody who runs the broker.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        match self.token("ada") {
            Some(token) => Call::new(method, self.address, path).header("Authorization", &format!("Bearer {token}")),
            None => self.call_unknown(method, path),
        }
    }

    /// A request of nobody that the broker knows.
    pub(crate) fn call_unknown(&self, method: Method, path: &str) -> Call {
        Call::new(method, self.address, path)
    }

    /// A request of a person of the development login.
    #[track_caller]
    pub(crate) fn call_as(&self, person: &str, method: Method, path: &str) -> Call {
        let token = self.token(person).unwrap_or_else(|| panic!("no token of {person}"));
        self.call_unknown(method, path).header("Authorization", &format!("Bearer {token}"))
    }

    /// The token of a person of the development login, where there is one.
    pub(crate) fn token(&self, person: &str) -> Option<String> {
        if !self.options.dev_login {
            return None;
        }
        let told: serde_json::Value =
            serde_json::from_slice(&fs::read(self.data().join("dev-login.json")).ok()?).ok()?;
        told["people"][person]["token"].as_str().map(str::to_owned)
    }

    /// The answer to a GET.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send()
    }

    /// The first of its sites, by its id.
    #[track_caller]
    pub(crate) fn site(&self) -> String {
        self.get("/api/v1/sites").ok()["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Gives it the flavour `place`: room for one small container.
    #[track_caller]
    pub(crate) fn small_places(&self) {
        let flavour = "name: place\nkind: container\ncpuMilli: 200\nmemoryMib: 64\ndiskMib: 0\n";
        self.cli(&["flavour", "add", &self.file("place.yaml", flavour)]).ok();
    }

    /// Runs a command of the command line against it.
    #[track_caller]
    pub(crate) fn cli(&self, arguments: &[&str]) -> Ended {
        command::run(self.cli_command(arguments), arguments)
    }

    /// A command of the command line against it, not yet run.
    pub(crate) fn cli_command(&self, arguments: &[&str]) -> Command {
        let mut command = command::program(self.folder());
        command.args(arguments).env("HANSA_SERVER", self.url());
        command
    }

    /// Writes a file into the test's folder, and gives its path as text.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The processes of its workloads, from the process table.
    pub(crate) fn running(&self) -> Vec<Process> {
        let found = processes::workloads(&self.data());
        self.seen.lock().unwrap().extend(found.iter().map(|process| process.workload.clone()));
        found
    }

    /// Ends every connection to its PostgreSQL database.
    #[track_caller]
    pub(crate) fn break_database_connections(&self) {
        let database = self.database.as_ref().expect("a broker on PostgreSQL");
        database.break_connections();
    }

    /// At no moment has a workload two processes.
    #[track_caller]
    pub(crate) fn none_twice(&self, name: &str) {
        let mut first: BTreeMap<String, Process> = BTreeMap::new();
        for process in self.running() {
            if let Some(other) = first.insert(process.workload.clone(), process.clone()) {
                // The one that was seen first may have ended before the other began.
                assert!(!processes::alive(&other), "at {name} {process:?} runs beside {other:?}");
            }
        }
    }

    /// Whether it was killed or stopped, and not started again.
    pub(crate) const fn is_down(&self) -> bool {
        self.process.is_none()
    }

    /// The supervisors of its workloads.
    pub(crate) fn supervisors(&self) -> Vec<i32> {
        processes::supervisors(&self.data())
    }

    /// Waits until nothing of any workload is left: no process, no file, no
    /// control group, no port.
    #[track_caller]
    pub(crate) fn nothing_left(&self) {
        eventually("nothing is left", || self.traces());
    }

    fn traces(&self) -> Result<(), String> {
        let broker = self.process.as_ref().map(Child::id);
        let mut traces = leftovers::list(self.folder(), &self.data(), &self.ports, broker);
        let groups = leftovers::cgroups(&self.seen.lock().unwrap());
        traces.extend(groups.iter().map(|path| format!("control group {}", path.display())));
        if traces.is_empty() { Ok(()) } else { Err(traces.join("\n")) }
    }

    fn tidy_local(&self) {
        let names: Vec<String> = self.get("/api/v1/applications?limit=500").ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            // What a partner ordered is the partner's to end.
            .filter(|application| application["owner"] == "local")
            .map(|application| application["name"].as_str().unwrap().to_owned())
            .collect();
        for name in names {
            self.remove(&name).send();
        }
    }

    /// Takes away every application, as a test that ended well has to be able to.
    fn tidy(&mut self) -> Result<(), String> {
        if self.process.is_none() {
            return Ok(());
        }
        if self.options.dev_login {
            for person in ["uma", "tess"] {
                let list = self.call_as(person, Method::GET, "/api/v1/applications?limit=500").send().ok();
                for application in list["items"].as_array().unwrap() {
                    let path = format!("/api/v1/applications/{}", application["id"].as_str().unwrap());
                    self.call_as(person, Method::DELETE, &path).send();
                }
            }
        } else if !self.options.more.contains("issuers:") {
            // Where foreign issuers say who people are, tests deploy nothing.
            self.tidy_local();
        }
        attempt(TIDY, || self.traces())?;
        let status = self.stop();
        if status.success() { Ok(()) } else { Err(format!("the broker ended with {status}")) }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let failed = thread::panicking();
        let seen = |broker: &Self| {
            let mut seen = leftovers::workload_directories(&broker.data());
            seen.extend(broker.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().cloned());
            seen
        };
        let before = seen(self);
        // A panic in here must not keep the rest from being taken away.
        let tidied = if failed {
            Ok(())
        } else {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.tidy()))
                .unwrap_or_else(|_| Err("the broker could not be asked to tidy up".to_owned()))
        };
        if failed || tidied.is_err() {
            eprintln!("--- log of the broker\n{}---", tail(&self.log(), 60));
        }
        self.kill();
        leftovers::destroy(self.folder(), &self.data(), &before);
        if let Err(reason) = tidied {
            panic!("after the test something was left:\n{reason}");
        }
    }
}

/// The address that the broker says it listens on.
fn announced(log: &str) -> Option<SocketAddr> {
    let rest = log.get(log.find("listening")?..)?;
    let (_, rest) = rest.split_once("url=http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(rest.len());
    // The line may be written in part only.
    if end == rest.len() { None } else { rest.get(..end)?.parse().ok() }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect()
}
