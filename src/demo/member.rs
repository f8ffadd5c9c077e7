//! One of the demo's brokers: a process of this very program with an owner, a
//! database, sites and a directory of its own. Killed, it is as if its machine
//! had lost its power: broker, supervisors and workloads are gone at once.

use super::{leftovers, sites};
use crate::{cli::default_settings, client::Client, config::to_yaml, failure::Failure};
use hansa_iam::Secret;
use hansa_ontology::{Catalogue, Provider, quantity::TimeSpan, rdf};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// Who runs a broker, at the development login.
const OPERATOR: &str = "ada";
/// Who deploys, at the development login.
const TENANT: &str = "uma";
/// How long a broker may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Lines of a broker's log that are shown when something fails.
const LOG_LINES: usize = 12;
/// Each broker gives its workloads ports of its own.
const PORTS_EACH: u16 = 1_000;
/// The first of these ports.
const FIRST_PORT: u16 = 21_000;

/// One of the demo's brokers.
pub(super) struct Member {
    /// Its owner.
    pub provider: Provider,
    /// What its owner offers.
    pub catalogue: Catalogue,
    /// Its API, for those who run it.
    pub client: Client,
    /// Its API, for a tenant.
    pub tenant: Client,
    /// Where that is.
    pub url: String,
    address: SocketAddr,
    directory: PathBuf,
    process: Option<Child>,
}

impl Member {
    /// Writes the configuration; nothing runs yet. `number` tells it from the others.
    ///
    /// # Errors
    /// When the directory can't be written.
    pub(super) fn prepare(
        root: &Path,
        all: &Catalogue,
        provider: &Provider,
        number: u16,
        port: u16,
    ) -> Result<Self, Failure> {
        let name = provider.id.short().split('.').next().unwrap_or_default().to_owned();
        let directory = root.join(name);
        fs::create_dir_all(&directory)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut settings = default_settings()?;
        settings.server.listen = address;
        settings.data_dir = directory.join("data");
        settings.auth.dev_login = true;
        settings.workload_ports.first = FIRST_PORT + number * PORTS_EACH;
        settings.workload_ports.last = settings.workload_ports.first + PORTS_EACH - 1;
        settings.provider.id = provider.id.clone();
        provider.name.clone_into(&mut settings.provider.name);
        settings.provider.country = provider.country.clone();
        settings.sites = sites::sites(all, |site| site.provider == provider.id);
        let federation = &mut settings.federation;
        federation.allow_loopback = true;
        federation.pull_interval = TimeSpan::from_millis(500);
        federation.stale_after = TimeSpan::from_millis(2_000);
        federation.grace = TimeSpan::from_millis(3_000);
        federation.hold_time = TimeSpan::from_millis(30_000);
        let values = serde_json::to_value(&settings).map_err(|error| Failure::failed(error.to_string()))?;
        fs::write(directory.join("hansa.yaml"), to_yaml(&values))?;
        let url = format!("http://{address}");
        Ok(Self {
            provider: provider.clone(),
            catalogue: sites::of_provider(all, provider),
            client: Client::new(&url)?,
            tenant: Client::new(&url)?,
            url,
            address,
            directory,
            process: None,
        })
    }

    /// What its owner offers, as RDF.
    pub(super) fn turtle(&self) -> String {
        rdf::write_turtle(&self.catalogue)
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// When it ends, or doesn't answer in time.
    pub(super) async fn start(&mut self) -> Result<(), Failure> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = Command::new(std::env::current_exe()?);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HANSA_")) {
            command.env_remove(name);
        }
        command
            .args(["serve", "--config"])
            .arg(self.directory.join("hansa.yaml"))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            // Of its own, so that Ctrl-C reaches the demo, which then takes everything away in order.
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command.spawn()?;
        let begun = Instant::now();
        loop {
            if let Some(status) = process.try_wait()? {
                return Err(Failure::failed(format!("the broker of {} ended: {status}", self.provider.name)));
            }
            if self.ready().await {
                break;
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::failed(format!(
                    "the broker of {} doesn't answer at {}",
                    self.provider.name, self.url
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
        self.process = Some(process);
        self.sign_in()
    }

    /// Takes the tokens that the development login lays out for programs of this user.
    fn sign_in(&mut self) -> Result<(), Failure> {
        let file = self.directory.join("data").join("dev-login.json");
        let told: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)
            .map_err(|error| Failure::failed(format!("{} can't be read: {error}", file.display())))?;
        let client = |person: &str| {
            let token = told.pointer(&format!("/people/{person}/token")).and_then(serde_json::Value::as_str);
            let token = token.ok_or_else(|| Failure::failed(format!("{} has no {person}", file.display())))?;
            Ok::<_, Failure>(Client::with_token(&self.url, Secret::new(token))?)
        };
        (self.client, self.tenant) = (client(OPERATOR)?, client(TENANT)?);
        Ok(())
    }

    async fn ready(&self) -> bool {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
        let Ok(client) = client else { return false };
        let answer = client.get(format!("{}/readyz", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Kills broker, supervisors and workloads at once; gives how many processes that were.
    ///
    /// # Errors
    /// When they don't go.
    pub(super) async fn power_off(&mut self) -> Result<usize, Failure> {
        let mut killed = std::collections::BTreeSet::new();
        let begun = Instant::now();
        loop {
            let there = leftovers::processes_of(&self.directory);
            if there.is_empty() {
                break;
            }
            for pid in there {
                killed.insert(pid);
                if let Err(error) = kill(Pid::from_raw(pid), Signal::SIGKILL) {
                    tracing::debug!(pid, %error, "a process had gone already");
                }
            }
            if let Some(process) = &mut self.process
                && process.try_wait()?.is_some()
            {
                self.process = None;
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::failed(format!("the processes of {} don't go", self.provider.name)));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if let Some(mut process) = self.process.take() {
            process.wait().await?;
        }
        Ok(killed.len())
    }

    /// Asks the broker to stop, and waits until it has.
    pub(super) async fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        if let Some(pid) = process.id().and_then(|pid| i32::try_from(pid).ok())
            && let Err(error) = kill(Pid::from_raw(pid), Signal::SIGTERM)
        {
            tracing::debug!(pid, %error, "a broker had ended already");
        }
        if !matches!(tokio::time::timeout(PATIENCE, process.wait()).await, Ok(Ok(_)))
            && let Err(error) = process.kill().await
        {
            tracing::debug!(%error, "a broker had ended already");
        }
    }

    /// Its address and its directory: where nothing may be left.
    pub(super) const fn place(&self) -> (SocketAddr, &PathBuf) {
        (self.address, &self.directory)
    }

    /// The pids of workloads of this component that really run here, from the process table.
    pub(super) fn processes(&self, component: &str) -> Vec<i32> {
        leftovers::workloads_of(&self.directory, component)
    }

    /// The last lines of its log.
    pub(super) fn log_tail(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(LOG_LINES)).map(|&line| line.to_owned()).collect()
    }

    fn log(&self) -> PathBuf {
        self.directory.join("broker.log")
    }

    /// Whether anybody listens at its address.
    pub(super) fn answers(&self) -> bool {
        TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_ok()
    }
}
