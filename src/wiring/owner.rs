//! What follows by itself from what owners do: drained nodes are told to be
//! empty, prices come into force, units follow from nodes. Level-triggered:
//! each round takes nothing but what is written.

use crate::http::Broker;
use hansa_ontology::{Offer, OfferKind};
use hansa_pim::{Amounts, NodeState, NodeUsage, units_free};
use hansa_repository::{
    OwnerChange,
    catalogue::sale::{SaleOutcome, SaleState},
};
use std::{collections::BTreeSet, time::Duration};

/// How often it is looked at.
const ROUND: Duration = Duration::from_secs(1);

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let mut seen = None;
    loop {
        if let Err(error) = broker.pim.maintenance_watch().await {
            tracing::warn!(%error, "maintenance can't be looked at now");
        }
        if let Err(error) = broker.catalogue.sales_due(broker.clock.now()).await {
            tracing::warn!(%error, "prices that are due can't come into force now");
        }
        match units_follow(&broker, seen.take()).await {
            Ok(nodes) => seen = Some(nodes),
            Err(error) => tracing::warn!(%error, "the units of offers can't follow from the nodes now"),
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = broker.shutdown.cancelled() => return,
        }
    }
}

/// A node as far as units depend on it.
type Shape = (String, String, Amounts, BTreeSet<String>, bool);

/// Gives offers whose units follow from the nodes the number that these give,
/// where nodes have changed since `seen`.
async fn units_follow(
    broker: &Broker,
    seen: Option<Vec<Shape>>,
) -> Result<Vec<Shape>, hansa_repository::RepositoryError> {
    let nodes = match broker.pim.node_list(None).await {
        Ok(nodes) => nodes,
        Err(error) => {
            tracing::warn!(%error, "the nodes can't be listed now");
            return Ok(seen.unwrap_or_default());
        }
    };
    let shape = |usage: &NodeUsage| {
        let node = &usage.node;
        (node.name.clone(), node.site.to_string(), usage.capacity, node.capabilities.clone(), gives(usage))
    };
    let shapes: Vec<Shape> = nodes.iter().map(shape).collect();
    if seen.as_ref() == Some(&shapes) {
        return Ok(shapes);
    }
    for sale in broker.catalogue.sale_list(Some(SaleState::Published), None, usize::MAX).await? {
        let units = units_of_nodes(&nodes, &sale.offer);
        if !sale.units_from_nodes || units == sale.offer.capacity.available_units {
            continue;
        }
        let now = broker.clock.now();
        let change = OwnerChange { expected: Some(sale.version), ..OwnerChange::of_broker(now) };
        match broker.catalogue.sale_units(&sale.offer.id, units, true, change).await? {
            SaleOutcome::Done(_) => tracing::info!(offer = %sale.offer.id, units, "the units follow from the nodes"),
            SaleOutcome::Refused(refused) => tracing::warn!(offer = %sale.offer.id, ?refused, "the units stay"),
        }
    }
    Ok(shapes)
}

fn gives(usage: &NodeUsage) -> bool {
    !matches!(usage.state, NodeState::Draining | NodeState::Withdrawn | NodeState::Down)
}

/// How many machines of an offer the nodes of its site could carry, were they empty.
pub(crate) fn units_of_nodes(nodes: &[NodeUsage], offer: &Offer) -> u32 {
    let empty = |usage: &NodeUsage| NodeUsage {
        state: NodeState::Ready,
        free: usage.capacity,
        given: Amounts::ZERO,
        machines: BTreeSet::new(),
        ..usage.clone()
    };
    let site = nodes.iter().filter(|usage| usage.node.site == offer.site && gives(usage));
    let nodes: Vec<NodeUsage> = site.map(empty).collect();
    let whole_node = offer.kind == OfferKind::BareMetal;
    units_free(&nodes, Amounts::from(&offer.flavour), &offer.capabilities, whole_node)
}
