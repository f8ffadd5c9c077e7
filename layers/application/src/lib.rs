//! Describes an application: reads a tenant's descriptor (YAML 1.2 or JSON), or
//! a template of TOSCA, into a [`ResourceModel`](hansa_ontology::ResourceModel), and says everything
//! that is wrong with it at once, each fault with its line and column.
//!
//! This crate knows no database, no network and no broker: text in, model or
//! diagnostics out. The format itself is the types of
//! `hansa_ontology::resource_model`; what one type alone can't say (a link to a
//! component that doesn't exist) is checked here.

mod checks;
mod description;
mod descriptor;
mod diagnostic;
mod finding;
mod schema;
mod suggestion;
pub mod tosca;

pub use description::{NAMELESS, is_template, read_description};
pub use descriptor::{Described, MAX_BYTES, read_descriptor, read_descriptor_bytes, write_descriptor};
pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use schema::json_schema;
