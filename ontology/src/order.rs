//! Orders: what one broker delivers for another. The words that both sides'
//! rooms share, and that travel between them.
//!
//! An order is one machine of one offer, with the instances of components that
//! run in it. Its id is chosen by the primary (ISO/IEC 22123-2: the CSP that
//! the customer knows) and is that of the machine it rents; the secondary
//! delivers it as an application of its own.

use crate::{
    id::{ApplicationId, MachineId, OfferId, ProviderId},
    offer::Offer,
    resource_model::{Protocol, ResourceModel},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr};

/// One instance of a component: `application#2`. Ordinals begin at 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// The component's name in the model.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
}

/// One endpoint of one instance of a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerEndpoint {
    /// Which of the component's instances.
    pub ordinal: u32,
    /// The port's name.
    pub port: String,
    /// Address and port number, `127.0.0.1:20001`.
    pub address: SocketAddr,
}

/// What makes a resource model a delivery: which instances of its components
/// run here, of which offer, and where the others are reached. Set on the model
/// of a partner's order; a tenant's model has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delivery {
    /// The name of the primary's application, which workloads get as `HANSA_APPLICATION`.
    pub application: String,
    /// The offer that is delivered: one unit, one machine.
    pub offer: OfferId,
    /// What runs in the machine. Each component that it names is in the model.
    pub instances: Vec<Instance>,
    /// Where instances that run elsewhere are reached, by component.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<String, Vec<PeerEndpoint>>,
}

/// What the primary asks for. The same id with a higher generation replaces what was asked before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderRequest {
    /// The order, and the primary's machine.
    pub id: MachineId,
    /// Grows with each change of what is wanted, from 1. An older one than the
    /// one in force is answered with the report, and changes nothing.
    pub generation: i64,
    /// The components with their instances; [`ResourceModel::delivery`] is set.
    pub model: ResourceModel,
}

/// One unit of an offer that is kept for a partner's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The order that it is kept for: the partner's machine.
    pub order: MachineId,
    /// The partner's DID.
    pub partner: String,
    /// Of which offer.
    pub offer: OfferId,
    /// Until then, unless the order comes first.
    pub until: DateTime<Utc>,
}

/// Where an order stands: a subset of TMF641's states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Taken on; nothing is done yet.
    Acknowledged,
    /// Being delivered, changed or repaired.
    InProgress,
    /// What is wanted runs and works.
    Completed,
    /// Can't be delivered as it is; the reason says why.
    Failed,
    /// Being taken away.
    Ending,
    /// Nothing of it is left.
    Ended,
}

/// How an order stands, as the secondary reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderReport {
    /// The order.
    pub id: MachineId,
    /// The generation that this report speaks of.
    pub generation: i64,
    /// Where it stands.
    pub state: OrderState,
    /// Why, for people, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What runs, and what is about to.
    pub workloads: Vec<DeliveredWorkload>,
    /// When this was so.
    pub as_of: DateTime<Utc>,
}

/// A workload that a partner runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredWorkload {
    /// Which instance it is.
    pub instance: Instance,
    /// Whether it is of the generation that the report speaks of, or an older
    /// one that goes when its replacement works.
    pub current: bool,
    /// The state's name: `starting`, `running`, `unhealthy`, `backing-off`, `failed`, `stopping`.
    pub state: String,
    /// Runs, and its health check succeeds.
    pub healthy: bool,
    /// Why it doesn't work, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// Where its ports are reached, by name.
    pub endpoints: BTreeMap<String, DeliveredEndpoint>,
}

/// Where one port of a partner's workload is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredEndpoint {
    /// Address and port number.
    pub address: SocketAddr,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Reachable from outside the application.
    pub public: bool,
}

/// A provider whose offers a partner delivers, as the planner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerProvider {
    /// The provider.
    pub provider: ProviderId,
    /// The partner's name for people.
    pub partner: String,
    /// Why nothing new can be ordered there now; None: it can.
    pub unusable: Option<String>,
    /// Offers of it that can't be ordered though others can (stale, expired,
    /// past a limit of the partner's policy), each with the reason.
    pub unusable_offers: BTreeMap<OfferId, String>,
}

/// A machine that is to be had from a partner.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineWish {
    /// The machine, which is the order's id.
    pub machine: MachineId,
    /// For which application of ours.
    pub application: ApplicationId,
    /// The offer, as it was when it was chosen.
    pub offer: Box<Offer>,
}

/// How a machine of a partner stands, as far as this broker knows. Asking never waits for the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineStanding {
    /// On its way: an agreement is negotiated, a hold is asked for.
    Pending {
        /// What is waited for, for people.
        waits_for: String,
    },
    /// Capacity is held, nothing is ordered yet.
    Held {
        /// The hold ends then unless the order comes first.
        until: DateTime<Utc>,
    },
    /// Ordered.
    Ordered,
    /// The partner says no: plan again without this offer.
    Refused {
        /// Its reason.
        reason: String,
    },
    /// The partner hasn't been heard for longer than the grace time: plan again elsewhere.
    Lost {
        /// Since when.
        since: DateTime<Utc>,
        /// For people.
        reason: String,
    },
}
