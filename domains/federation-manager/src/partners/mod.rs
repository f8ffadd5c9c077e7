//! Partners: invitation and acceptance, how we stand with each, what each may
//! see and do.

mod policy;
mod state;

pub use policy::{AcceptPolicy, Limits, OfferPolicy, PartnerPolicy, Rule};
pub use state::{PartnerEvent, PartnerState};
