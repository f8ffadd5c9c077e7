//! The exchange of offers: our own published in a feed, partners' pulled,
//! verified and taken into the catalogue; how many units are left, both ways.
//!
//! Everything is pulled. A partner that pulls sees what is true, however many
//! messages were lost; a hint only makes it come sooner.

mod capacity;
mod hint;
mod judge;
mod lookup;
mod publish;
mod pull;
mod quarantine;
mod round;
mod serve;
mod standing;
mod take;
mod worker;

pub use capacity::ReceivedCapacity;
pub use pull::PullReport;
pub use quarantine::{QuarantineView, Quarantined};
pub use serve::CatalogPage;
pub use standing::{Freshness, PartnerStanding};

pub(crate) use hint::Memory;
pub(crate) use worker::{PULL_QUEUE, run};
