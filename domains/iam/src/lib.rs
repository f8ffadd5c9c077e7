//! Security (ICRA): who acts, what they may do, and the record of it.
//!
//! The only room that knows OpenID Connect and the policy engine. It knows no
//! HTTP server and no layer: `src` hands it what came and carries out what it answers.

pub mod account;
pub mod audit;
pub mod claims;
pub mod credential;
pub mod dev;
mod error;
mod machine;
pub mod member;
pub mod model;
pub mod oidc;
pub mod options;
pub mod organisation;
pub mod policy;
pub mod project;
pub mod quota;
mod secret;
mod service;
pub mod session;
mod store;
#[doc(hidden)]
pub mod testing;
pub mod token;
mod workload;

pub use audit::{AuditError, AuditOutcome, NewAuditRecord, Trail};
pub use credential::{
    Credential, CredentialError, Credentials, ErrorKind as CredentialErrorKind, MIGRATIONS as CREDENTIAL_MIGRATIONS,
    SealingKey,
};
pub use error::{ErrorKind, IamError};
pub use machine::MachineTokens;
pub use member::{LeftService, Member, Place, Removal};
pub use model::{Action, Decision, Grant, GrantScope, Principal, Resource, Role, TokenLimits, Via};
pub use options::{IamOptions, IssuerOptions};
pub use organisation::Organisation;
pub use policy::PartnerScope;
pub use project::Project;
pub use quota::HeldQuota;
pub use secret::Secret;
pub use service::{Iam, IssuerView, Living, LoginAnswer, LoginStart, Rooms};
pub use store::MIGRATIONS;
pub use workload::WorkloadTokens;
