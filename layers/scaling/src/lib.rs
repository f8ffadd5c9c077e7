//! How many there should be: scaling policies as pure functions.
//!
//! Nothing here has IO, a clock, randomness or a database. Time and
//! measurements are arguments, so that a recorded series replays to the same
//! decisions, byte for byte.
//!
//! [`check()`] tells what is wrong with a component's scaling when its
//! description is read; [`decide()`] is one round of it. [`micado`] holds
//! MiCADO's own policies, of containers and machines together. [`rule`] is the
//! sandbox in which rules of either run. [`replay`] runs a recorded series.

mod behavior;
mod check;
mod deadline;
mod decide;
mod decision;
mod exposition;
mod measure;
pub mod micado;
mod own_rule;
pub mod replay;
pub mod rule;
mod schedule;
mod state;
mod step;
mod target;
mod zero;

pub use check::{ScalingFault, check};
pub use decide::{Round, decide, sources};
pub use decision::{Decision, Input, Keeper, Reason, Suppressed, in_words};
pub use exposition::{LONGEST_PAGE, exposition_series, increase_per_second, read_exposition};
pub use measure::{Fleet, Instance, Measured, Phase, Reading, Readings, age};
pub use state::{Change, Recommended, ScalingState};
