//! The Dataspace Protocol 2025-1: catalogue and contract negotiation, over
//! HTTPS. Messages are JSON-LD in the compacted form that the specification's
//! contexts give, which is also plain JSON that its schemas check; so nothing
//! here expands JSON-LD, and no context is ever fetched.

pub mod catalogue;
mod message;
pub mod negotiation;
mod policy;
mod schema;
mod terms;
mod version;

pub use message::{
    CatalogError, CatalogRequestMessage, Context, ContractAgreementMessage, ContractAgreementVerificationMessage,
    ContractNegotiation, ContractNegotiationError, ContractNegotiationEventMessage,
    ContractNegotiationTerminationMessage, ContractOfferMessage, ContractRequestMessage, DatasetRequestMessage,
    EventType, NegotiationMessage,
};
pub use policy::{Policy, PolicyKind};
pub use schema::{MessageKind, validate};
pub use terms::policy;
pub use version::{ProtocolVersion, VersionAuth, VersionResponse};

/// The path below the broker's base URL.
pub const BASE: &str = "/dsp/2025-1";
/// The version's name.
pub const VERSION: &str = "2025-1";
/// The context that every message has.
pub const CONTEXT: &str = "https://w3id.org/dspace/2025/1/context.jsonld";
