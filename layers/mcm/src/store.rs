//! The places in container clusters that this room made. The only module here that knows diesel.

use hansa_repository::Migrations;

/// This room's migrations.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));

hansa_pim::machine_table! {
    /// The places in container clusters that were made.
    pub(crate) PlacementTable, mcm_placement, one = "place in a container cluster", many = "places in container clusters"
}
