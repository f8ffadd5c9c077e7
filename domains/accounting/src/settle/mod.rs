//! Settlement: what brokers owe each other for a period, netted.
//!
//! A statement is between two brokers and one currency. It names every charge
//! on both sides with the usage it rests on, and every accepted claim, so that
//! whoever holds its bytes can compute it again without asking anybody. Both
//! sign the same bytes.

mod charge;
mod claim;
mod credit;
mod net;
mod statement;
#[cfg(test)]
mod tests;

pub use charge::{LeftOut, SettledCharge, usage_digest};
pub use claim::{Claim, SettledClaim, Stretch};
pub use credit::{Credit, CreditCap};
pub use net::{Payment, net};
pub use statement::{Content, Difference, Statement};
