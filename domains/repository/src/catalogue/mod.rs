//! The catalogue: what providers sell and where, as it was imported, as the
//! program's own types in memory, and as a graph for people's queries.
//!
//! The database is the truth. Memory follows it by a generation number, so
//! several broker processes over one database see the same catalogue.
//!
//! A resource is our own or a partner's ([`partner`]); each source may change
//! and withdraw its own alone.

mod difference;
mod import;
mod model;
mod page;
pub mod partner;
mod partner_store;
mod references;
pub mod sale;
mod service;
mod store;
mod view;

pub use model::{
    Change, ChangeKind, Class, ImportReport, ImportRequest, OfferFilter, Origin, Outcome, SiteFilter, Snapshot, Source,
    Stored,
};
pub use page::{Page, PageRequest};
pub use service::CatalogueService;
