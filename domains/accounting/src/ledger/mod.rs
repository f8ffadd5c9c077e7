//! The ledger: double entry, so that debits always equal credits.
//!
//! ```text
//! Charge     debit unbilled     credit revenue
//! Invoice    debit receivable   credit unbilled, tax; the difference to whole coins to rounding
//! Settlement debit cost         credit revenue; the difference to settled
//! ```

mod book;
mod booking;
mod entry;
#[cfg(test)]
mod tests;

pub use book::{Closing, Ledger, TrialBalance, Wanted};
pub use booking::{charges_group, wanted_for_charges, wanted_for_invoice, wanted_for_statement};
pub use entry::{Balance, Entry, LedgerAccount, Posting};
