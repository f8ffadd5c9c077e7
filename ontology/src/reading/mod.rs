//! Reading documents that others wrote: parse, split by resource, validate
//! each resource alone against its SHACL shape, convert. What is refused does
//! not hinder what is good.

mod document;
mod error;
mod limits;
mod parts;
mod portion;
mod reader;
mod resource;
mod shapes;

pub use error::{ErrorKind, ReadError};
pub use limits::ReadLimits;
pub use reader::Reader;

use crate::{catalogue::Catalogue, rdf::RdfFormat};
use document::Document;
use oxigraph::model::NamedOrBlankNode;
use portion::Portion;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// What a document held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// What passed its shape and was understood.
    pub accepted: Catalogue,
    /// What did not, with the reasons.
    pub refused: Vec<RefusedResource>,
    /// For each accepted resource, by IRI, all that the document says about
    /// it as sorted N-Triples: also properties that Hansa has no word for.
    pub sources: BTreeMap<String, String>,
}

/// A resource that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedResource {
    /// Its IRI, or its label if it is a blank node.
    pub subject: String,
    /// What it says it is, shortened where the prefix is known: `hansa:VirtualMachineOffer`.
    pub class: String,
    /// Why it was refused: at least one reason.
    pub violations: Vec<Violation>,
}

/// One reason for refusing a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The path to the field from the resource: `hansa:pricePlan / schema:price`. Empty for the resource itself.
    pub field: String,
    /// The value that is wrong, if there is one.
    pub value: Option<String>,
    /// What is wrong and what would be right, in plain words.
    pub message: String,
    /// The shape that says so: `hansa:PricePlanShape`.
    pub shape: String,
}

/// Reads a document within the default limits.
///
/// # Errors
/// When the bytes are no document of this format, or exceed the limits. What
/// is wrong with single resources is not an error but in [`Reading::refused`].
pub fn read(bytes: &[u8], format: RdfFormat) -> Result<Reading, ReadError> {
    read_within(bytes, format, &ReadLimits::default())
}

/// Reads a document within limits of the caller's choice.
///
/// # Errors
/// As [`read`].
pub fn read_within(bytes: &[u8], format: RdfFormat, limits: &ReadLimits) -> Result<Reading, ReadError> {
    limits.check_bytes(bytes.len())?;
    let document = Document::parse(bytes, format, limits)?;
    let Portion { mut reading, understood } = portion::read_all(&document, limits)?;
    reading.refused.extend(unknown_subjects(&document, &understood));
    Ok(reading)
}

/// What nothing accounts for, said rather than dropped. A blank node that
/// hangs on another subject is told of with that one.
fn unknown_subjects(document: &Document, understood: &HashSet<NamedOrBlankNode>) -> Vec<RefusedResource> {
    let parts = document.referenced_blank_nodes();
    document
        .subjects()
        .filter(|subject| !understood.contains(*subject) && !parts.contains(*subject))
        .map(|subject| resource::refused(document, subject, vec![resource::unknown(document, subject)]))
        .collect()
}
