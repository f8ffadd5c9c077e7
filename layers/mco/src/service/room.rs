//! How many more machines of an offer can be had now: of this very machine's
//! nodes, of the hosts of a real system, or within the quota of one.

use super::Mco;
use crate::{
    error::McoError,
    infrastructure::{InfrastructureError, node_tags},
};
use hansa_ontology::{Offer, OfferId, OfferKind, SiteId};
use hansa_pim::{Amounts, NodeState, NodeUsage, nearest_refusal, units_free};
use hansa_repository::system::{Backing, Standing, SystemFlavour};
use std::collections::BTreeMap;

/// What stands behind the offers of this broker, and how it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    nodes: BTreeMap<SiteId, Vec<NodeUsage>>,
    backings: BTreeMap<OfferId, Backing>,
    standings: BTreeMap<String, Standing>,
}

impl Mco {
    /// What can be had of these nodes, and of the systems as they were last found.
    pub(super) async fn room(&self, nodes: BTreeMap<SiteId, Vec<NodeUsage>>) -> Result<Room, McoError> {
        let systems = self.rooms.infrastructure.pim.systems();
        let backings = systems.backing_list(None).await?;
        let standings = if backings.is_empty() { BTreeMap::new() } else { systems.standings().await? };
        let backings = backings.into_iter().map(|backing| (backing.offer.clone(), backing)).collect();
        Ok(Room { nodes, backings, standings })
    }

    /// The same with the nodes as they are now.
    pub(super) async fn room_now(&self) -> Result<Room, McoError> {
        self.room(self.nodes_by_site(None).await?).await
    }
}

impl Mco {
    /// How many machines of an offer there could be, were none rented: what
    /// its nodes would carry, or what its system has left and what is rented of it here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn units_in_all(&self, offer: &Offer) -> Result<u32, McoError> {
        let backing = self.systems().backing(&offer.id).await?;
        self.units_by(offer, backing.as_ref()).await
    }

    /// The same with this standing behind the offer, which need not be mapped yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn units_by(&self, offer: &Offer, backing: Option<&Backing>) -> Result<u32, McoError> {
        let nodes = self.rooms.infrastructure.pim.node_list(Some(&offer.site)).await;
        let nodes = nodes.map_err(InfrastructureError::from)?;
        let system = backing.map(|backing| backing.system.as_str());
        let own: Vec<NodeUsage> = nodes.into_iter().filter(|usage| usage.is_of(system) && gives(usage)).collect();
        let (amounts, tags) = (Amounts::from(&offer.flavour), node_tags(&offer.capabilities));
        let Some(backing) = backing.filter(|_| own.is_empty()) else {
            let empty: Vec<NodeUsage> = own.into_iter().map(NodeUsage::emptied).collect();
            return Ok(units_free(&empty, amounts, &tags, offer.kind == OfferKind::BareMetal));
        };
        let standing = self.systems().standing(&backing.system).await?;
        let flavours = standing.report.map(|report| report.flavours).unwrap_or_default();
        let left = flavour(&flavours, backing, amounts).map_or(0, |flavour| flavour.units_free.unwrap_or(UNBOUNDED));
        let rented = self.machine_list(None).await?.iter().filter(|machine| machine.terms.id == offer.id).count();
        Ok(left.saturating_add(u32::try_from(rented).unwrap_or(u32::MAX)).min(UNBOUNDED))
    }

    /// Why a system could deliver no machine of an offer at all, and what to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn units_lacking(&self, offer: &Offer, backing: &Backing) -> Result<String, McoError> {
        let nodes = self.rooms.infrastructure.pim.node_list(Some(&offer.site)).await;
        let nodes = nodes.map_err(InfrastructureError::from)?;
        let own: Vec<NodeUsage> = nodes.into_iter().filter(|usage| usage.is_of(Some(&backing.system))).collect();
        let tags = node_tags(&offer.capabilities);
        let nowhere = |tag: &&String| !own.iter().any(|usage| usage.node.capabilities.contains(*tag));
        let missing: Vec<&str> = tags.iter().filter(nowhere).map(String::as_str).collect();
        let system = &backing.system;
        if own.is_empty() {
            return Ok(format!("system {system} has no room for it now (`hansa system inventory {system}`)"));
        }
        if !missing.is_empty() {
            let tags = missing.join(",");
            let remedy = format!("its setting `capabilities={tags}` gives them (`hansa system change`)");
            return Ok(format!("no host of system {system} has the capability {tags}; {remedy}"));
        }
        let amounts = Amounts::from(&offer.flavour);
        let nearest = nearest_refusal(&own, amounts, &tags, offer.kind == OfferKind::BareMetal);
        let told = nearest.map(|refusal| format!("; {}: {}", refusal.node, refusal.reasons.join(", ")));
        Ok(format!("no host of system {system} can carry one{}", told.unwrap_or_default()))
    }
}

/// What is offered of a flavour whose system states no number.
const UNBOUNDED: u32 = 1_000;

/// The flavour that an offer is delivered as.
fn flavour<'a>(all: &'a [SystemFlavour], backing: &Backing, amounts: Amounts) -> Option<&'a SystemFlavour> {
    all.iter().find(|flavour| match &backing.item {
        Some(item) => flavour.name == *item,
        None => Amounts::from(flavour.room).covers(amounts),
    })
}

fn gives(usage: &NodeUsage) -> bool {
    !matches!(usage.state, NodeState::Draining | NodeState::Withdrawn | NodeState::Down)
}

impl Room {
    /// How many more machines of it can be had now.
    ///
    /// # Errors
    /// Why this broker can't deliver it at all.
    pub(super) fn units(&self, offer: &Offer) -> Result<u32, String> {
        let amounts = Amounts::from(&offer.flavour);
        let tags = node_tags(&offer.capabilities);
        let whole_node = offer.kind == OfferKind::BareMetal;
        let of = |system: Option<&str>| -> Vec<NodeUsage> {
            let site = self.nodes.get(&offer.site).into_iter().flatten();
            site.filter(|usage| usage.is_of(system)).cloned().collect()
        };
        let Some(backing) = self.backings.get(&offer.id) else {
            let nodes = of(None);
            if nodes.is_empty() {
                return Err(format!(
                    "site {} is not connected to this broker: nobody here can deliver it",
                    offer.site.short()
                ));
            }
            return Ok(units_free(&nodes, amounts, &tags, whole_node));
        };
        let system = &backing.system;
        let standing = self.standings.get(system);
        if let Some(trouble) = standing.and_then(|standing| standing.trouble.as_ref()) {
            return Err(trouble.message.clone());
        }
        let Some(report) = standing.and_then(|standing| standing.report.as_ref()) else {
            return Err(format!("system {system} has not been looked at yet"));
        };
        let nodes = of(Some(system));
        if !nodes.is_empty() {
            return Ok(units_free(&nodes, amounts, &tags, whole_node));
        }
        match flavour(&report.flavours, backing, amounts) {
            Some(flavour) => Ok(flavour.units_free.unwrap_or(u32::MAX)),
            None => Err(format!("system {system} has no flavour for it")),
        }
    }
}

impl From<hansa_repository::RepositoryError> for InfrastructureError {
    fn from(error: hansa_repository::RepositoryError) -> Self {
        Self::Pim(error.into())
    }
}
