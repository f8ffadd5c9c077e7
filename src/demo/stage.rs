//! Where the demo plays: a temporary directory, a broker in this process on a
//! free port, and five sites whose machines are shares of this one.

use super::{leftovers, narrator::Narrator};
use crate::{
    cli::{Progress, default_settings, follow_operation},
    client::{Client, Request},
    config::{NodeSettings, OffersSource, Settings, SiteSettings},
    failure::Failure,
    http::wire::{Accepted, Application, Endpoint, Page},
    metrics::Metrics,
    observability::{self, LogTarget},
    wiring::{self, RunningBroker},
};
use hansa_ontology::{
    Catalogue, Site,
    quantity::{CpuMilli, Mebibytes},
    rdf::RdfFormat,
    reading,
};
use reqwest::Method;
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// The offers of three providers at five European sites.
pub(crate) const OFFERS: &str = include_str!("../../examples/offers/demo.ttl");
/// The three-tier application of the MiCADO paper.
pub(crate) const THREE_TIER: &str = include_str!("../../examples/three-tier.yaml");
/// How long everything may take to go away.
const REMOVAL: Duration = Duration::from_secs(90);
/// Lines of the broker's log that are shown when something fails.
const LOG_LINES: usize = 15;

/// The demo's broker and directory.
pub(super) struct Stage {
    directory: TempDir,
    running: RunningBroker,
    /// Its API.
    pub client: Client,
}

impl Stage {
    /// Starts the broker.
    pub(super) async fn set(port: u16, narrator: &Narrator) -> Result<Self, Failure> {
        narrator.step("Start a broker")?;
        let directory = tempfile::Builder::new().prefix("hansa-demo-").tempdir()?;
        let settings = demo_settings(directory.path(), port)?;
        let metrics = Arc::new(Metrics::new());
        observability::begin(&settings.log, &metrics, &LogTarget::File(&directory.path().join("broker.log")))?;
        let running = wiring::start(settings, metrics).await.map_err(|error| Failure::failed(error.to_string()))?;
        let client = Client::new(&running.url)?;
        narrator.well(&format!(
            "it listens on {}; whatever it writes is in {}",
            running.url,
            directory.path().display()
        ))?;
        Ok(Self { directory, running, client })
    }

    /// Where its API is.
    pub(super) fn url(&self) -> &str {
        &self.running.url
    }

    /// The last lines of the broker's log.
    pub(super) fn log_tail(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.directory.path().join("broker.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(LOG_LINES)).map(|&line| line.to_owned()).collect()
    }

    /// Takes everything away and looks whether anything is left.
    ///
    /// # Errors
    /// When something is left; it is then ended by force.
    pub(super) async fn strike(self, narrator: &Narrator) -> Result<(), Failure> {
        narrator.step("Take everything away")?;
        let ports = endpoints(&self.client).await.unwrap_or_default();
        let removed = tokio::time::timeout(REMOVAL, remove_all(&self.client)).await;
        self.running.stop().await;
        let directory = self.directory.path().to_path_buf();
        let closed = self.directory.close();
        let mut left = leftovers::find(&directory, &ports);
        leftovers::end(&left);
        match removed {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => left.others.push(failure.message),
            Err(_) => left.others.push(format!("the applications were not gone after {} s", REMOVAL.as_secs())),
        }
        if let Err(error) = closed {
            left.others.push(format!("{} can't be removed: {error}", directory.display()));
        }
        match left.texts() {
            none if none.is_empty() => narrator.well("no process, no file, no port is left"),
            some => Err(Failure::failed("something was left over").with_details(some)),
        }
    }
}

async fn endpoints(client: &Client) -> Result<Vec<SocketAddr>, Failure> {
    let mut found = Vec::new();
    for application in applications(client).await? {
        let page: Page<Endpoint> = client.json(Request::get(&["applications", &application.id, "endpoints"])).await?;
        found.extend(page.items.iter().filter_map(|endpoint| endpoint.address.parse::<SocketAddr>().ok()));
    }
    Ok(found)
}

async fn applications(client: &Client) -> Result<Vec<Application>, Failure> {
    Ok(client.list(Request::get(&["applications"]), usize::MAX).await?)
}

async fn remove_all(client: &Client) -> Result<(), Failure> {
    for application in applications(client).await? {
        let accepted: Accepted = client.json(Request::new(Method::DELETE, &["applications", &application.id])).await?;
        follow_operation(client, &accepted.operation, REMOVAL, &mut Progress::silent()).await?;
    }
    Ok(())
}

/// The settings of the demo's broker: everything below `directory`.
pub(crate) fn demo_settings(directory: &Path, port: u16) -> Result<Settings, Failure> {
    let mut settings = default_settings()?;
    settings.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.data_dir = directory.join("data");
    settings.sites = sites(&catalogue()?);
    Ok(settings)
}

fn catalogue() -> Result<Catalogue, Failure> {
    let reading = reading::read(OFFERS.as_bytes(), RdfFormat::Turtle)
        .map_err(|error| Failure::failed(format!("the demo's offers can't be read: {error}")))?;
    Ok(reading.accepted)
}

/// Units of each offer that a node has room for: more than the demo rents.
const UNITS: u32 = 4;

/// Each site of the offers, with one node that has room for some of each.
fn sites(catalogue: &Catalogue) -> Vec<SiteSettings> {
    let sites = catalogue.sites.iter().enumerate();
    sites
        .map(|(number, site)| SiteSettings {
            id: site.id.clone(),
            offers: OffersSource::Imported,
            name: None,
            country: None,
            nodes: vec![node(catalogue, site, number)],
        })
        .collect()
}

fn node(catalogue: &Catalogue, site: &Site, number: usize) -> NodeSettings {
    let (mut cpu, mut memory, mut disk) = (0_u32, 0_u64, 0_u64);
    for offer in catalogue.offers.iter().filter(|offer| offer.site == site.id) {
        cpu = cpu.saturating_add(offer.flavour.cpu_milli.saturating_mul(UNITS));
        memory = memory.saturating_add(offer.flavour.memory_mib.saturating_mul(UNITS.into()));
        disk = disk.saturating_add(offer.flavour.disk_mib.saturating_mul(UNITS.into()));
    }
    NodeSettings {
        name: format!("{}-1", site.id.short().to_lowercase()),
        address: address(number),
        cpu: CpuMilli(cpu),
        memory: Mebibytes(memory),
        disk: Mebibytes(disk),
        capabilities: capabilities(catalogue, site),
    }
}

fn capabilities(catalogue: &Catalogue, site: &Site) -> BTreeSet<String> {
    let offers = catalogue.offers.iter().filter(|offer| offer.site == site.id);
    offers.flat_map(|offer| offer.capabilities.iter().cloned()).collect()
}

/// A loopback address of its own for each site, where the system has them all (Linux does).
fn address(number: usize) -> IpAddr {
    let own = Ipv4Addr::new(127, 0, u8::try_from(number + 1).unwrap_or(u8::MAX), 1);
    if TcpListener::bind((own, 0)).is_ok() { own.into() } else { Ipv4Addr::LOCALHOST.into() }
}
