//! Who runs infrastructure and sells it.

use crate::{id::ProviderId, place::Area};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A legal entity that runs infrastructure and sells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its IRI, in the manner of `did:web:provider.example`.
    pub id: ProviderId,
    /// Its name.
    pub name: String,
    /// The country whose law binds the legal entity.
    pub country: Area,
}
