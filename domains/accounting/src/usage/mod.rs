//! Metering: what was used, by whom, when and how much.
//!
//! ```text
//! the event log ─► bridge ─► Course
//! LifecycleEvent ─► meter          ─┐
//! Reading        ─► meter_readings ─┼─► UsageRecord ─► Usage (a join: order and repetition don't matter)
//! a partner's signed records       ─┘
//! ```

mod bridge;
mod counter;
mod course;
mod lifecycle;
mod record;
mod set;
#[cfg(test)]
mod tests;

pub use bridge::bridge;
pub use counter::{Reading, meter_readings};
pub use course::Course;
pub use lifecycle::{Change, ClockFault, Gap, GapReason, LifecycleEvent, Lifetime, Metered, Metering, Terms, meter};
pub use record::{Meter, PlanId, Resource, ResourceKind, Source, Standing, Subject, UsageRecord};
pub use set::{Overlap, Usage};
