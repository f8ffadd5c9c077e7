//! Partners: invitation and acceptance, how we stand with each, what each may
//! see and do, and whether a message is one of theirs.

mod authenticate;
mod change;
mod event;
mod handshake;
mod invitation;
mod join;
mod keys;
mod memory;
mod model;
mod policy;
mod rate;
mod state;

pub use invitation::{GivenInvitation, NewInvitation};
pub use model::{FeedStanding, Partner};
pub use policy::{AcceptPolicy, Limits, OfferPolicy, PartnerPolicy, Rule};
pub use state::{PartnerEvent, PartnerState};

pub(crate) use change::{change, provider_check};
pub(crate) use event::{short, with_data};
pub(crate) use memory::Memory;
