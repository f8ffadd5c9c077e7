//! Multi-Cluster Manager (ICRA): container clusters and the places in them.
//!
//! What a machine of any kind has in common (its record, its states, its
//! events) stands in `hansa-pim`; this room adds who makes places in container clusters: one
//! connector for each real system. It knows no workload, no offer and no price.

pub mod connectors;
mod error;
pub mod k3s;
pub mod model;
mod service;
mod store;
#[cfg(test)]
mod tests;

pub use error::McmError;
pub use model::{Placement, PlacementRequest};
pub use service::Mcm;
pub use store::MIGRATIONS;
