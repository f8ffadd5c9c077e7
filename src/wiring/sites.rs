//! The local sites: their nodes, and the offers that are made from them.

use super::WiringError;
use crate::{
    config::{Settings, local_catalogue},
    http::Broker,
};
use hansa_ontology::{Actor, Catalogue, Offer, rdf, rdf::RdfFormat};
use hansa_pim::Node;
use hansa_repository::catalogue::ImportRequest;

/// Makes the configured nodes known, and the offers made from them.
///
/// # Errors
/// When a node is refused, or an offer breaks a shape.
pub(super) async fn announce(broker: &Broker) -> Result<(), WiringError> {
    for warning in broker.pim.node_register(nodes(&broker.settings)).await? {
        tracing::warn!("{warning}");
    }
    let wanted = local_catalogue(&broker.settings, broker.clock.now())?;
    let changed = changes(broker, wanted).await?;
    if changed.is_empty() {
        return Ok(());
    }
    let turtle = rdf::write_turtle(&changed);
    let request = ImportRequest::new(turtle, RdfFormat::Turtle, Actor::Broker, broker.clock.now());
    let report = broker.catalogue.import(request).await?;
    match report.refused.first() {
        None => Ok(()),
        Some(refused) => Err(WiringError::LocalOffers(format!("{refused:?}"))),
    }
}

fn nodes(settings: &Settings) -> Vec<Node> {
    let of_site = settings.sites.iter().flat_map(|site| site.nodes.iter().map(move |node| (site, node)));
    of_site
        .map(|(site, node)| Node {
            name: node.name.clone(),
            site: site.id.clone(),
            address: node.address,
            cpu_milli: node.cpu.0.into(),
            memory_mib: node.memory.0,
            disk_mib: node.disk.0,
            gpus: 0,
            capabilities: node.capabilities.clone(),
            host: None,
        })
        .collect()
}

/// What differs from what the catalogue has, so that a start without change
/// leaves no trace. When the capacity was last looked at is no difference.
async fn changes(broker: &Broker, wanted: Catalogue) -> Result<Catalogue, WiringError> {
    let known = broker.catalogue.snapshot().await?;
    let known = &known.catalogue;
    let same = |offer: &Offer| {
        known.offers.iter().any(|old| {
            let mut now = offer.clone();
            now.capacity.as_of = old.capacity.as_of;
            *old == now
        })
    };
    Ok(Catalogue {
        providers: wanted.providers.into_iter().filter(|provider| !known.providers.contains(provider)).collect(),
        sites: wanted.sites.into_iter().filter(|site| !known.sites.contains(site)).collect(),
        offers: wanted.offers.into_iter().filter(|offer| !same(offer)).collect(),
    })
}
