//! Security (ICRA): who acts, what they may do, and the record of it.
//!
//! The only room that knows OpenID Connect and the policy engine. It knows no
//! HTTP server and no layer: `src` hands it what came and carries out what it answers.

pub mod audit;
pub mod model;

pub use audit::MIGRATIONS as AUDIT_MIGRATIONS;
pub use audit::{AuditOutcome, NewAuditRecord};
pub use model::{Action, Decision, Grant, GrantScope, Principal, Resource, Role, TokenLimits, Via};
