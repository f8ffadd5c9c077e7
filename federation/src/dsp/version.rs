//! `GET /.well-known/dspace-version`.

use super::{BASE, VERSION};
use crate::Did;
use serde::{Deserialize, Serialize};

/// Which versions of the protocol a broker speaks, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionResponse {
    /// The versions.
    pub protocol_versions: Vec<ProtocolVersion>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtocolVersion {
    /// Its name.
    pub version: String,
    /// The path below the place of the well-known document's host.
    pub path: String,
    /// `HTTPS`.
    pub binding: String,
    /// What participants are called by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier_type: Option<String>,
    /// Who answers there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// How requests are authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<VersionAuth>,
}

/// How requests are authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionAuth {
    /// The protocol's name.
    pub protocol: String,
    /// Its version.
    pub version: String,
    /// Its profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<String>,
}

impl VersionResponse {
    /// What a broker of this code answers.
    #[must_use]
    pub fn of(did: &Did) -> Self {
        Self {
            protocol_versions: vec![ProtocolVersion {
                version: VERSION.to_owned(),
                path: BASE.to_owned(),
                binding: "HTTPS".to_owned(),
                identifier_type: Some("did:web".to_owned()),
                service_id: Some(did.to_string()),
                auth: Some(VersionAuth {
                    protocol: "HansaRequestToken".to_owned(),
                    version: "1".to_owned(),
                    profile: vec![crate::token::TYPE.to_owned()],
                }),
            }],
        }
    }
}
