//! How many instances and machines there are: by hand, or by policies that are
//! asked once a round (`hansa-scaling` decides; here is what it is told, and
//! what becomes of its decisions).
//!
//! What policies want stands beside the revision, not in one of its own: a
//! model that is read has it in the place of `replicas` and `count`
//! ([`wanted::apply`]), and a plan in force that has another number is planned
//! anew ([`wanted::fits`]).

mod alerts;
mod answers;
mod carry;
mod decide;
mod fleet;
mod number;
mod own_series;
mod project;
mod readings;
mod room;
mod round;
mod sampler;
pub(crate) mod wanted;

pub use answers::Metrics;
pub use number::replicas_set;
pub use round::ScalingView;

pub(crate) use decide::Memory;
pub(crate) use own_series::Clocks;
pub(crate) use room::Rooms;
pub(crate) use round::SCALING_QUEUE;
pub(crate) use sampler::Sampler;
