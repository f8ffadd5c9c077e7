//! Problem details (RFC 9457): how every error of the API looks.

use super::Conflict;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// What kind of problem: a URI, which `/problems` documents.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The kind in a few words, always the same for a type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and the remedy.
    #[serde(default)]
    pub detail: String,
    /// This occurrence: `urn:uuid:` and the request's id, which the log has too.
    #[serde(default)]
    pub instance: String,
    /// The faults of the body, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Where no plan satisfies a model: constraints that can't hold together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// Where the sender may not do it: the permission that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

/// One fault in a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fault {
    /// Where in the document, as a JSON Pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
