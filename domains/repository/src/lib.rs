//! Management, catalogue and repository (ICRA): the database with its
//! migrations, the event log, the work queue, operations, idempotency keys and
//! the catalogue of providers, sites and offers.
//!
//! Outside this crate only a room's own `store` module knows diesel.

pub mod ambient;
