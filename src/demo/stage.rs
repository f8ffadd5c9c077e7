//! Where the demo plays: three brokers of three owners, each with sites whose
//! machines are shares of this one, in a temporary directory.

use super::{leftovers, member::Member, narrator::Narrator, sites};
use crate::{
    cli::{Progress, follow_operation},
    client::{Client, Request},
    failure::Failure,
    http::wire::{Accepted, Application, Endpoint, Page},
};
use reqwest::Method;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};
use tempfile::TempDir;

/// How long everything may take to go away.
const REMOVAL: Duration = Duration::from_secs(90);
/// The owner of the broker that the tenant talks to: last segment of its IRI.
const PRIMARY: &str = "rheinwerk.example";

/// The demo's brokers and their directory.
pub(super) struct Stage {
    directory: TempDir,
    /// The brokers; the tenant's first.
    pub members: Vec<Member>,
}

impl Stage {
    /// Prepares the brokers; the first listens at `port`, 0 takes any free one.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub(super) fn prepare(port: u16) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("hansa-demo-").tempdir()?;
        let catalogue = sites::catalogue()?;
        let mut providers = catalogue.providers.clone();
        providers.sort_by_key(|provider| (!provider.id.as_str().ends_with(PRIMARY), provider.id.clone()));
        // Held until all are known, so that they differ; a broker that comes back needs the same again.
        let held = (0..providers.len())
            .map(|number| TcpListener::bind((Ipv4Addr::LOCALHOST, if number == 0 { port } else { 0 })))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                Failure::failed(format!("port {port} can't be had: {error}; choose another with --port"))
            })?;
        let mut members = Vec::new();
        for ((number, provider), listener) in (0_u16..).zip(&providers).zip(&held) {
            let port = listener.local_addr()?.port();
            members.push(Member::prepare(directory.path(), &catalogue, provider, number, port)?);
        }
        Ok(Self { directory, members })
    }

    /// Starts every broker.
    ///
    /// # Errors
    /// When one doesn't start.
    pub(super) async fn start(&mut self, narrator: &Narrator) -> Result<(), Failure> {
        narrator.step("Start three brokers: three owners, three databases, three keys")?;
        for member in &mut self.members {
            member.start().await?;
            let sites: Vec<String> =
                member.catalogue.sites.iter().map(|site| format!("{} ({})", site.name, site.country)).collect();
            narrator.say(&format!(
                "{:<30} {}  {}, at {}",
                member.provider.name,
                member.provider.country,
                member.url,
                sites.join(" and ")
            ))?;
        }
        narrator.well(&format!("they answer; whatever they write is in {}", self.directory.path().display()))
    }

    /// The last lines of the brokers' logs.
    pub(super) fn log_tail(&self) -> Vec<String> {
        let of = |member: &Member| {
            let heading = format!("the log of {} ends so:", member.provider.name);
            let lines = member.log_tail().into_iter().map(|line| format!("  {line}"));
            std::iter::once(heading).chain(lines).collect::<Vec<_>>()
        };
        self.members.iter().flat_map(of).collect()
    }

    /// Takes everything away and looks whether anything is left.
    ///
    /// # Errors
    /// When something is left; it is then ended by force.
    pub(super) async fn strike(mut self, narrator: &Narrator) -> Result<(), Failure> {
        narrator.step("Take everything away")?;
        let mut ports: Vec<SocketAddr> = self.members.iter().map(|member| member.place().0).collect();
        let mut faults = Vec::new();
        for member in self.members.iter().filter(|member| member.answers()) {
            ports.extend(endpoints(&member.tenant).await.unwrap_or_default());
        }
        for member in self.members.iter().filter(|member| member.answers()) {
            match tokio::time::timeout(REMOVAL, remove_all(&member.tenant)).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => faults.push(format!("{}: {}", member.provider.name, failure.message)),
                Err(_) => faults.push(format!("{}: applications stay", member.provider.name)),
            }
        }
        for member in &mut self.members {
            member.stop().await;
        }
        let directory = self.directory.path().to_path_buf();
        // Before the directory goes: what writes to it could bring it back.
        let mut left = leftovers::find(&directory, &ports);
        leftovers::end(&left);
        left.forget_directory();
        left.others.extend(faults);
        if let Err(error) = self.directory.close() {
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

/// Removes what the tenant submitted here. What partners ordered goes by their word.
async fn remove_all(client: &Client) -> Result<(), Failure> {
    for application in applications(client).await? {
        let accepted: Accepted = client.json(Request::new(Method::DELETE, &["applications", &application.id])).await?;
        follow_operation(client, &accepted.operation, REMOVAL, &mut Progress::silent()).await?;
    }
    Ok(())
}
