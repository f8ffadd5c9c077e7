//! Accounting (ICRA): metering, rating, charging, ledger, invoices, settlement.
//!
//! The rules are pure: values go in, values come out. Time is an argument,
//! amounts are whole micro-units, and the same input gives the same bytes.
//! `service` follows the event log and keeps what they need and what comes out
//! in the database. Knows no network and no layer.

pub mod budget;
pub mod compare;
mod error;
pub mod focus;
pub mod forecast;
mod interval;
pub mod invoice;
pub mod ledger;
pub mod price;
pub mod service;
pub mod settle;
mod store;
#[cfg(test)]
mod testing;
pub mod usage;

pub use error::AccountingError;
pub use interval::{Interval, RESOLUTION};
pub use store::MIGRATIONS;

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text can't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
