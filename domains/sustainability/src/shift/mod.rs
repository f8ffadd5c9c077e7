//! When and where deferrable work runs, so that it emits or costs less.
//!
//! [`schedule`] decides by what is known now, in hours of UTC, and is never worse
//! than running at once at home by that knowledge: every job begins with that
//! placement, and leaves it only for a better one. [`replay()`] decides so hour by
//! hour over recorded series, and holds the result against the best with hindsight.
//! [`begin()`] finds for one job in one piece the best moment, as a running broker
//! needs it.

mod begin;
mod best;
mod cost;
mod job;
mod outlook;
mod replay;
mod room;
mod schedule;
#[cfg(test)]
mod tests;

pub use begin::{Begin, Course, Piece, Start, begin};
pub use cost::{Cost, Objective};
pub use job::{Interruption, Job, Placement};
pub use outlook::{Hour, Outlook, Site};
pub use replay::{Done, Replay, Settings, World, replay};
pub use schedule::{Chosen, Plan, Reason, Rules, schedule};
