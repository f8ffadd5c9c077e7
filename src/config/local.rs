//! This machine as a site: what a broker offers that was told nothing.

use super::{
    AgentSettings, AuthSettings, BillingSettings, FederationSettings, LimitSettings, LogFormat, LogSettings,
    MovingSettings, NodeSettings, NotificationSettings, OffersSource, PortRange, ScalingSettings, ServerTlsSettings,
    Settings, SiteSettings, SustainabilitySettings,
};
use crate::config::settings::{DatabaseSettings, ProviderSettings, ServerSettings};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Catalogue, Currency, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    id::InvalidId,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    place::{Area, InvalidArea},
    quantity::{Mebibytes, TimeSpan},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Where a machine is taken to be whose owner says nothing. It is a group of
/// countries, so that nobody takes it for a statement; `serve` warns of it.
pub(crate) const ASSUMED_COUNTRY: &str = "EU";

/// The built-in names are no IRI or no area: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    /// An identifier.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// An area.
    #[error(transparent)]
    Area(#[from] InvalidArea),
}

impl Settings {
    /// The settings of a broker that was told nothing: one site with one node, `machine`.
    ///
    /// # Errors
    /// Never, unless the built-in names are wrong.
    pub(crate) fn defaults(machine: NodeSettings) -> Result<Self, LocalError> {
        Ok(Self {
            server: ServerSettings {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                public_url: None,
                body_limit: Mebibytes(16),
                request_timeout: TimeSpan::from_millis(30_000),
                shutdown_timeout: TimeSpan::from_millis(10_000),
                limits: LimitSettings::default(),
                tls: ServerTlsSettings::default(),
            },
            data_dir: PathBuf::from("./hansa-data"),
            database: DatabaseSettings { url: None },
            log: LogSettings { format: LogFormat::Text, level: "info".to_owned() },
            currency: Currency::EUR,
            workers: 4,
            workload_ports: PortRange { first: 20_000, last: 29_999 },
            provider: ProviderSettings {
                id: ProviderId::new("urn:hansa:provider:local")?,
                name: "This broker".to_owned(),
                country: Area::new(ASSUMED_COUNTRY)?,
            },
            auth: AuthSettings::default(),
            moving: MovingSettings::default(),
            billing: BillingSettings::default(),
            agents: AgentSettings::default(),
            notifications: NotificationSettings::default(),
            scaling: ScalingSettings::default(),
            sustainability: SustainabilitySettings::default(),
            federation: FederationSettings::default(),
            sites: vec![SiteSettings {
                id: SiteId::new("urn:hansa:site:local")?,
                offers: OffersSource::Generated,
                name: Some("This machine".to_owned()),
                country: None,
                nodes: vec![machine],
            }],
        })
    }

    /// Where the database is.
    pub(crate) fn database_url(&self) -> String {
        self.database.url.clone().unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("hansa.db").display()))
    }
}

impl PortRange {
    /// Whether `port` lies in it.
    pub(crate) const fn contains(&self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

/// A size of machine that is made from a node: its name, and which part of the node it is.
const SIZES: [(&str, u64, i64); 3] = [("small", 8, 10_000), ("medium", 4, 20_000), ("large", 2, 40_000)];

/// Provider, sites and offers of the local sites whose offers are generated:
/// an eighth, a quarter and a half of the site's largest node.
///
/// # Errors
/// When a site's IRI can't be made an offer's.
pub(crate) fn local_catalogue(settings: &Settings, now: DateTime<Utc>) -> Result<Catalogue, LocalError> {
    let mut catalogue = Catalogue { providers: Vec::new(), sites: Vec::new(), offers: Vec::new() };
    let provider = &settings.provider;
    for site in settings.sites.iter().filter(|site| site.offers == OffersSource::Generated) {
        let country = site.country.clone().unwrap_or_else(|| provider.country.clone());
        catalogue.sites.push(Site {
            id: site.id.clone(),
            name: site.name.clone().unwrap_or_else(|| site.id.short().to_owned()),
            provider: provider.id.clone(),
            country: country.clone(),
            coordinates: None,
            jurisdictions: BTreeSet::from([country]),
            latencies: BTreeMap::new(),
            energy: None,
        });
        for size in SIZES {
            catalogue.offers.extend(offer(settings, site, size, now)?);
        }
    }
    if !catalogue.sites.is_empty() {
        catalogue.providers.push(Provider {
            id: provider.id.clone(),
            name: provider.name.clone(),
            country: provider.country.clone(),
        });
    }
    Ok(catalogue)
}

fn offer(
    settings: &Settings,
    site: &SiteSettings,
    (size, part, price_micros): (&str, u64, i64),
    now: DateTime<Utc>,
) -> Result<Option<Offer>, LocalError> {
    let Some(largest) = site.nodes.iter().max_by_key(|node| (node.cpu, node.memory)) else {
        return Ok(None);
    };
    let cpu_milli = (u64::from(largest.cpu.0) / part).max(1);
    let memory_mib = (largest.memory.0 / part).max(1);
    let units: u64 =
        site.nodes.iter().map(|node| (u64::from(node.cpu.0) / cpu_milli).min(node.memory.0 / memory_mib)).sum();
    Ok(Some(Offer {
        id: OfferId::new(format!("{}:{size}", site.id))?,
        title: format!("{size} share of {}", site.name.as_deref().unwrap_or_else(|| site.id.short())),
        provider: settings.provider.id.clone(),
        site: site.id.clone(),
        kind: OfferKind::VirtualMachine,
        flavour: Flavour {
            name: size.to_owned(),
            cpu_milli: u32::try_from(cpu_milli).unwrap_or(u32::MAX),
            memory_mib,
            disk_mib: largest.disk.0 / part,
            cpu_arch: this_arch(),
            gpu: None,
            bandwidth_mbps: None,
        },
        capacity: Capacity { available_units: u32::try_from(units).unwrap_or(u32::MAX), as_of: now },
        price_plan: PricePlan {
            model: PricingModel::OnDemand,
            price_per_hour: Money::new(price_micros, settings.currency),
        },
        sla: None,
        energy: None,
        claims: Vec::new(),
        capabilities: site.nodes.iter().flat_map(|node| node.capabilities.iter().cloned()).collect(),
        service_area: BTreeSet::new(),
        valid_from: None,
        valid_through: None,
    }))
}

const fn this_arch() -> CpuArch {
    if cfg!(target_arch = "aarch64") {
        CpuArch::Arm64
    } else if cfg!(target_arch = "riscv64") {
        CpuArch::Riscv64
    } else {
        CpuArch::Amd64
    }
}

#[cfg(test)]
pub(crate) fn defaults_for_tests() -> Settings {
    use hansa_ontology::quantity::CpuMilli;
    Settings::defaults(NodeSettings {
        name: "node".to_owned(),
        address: Ipv4Addr::LOCALHOST.into(),
        cpu: CpuMilli(8_000),
        memory: Mebibytes(16_384),
        disk: Mebibytes(65_536),
        capabilities: BTreeSet::from(["database".to_owned()]),
    })
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_offered_in_three_sizes() {
        let catalogue = local_catalogue(&defaults_for_tests(), DateTime::UNIX_EPOCH).unwrap();
        let sizes: Vec<_> = catalogue
            .offers
            .iter()
            .map(|o| (o.id.as_str(), o.flavour.cpu_milli, o.flavour.memory_mib, o.capacity.available_units))
            .collect();
        assert_eq!(
            sizes,
            [
                ("urn:hansa:site:local:small", 1_000, 2_048, 8),
                ("urn:hansa:site:local:medium", 2_000, 4_096, 4),
                ("urn:hansa:site:local:large", 4_000, 8_192, 2),
            ]
        );
        assert_eq!((catalogue.providers.len(), catalogue.sites.len()), (1, 1));
    }
}
