//! Reads TOSCA: Simple Profile in YAML 1.0 to 1.3, and TOSCA 2.0; and makes a
//! resource model of what it describes.
//!
//! `grammar` has the fields of each definition, `types` what types are with
//! all that they inherit, `value` whether a value fits, `functions` what
//! becomes of calls, `import` how files come together, `csar` packages,
//! `template` the template itself, `convert` what becomes of it here. Nothing
//! here does IO: whoever calls says how files are had ([`Files`], [`Fetch`]).

pub mod convert;
mod csar;
mod functions;
mod grammar;
mod import;
mod reader;
mod report;
mod source;
mod template;
mod tree;
mod types;
mod value;
mod version;
mod view;
mod world;

pub use reader::{Outcome, ServiceTemplate, read};
pub use source::{Fetch, Files, Inputs, Missing, NoFiles, Offline, Source};
pub use version::Version;
pub use view::{NodeView, PolicyView, RequirementView, TemplateView};
