//! Physical Infrastructure Manager (ICRA): the nodes of local sites, what is
//! free on them, and whole servers (bare metal).
//!
//! A [`Node`] is a share of this very machine that its owner gives away;
//! [`Pim::share_ensure`] carves machines out of it and never gives away more.
//! The record keeping that servers, virtual machines (`hansa-vip`) and places
//! in clusters (`hansa-mcm`) have in common stands here once: [`machines`].
//! This crate knows no workload, no offer and no price.

pub mod connectors;
mod error;
pub mod machines;
mod making;
pub mod model;
mod service;
mod store;
#[doc(hidden)]
pub mod testing;

pub use connectors::{
    Counted, Delivery, Host, MachineConnector, MachineOrder, PowerSwitch, Rapl, Removal, Sleep, processors,
};
pub use error::{ErrorKind, PimError};
pub use making::{Making, Provision};
pub use model::{
    Amounts, Down, Drain, GreenMode, HostPower, InvalidTarget, Machine, MachineRequest, MachineState, Maintenance,
    MaintenanceTarget, NewMaintenance, Node, NodeOrigin, NodeRefusal, NodeShare, NodeState, NodeUsage, Rest, RestState,
    ShareRequest, SystemHost, nearest_refusal, units_free,
};
pub use service::{LOST_AFTER, NewGreenMode, NodeChange, Pim, PimSettings, nodes_at};
pub use store::MIGRATIONS;
