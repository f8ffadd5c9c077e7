//! Partners: invitation and acceptance, how we stand with each, what each may
//! see and do.

mod model;
mod policy;
mod state;

pub use model::{FeedStanding, Partner};
pub use policy::{AcceptPolicy, Limits, OfferPolicy, PartnerPolicy, Rule};
pub use state::{PartnerEvent, PartnerState};
