//! The virtual machines that this room made. The only module here that knows diesel.

use hansa_repository::Migrations;

/// This room's migrations.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));

hansa_pim::machine_table! {
    /// The virtual machines that were made.
    pub(crate) VirtualMachineTable, vip_machine, one = "virtual machine", many = "virtual machines"
}
