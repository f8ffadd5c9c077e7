//! The demo's offers, and the sites that deliver them: each is a share of this machine.

use crate::{
    cli::default_settings,
    config::{NodeSettings, OffersSource, Settings, SiteSettings},
    failure::Failure,
};
use hansa_ontology::{
    Catalogue, Provider, Site,
    quantity::{CpuMilli, Mebibytes},
    rdf::RdfFormat,
    reading,
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

/// The offers of three providers at five European sites.
pub(crate) const OFFERS: &str = include_str!("../../examples/offers/demo.ttl");
/// The three-tier application of the MiCADO paper.
pub(crate) const THREE_TIER: &str = include_str!("../../examples/three-tier.yaml");

/// The settings of one broker that has the sites of all three providers:
/// everything below `directory`.
pub(crate) fn demo_settings(directory: &Path, port: u16) -> Result<Settings, Failure> {
    let mut settings = default_settings()?;
    settings.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.data_dir = directory.join("data");
    settings.sites = sites(&catalogue()?, |_| true);
    Ok(settings)
}

/// What one provider offers: itself, its sites, its offers.
pub(super) fn of_provider(catalogue: &Catalogue, provider: &Provider) -> Catalogue {
    Catalogue {
        providers: vec![provider.clone()],
        sites: catalogue.sites.iter().filter(|site| site.provider == provider.id).cloned().collect(),
        offers: catalogue.offers.iter().filter(|offer| offer.provider == provider.id).cloned().collect(),
    }
}

pub(super) fn catalogue() -> Result<Catalogue, Failure> {
    let reading = reading::read(OFFERS.as_bytes(), RdfFormat::Turtle)
        .map_err(|error| Failure::failed(format!("the demo's offers can't be read: {error}")))?;
    Ok(reading.accepted)
}

/// Units of each offer that a node has room for: more than the demo rents.
const UNITS: u32 = 4;

/// Each site of the offers, with one node that has room for some of each.
pub(super) fn sites(catalogue: &Catalogue, wanted: impl Fn(&Site) -> bool) -> Vec<SiteSettings> {
    let sites = catalogue.sites.iter().enumerate().filter(|(_, site)| wanted(site));
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
