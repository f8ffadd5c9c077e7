//! Multi-Cloud Orchestrator (ICRA): decides which machines to rent and which
//! component instance goes into which, and carries that decision out.
//!
//! [`planner`] is pure: model and offers in, [`model::Plan`] out, the same
//! answer for the same input. It knows no database and no clock.

pub mod model;
pub mod planner;
