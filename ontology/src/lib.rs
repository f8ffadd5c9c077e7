//! The words of Hansa, once: as Rust types, as an RDF vocabulary and as SHACL
//! shapes, and the graph in which people query offers.
//!
//! One word, one thing, in code, RDF, REST, CLI and portal alike. This crate
//! knows no database, no HTTP and no layer; it alone knows oxigraph and SHACL.

pub mod actor;
pub mod catalogue;
pub mod graph;
pub mod id;
pub mod money;
pub mod offer;
pub mod order;
pub mod place;
pub mod project;
pub mod provider;
pub mod quantity;
pub mod quota;
pub mod rdf;
pub mod reading;
pub mod resource_model;
pub mod site;
pub mod sla;
pub mod vocabulary;

pub use actor::Actor;
pub use catalogue::Catalogue;
pub use id::{AccountId, ApplicationId, MachineId, OfferId, OperationId, ProviderId, SiteId, WorkloadId};
pub use money::{Currency, Money};
pub use offer::{Offer, OfferKind};
pub use project::{OrganisationId, ProjectId, ProjectScope};
pub use provider::Provider;
pub use resource_model::ResourceModel;
pub use site::Site;
