//! Negotiations and agreements, as consumer and as provider.
//!
//! A negotiation goes by the Dataspace Protocol 2025-1. A message of ours is
//! written down before it is sent, and its effect is committed when the partner
//! acknowledges it, or when the partner's next message or its state proves that
//! it came. After FINALIZED both sides sign the same bytes; then orders go
//! under the agreement until it is retired, breached or expired.

mod conformance;
mod decide;
mod lifecycle;
mod model;
mod paper;
mod receive;
mod send;
mod sign;
mod terms;
mod work;

pub use conformance::{CONFORMANCE_DID, ConformanceTrigger};
pub use decide::{Decision, Opinion, decide};
pub use model::{Agreement, AgreementChange, AgreementState, Clauses, Negotiation, Untold};

pub(crate) use conformance::SUITE_DATASET;
pub(crate) use lifecycle::{agreement_disowned, agreement_usable, agreements_expire, agreements_tell};
pub(crate) use work::{negotiation_begin, negotiation_work};
