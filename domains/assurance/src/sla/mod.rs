//! Service level agreements of rented machines: what was promised of each, held
//! against what the event log tells of its life.
//!
//! ```text
//! events ─► Course (one rental) ─► Standing (one objective, one window) ─► Breach
//! ```
//!
//! All pure: whole seconds in, values out. docs/sla.md has the rules.

mod announcement;
mod course;
mod judge;
mod measure;
mod report;
#[cfg(test)]
mod report_tests;
mod stretch;
#[cfg(test)]
mod tests;

pub use announcement::Announcement;
pub use course::{Change, Course, Down, Told};
pub use judge::Terms;
pub use measure::{Measured, Standing};
pub use report::{Agreement, Reported};
pub(crate) use stretch::merged;
pub use stretch::{Stretch, covered};
