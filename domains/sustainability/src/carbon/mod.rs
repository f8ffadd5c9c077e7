//! Carbon: operational by two methods that are never mixed, embodied, and the
//! software carbon intensity of ISO/IEC 21031, each with how it was computed.

mod account;
mod embodied;
mod footprint;
mod supply;

pub(crate) use embodied::share_machine;

pub use account::{Account, Inputs, Measured, Reservation, Step, account};
pub use footprint::{Footprint, Sci, sci};
pub use supply::{Supply, supply};
