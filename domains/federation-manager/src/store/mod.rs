//! This room's tables. The only module here that knows diesel.

pub(crate) mod claims;
pub(crate) mod contracts;
pub(crate) mod feed;
pub(crate) mod invitations;
pub(crate) mod orders;
pub(crate) mod partners;
pub(crate) mod received;
pub(crate) mod settlements;
pub(crate) mod tokens;
pub(crate) mod usage;

use hansa_repository::Migrations;

/// This room's migrations: 0800NN partners and exchange, 0801NN contracts, orders and settlement.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));
