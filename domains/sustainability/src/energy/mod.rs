//! Energy: of meters where there are some, of a model elsewhere, split among
//! what shares a host.
//!
//! Everything is in cells of one UTC hour, which daylight saving and leap days
//! don't touch. A host's energy is what its meter shows, before PUE.

mod coefficient;
mod csv;
mod meter;
mod model;
mod split;

pub use coefficient::{Coefficients, Embodied, Named, Processor};
pub use csv::Loaded;
pub use meter::{Cell, Counter, CounterReading, Gap, GapReason, Metered, PowerSample, of_counter, of_power};
pub use model::{Activity, Modelled, Part, Storage};
pub(crate) use split::share_out;
pub use split::{Claim, Portion, Split, split};

/// Seconds of one cell.
pub const HOUR: i64 = 3_600;

/// The begin of the hour in which a moment lies, in seconds since 1970.
#[must_use]
pub const fn hour_of(seconds: i64) -> i64 {
    seconds.div_euclid(HOUR) * HOUR
}
