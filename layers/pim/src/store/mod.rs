//! This room's tables: nodes, shares of them, servers. The only module here
//! that knows diesel.

mod green;
mod machine_table;
mod maintenance;
mod nodes;
mod shares;

pub(crate) use green::{green_delete, green_list, green_put, rest_get, rest_list, rest_put};
pub(crate) use maintenance::{
    maintenance_delete, maintenance_get, maintenance_insert, maintenance_list, maintenance_update,
};
pub(crate) use nodes::{
    Look, host_sync, hosts_unreachable, machines_given_up, node_delete, node_insert, node_is_left, node_list, node_of,
    node_register, node_write,
};
pub(crate) use shares::{StoredShare, share_delete, share_find, share_insert, share_list, share_machines};

use hansa_repository::Migrations;

/// This room's migrations.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));

crate::machine_table! {
    /// The servers that were made.
    pub(crate) ServerTable, pim_server, one = "server", many = "bare metal servers"
}

mod schema {
    diesel::table! {
        pim_node (name) {
            name -> Text,
            site -> Text,
            address -> Text,
            cpu_milli -> BigInt,
            memory_mib -> BigInt,
            disk_mib -> BigInt,
            gpus -> BigInt,
            capabilities -> Text,
            withdrawn -> Bool,
            origin -> Text,
            version -> BigInt,
            system -> Nullable<Text>,
            host -> Nullable<Text>,
            down -> Nullable<Text>,
        }
    }
    diesel::table! {
        pim_maintenance (id) {
            id -> Text,
            target -> Text,
            reason -> Text,
            deadline -> Nullable<Timestamp>,
            leave_volumes -> Bool,
            machines -> BigInt,
            begun_at -> Timestamp,
            begun_by -> Text,
            drained_at -> Nullable<Timestamp>,
            overdue_told -> Bool,
            version -> BigInt,
        }
    }
    diesel::table! {
        pim_green (target) {
            target -> Text,
            idle_seconds -> BigInt,
            reserve -> BigInt,
            wake_seconds -> BigInt,
            set_at -> Timestamp,
            set_by -> Text,
            version -> BigInt,
        }
    }
    diesel::table! {
        pim_rest (node) {
            node -> Text,
            rest -> Text,
        }
    }
    diesel::table! {
        pim_share (machine) {
            machine -> Text,
            node -> Text,
            site -> Text,
            cpu_milli -> BigInt,
            memory_mib -> BigInt,
            disk_mib -> BigInt,
            gpus -> BigInt,
            capabilities -> Text,
            whole_node -> Bool,
            created_at -> Timestamp,
            system -> Nullable<Text>,
        }
    }
}

/// A count as a column. More than a column holds is as good as endless.
fn column(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// A stored count.
fn amount(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}
