//! Rating and charging: what use costs, in whole micro-units.
//!
//! ```text
//! Usage ─► rate(Account, BillingMonth, PriceList) ─► Charge, by day, thing, kind and price
//! ```

mod account;
mod amounts;
mod calendar;
mod charge;
mod credit;
mod exchange;
mod metered;
mod plan;
mod rating;
mod reserve;
pub mod round;
mod tax;
#[cfg(test)]
mod tests;

pub use account::{Account, Discount, PriceList, Reservation};
pub use calendar::{BillingDay, BillingMonth, Zone};
pub use charge::{Charge, ChargeKind, Credited, Discounted, evidence};
pub(crate) use credit::ends as breach_ends;
pub use credit::{Credits, credits};
pub use exchange::{ExchangeRates, NANOS_PER_UNIT};
pub use plan::{Price, PricePlan, Rate, Tier, Unit};
pub use rating::rate;
pub use tax::{Tax, TaxCategory, TaxParties, TaxTable};
