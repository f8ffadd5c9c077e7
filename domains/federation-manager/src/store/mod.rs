//! This room's tables. The only module here that knows diesel.

pub(crate) mod feed;
pub(crate) mod invitations;
pub(crate) mod partners;
pub(crate) mod received;
pub(crate) mod tokens;

use hansa_repository::Migrations;

/// This room's migrations: 0800NN partners and exchange, 0801NN contracts and orders.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));
