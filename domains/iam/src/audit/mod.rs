//! The audit trail: every decision and every event, in one sequence that can
//! only grow, and that anyone who has an earlier checkpoint can verify.
//!
//! Decisions come in through an intake, in a transaction; events are in the
//! event log already. A sealer gives each its place: a line of JSON that names
//! the hash of the line before it and is a leaf of a Merkle tree (RFC 6962),
//! whose root is signed (C2SP tlog-checkpoint, signed-note). `docs/audit.md`
//! has the formats.

mod error;
mod export;
mod keyring;
mod line;
mod note;
mod proof;
mod record;
mod seal;
mod steps;
mod store;
mod trail;
mod tree;
mod verify;

#[cfg(test)]
mod tests;

pub use error::AuditError;
pub use export::Export;
pub use line::{Record, RecordKind};
pub use proof::{ConsistencyProof, InclusionProof};
pub use record::{AuditOutcome, NewAuditRecord};
pub use store::{AuditFilter, StoredCheckpoint};
pub use trail::{AuditKey, Listed, Trail, append};
pub use verify::{Earlier, Fault, FaultKind, Verified, verify};
