//! Faults: what the event log tells that is wrong, each once, with its cause as
//! far as the log shows it, until it is over. All pure: from the same events
//! follow the same faults, with the same numbers.
//!
//! [`Desk`] takes events in their order. `reading` knows what each kind of
//! event means, `cause` which fault explains which.

mod cause;
mod desk;
mod model;
mod reading;
#[cfg(test)]
mod tests;

pub use desk::Desk;
pub(crate) use desk::{News, REOPENED_WITHIN};
pub use model::{Cause, Ended, Fault, FaultKind, FaultState, Note, Resolution, Severity, Sign};
pub(crate) use reading::{ACKNOWLEDGED, Around, CLOSED, Hand, instances, is_loss, matters, node_of};
