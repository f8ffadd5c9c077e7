//! Multi-Cloud Orchestrator (ICRA): decides which machines to rent and which
//! component instance goes into which, and carries that decision out.
//!
//! [`planner`] is pure: model and offers in, [`model::Plan`] out, the same
//! answer for the same input. It knows no database and no clock. [`desired`]
//! and [`rollout`] are pure too: from plan to workloads, and from what is there
//! to what is wanted; [`beside`] is what two revisions at once are to each other. [`Mco`] gathers their inputs and does what they say.

pub mod beside;
pub mod desired;
mod error;
mod grid;
mod infrastructure;
pub mod model;
mod orders;
pub mod partner;
mod peers;
pub mod planner;
pub mod relocation;
pub mod rollout;
mod service;
mod store;

pub use error::{ErrorKind, McoError};
pub use grid::{ComingBySite, Grids, NoGrids};
pub use hansa_pim::{MaintenanceTarget, NewMaintenance};
pub use infrastructure::Infrastructure;
pub use partner::{NoPartners, Partner, PartnerError};
pub use service::{
    ApplicationRef, BesideLook, Departure, Fate, Hold, Mco, MovedVolumes, OfferIndexCache, Realised, Rooms, Uncopied,
    beside_ended, beside_serves,
};
pub use store::MIGRATIONS;
