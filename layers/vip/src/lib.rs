//! Virtual Infrastructure Platform manager (ICRA): virtual machines.
//!
//! What a machine of any kind has in common (its record, its states, its
//! events) stands in `hansa-pim`; this room adds who makes virtual machines: one
//! connector for each real system. It knows no workload, no offer and no price.

pub mod connectors;
mod error;
pub mod model;
mod service;
mod store;
#[cfg(test)]
mod tests;

pub use error::VipError;
pub use model::{VirtualMachine, VirtualMachineRequest};
pub use service::Vip;
pub use store::MIGRATIONS;
