//! Metering: what was used, by whom, when and how much.
//!
//! ```text
//! LifecycleEvent ─► meter          ─┐
//! Reading        ─► meter_readings ─┼─► UsageRecord ─► Usage (a join: order and repetition don't matter)
//! a partner's signed records       ─┘
//! ```

mod counter;
mod lifecycle;
mod record;
mod set;
#[cfg(test)]
mod tests;

pub use counter::{Reading, meter_readings};
pub use lifecycle::{Change, ClockFault, Gap, GapReason, LifecycleEvent, Lifetime, Metered, Metering, Terms, meter};
pub use record::{Meter, PlanId, Resource, ResourceKind, Source, Standing, Subject, UsageRecord};
pub use set::{Overlap, Usage};
