//! What follows by itself from what owners do: drained nodes are told to be
//! empty, prices come into force, units follow from nodes. Level-triggered:
//! each round takes nothing but what is written.

use crate::http::Broker;
use hansa_pim::{Amounts, NodeState, NodeUsage};
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
type NodeShape = (String, String, Amounts, BTreeSet<String>, bool);
/// A flavour of a system as far as units depend on it.
type FlavourShape = (String, String, Option<u32>);
/// All that units depend on.
type Shape = (Vec<NodeShape>, Vec<FlavourShape>);

/// Gives offers whose units follow from the nodes the number that these give,
/// where nodes have changed since `seen`.
async fn units_follow(broker: &Broker, seen: Option<Shape>) -> Result<Shape, hansa_repository::RepositoryError> {
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
    let standings = broker.orchestrator.mco().systems().standings().await?;
    let reports = standings.iter().filter_map(|(system, standing)| Some((system, standing.report.as_ref()?)));
    let flavours = reports.flat_map(|(system, report)| {
        report.flavours.iter().map(|flavour| (system.clone(), flavour.name.clone(), flavour.units_free))
    });
    let shapes: Shape = (nodes.iter().map(shape).collect(), flavours.collect());
    if seen.as_ref() == Some(&shapes) {
        return Ok(shapes);
    }
    for sale in broker.catalogue.sale_list(Some(SaleState::Published), None, usize::MAX).await? {
        if !sale.units_from_nodes {
            continue;
        }
        let units = match broker.orchestrator.mco().units_in_all(&sale.offer).await {
            Ok(units) if units != sale.offer.capacity.available_units => units,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, offer = %sale.offer.id, "the units of an offer can't be counted now");
                continue;
            }
        };
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
