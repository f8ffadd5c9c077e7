//! This room's tables: workloads, port numbers, volumes and their copies. The only module here
//! that knows diesel.

mod copies;
mod ports;
mod volumes;
mod workloads;

pub(crate) use copies::{CopyRow, copy_delete, copy_find, copy_list, copy_put};
pub(crate) use ports::{PortTable, port_delete, port_holder, port_insert, port_list, port_table, protocol_name};
pub(crate) use volumes::{VolumeRow, volume_delete, volume_insert, volume_list, volume_void_set};
pub(crate) use workloads::{
    workload_delete, workload_find, workload_ids, workload_insert, workload_list, workload_update,
};

use hansa_repository::Migrations;

/// This room's migrations.
pub const MIGRATIONS: Migrations = Migrations::portable(diesel_migrations::embed_migrations!("migrations"));

mod schema {
    diesel::table! {
        wdm_workload (id) {
            id -> Text,
            application -> Text,
            component -> Text,
            ordinal -> BigInt,
            state -> Text,
            spec -> Text,
            progress -> Text,
            created_at -> Timestamp,
        }
    }
    diesel::table! {
        wdm_port (workload, name) {
            workload -> Text,
            name -> Text,
            address -> Text,
            protocol -> Text,
            number -> Integer,
            public -> Bool,
        }
    }
    diesel::table! {
        wdm_volume (application, component, ordinal, directory) {
            application -> Text,
            component -> Text,
            ordinal -> BigInt,
            directory -> Text,
            system -> Text,
            void -> Bool,
        }
    }
    diesel::table! {
        wdm_copy (application, component, ordinal) {
            application -> Text,
            component -> Text,
            ordinal -> BigInt,
            source -> Text,
            asked_at -> Timestamp,
            attempt -> BigInt,
            failed -> Nullable<Text>,
            copied -> Bool,
        }
    }
}
