//! The words of the configuration file.

use super::{
    agents::AgentSettings,
    auth::AuthSettings,
    billing::BillingSettings,
    federation::{FederationSettings, ServerTlsSettings},
    limits::LimitSettings,
    moving::MovingSettings,
    notifications::NotificationSettings,
    scaling::ScalingSettings,
    sustainability::SustainabilitySettings,
};
use hansa_ontology::{
    Currency, ProviderId, SiteId,
    place::Area,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// All settings of a broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The HTTP server.
    pub server: ServerSettings,
    /// Where the broker keeps its files. A relative path begins at the working directory.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseSettings,
    /// What is logged, and how.
    pub log: LogSettings,
    /// The currency of plans whose model names none.
    pub currency: Currency,
    /// Applications that are reconciled at the same time.
    pub workers: u16,
    /// The ports that workloads get, on every local node.
    pub workload_ports: PortRange,
    /// The provider that runs the local sites described here.
    pub provider: ProviderSettings,
    /// Login.
    pub auth: AuthSettings,
    /// What is moved without being asked.
    #[serde(default)]
    pub moving: MovingSettings,
    /// What it does about money by itself.
    pub billing: BillingSettings,
    /// Where notifications may be sent.
    #[serde(default)]
    pub notifications: NotificationSettings,
    /// How machines that this broker rents find it.
    #[serde(default)]
    pub agents: AgentSettings,
    /// How applications are scaled by their policies.
    #[serde(default)]
    pub scaling: ScalingSettings,
    /// Where carbon intensity comes from.
    #[serde(default)]
    pub sustainability: SustainabilitySettings,
    /// Partners: other providers' brokers.
    pub federation: FederationSettings,
    /// The sites whose machines this broker runs itself.
    pub sites: Vec<SiteSettings>,
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSettings {
    /// Address and port. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where browsers and the command line reach this broker. Absent: the address it listens on.
    pub public_url: Option<String>,
    /// The largest body of a request.
    pub body_limit: Mebibytes,
    /// How long a request may take; streams are not bound by it.
    pub request_timeout: TimeSpan,
    /// How long a stopping broker waits for requests under way.
    pub shutdown_timeout: TimeSpan,
    /// How much is taken of one caller.
    #[serde(default)]
    pub limits: LimitSettings,
    /// TLS where partners come: at `federation.listen`, where that is given, otherwise at `listen`.
    pub tls: ServerTlsSettings,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSettings {
    /// `sqlite:PATH` or `postgres://user:password@host:port/name`. Absent: `hansa.db` in `data_dir`.
    pub url: Option<String>,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// Text for people or JSON for programs.
    pub format: LogFormat,
    /// A level, or directives such as `info,hansa_mco=debug`.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The legal entity that runs the local sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSettings {
    /// Its IRI.
    pub id: ProviderId,
    /// Its name.
    pub name: String,
    /// The country whose law binds it.
    pub country: Area,
}

/// A site whose machines this broker runs itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteSettings {
    /// Its IRI.
    pub id: SiteId,
    /// Where site and offers come from.
    #[serde(default)]
    pub offers: OffersSource,
    /// Its name. Absent: the last segment of its IRI.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it lies. Absent: the provider's country.
    #[serde(default)]
    pub country: Option<Area>,
    /// Its nodes, at least one.
    pub nodes: Vec<NodeSettings>,
}

/// Where the description of a local site and its offers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OffersSource {
    /// Small, medium and large machines are made from its nodes at every start.
    #[default]
    Generated,
    /// Somebody imports them.
    Imported,
}

/// A share of a machine that workloads may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSettings {
    /// Its name, unlike any other of the site.
    pub name: String,
    /// The address at which its workloads listen. Of this machine.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// Processors that it may give away.
    pub cpu: CpuMilli,
    /// Memory that it may give away.
    pub memory: Mebibytes,
    /// Disk that it may give away.
    #[serde(default)]
    pub disk: Mebibytes,
    /// What its machines can be used for: `proxy`, `database`, `public-ip`.
    #[serde(default)]
    pub capabilities: BTreeSet<String>,
}

fn loopback() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}

/// A range of ports, both ends included: `20000-29999`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for PortRange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no range of ports such as 20000-29999, the lower first");
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
            (Ok(first), Ok(last)) if first > 0 && first <= last => Ok(Self { first, last }),
            _ => Err(wrong()),
        }
    }
}

impl Serialize for PortRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
