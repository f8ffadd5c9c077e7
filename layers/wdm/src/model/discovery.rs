//! What a workload shows when it looks up its peers. Who makes it, and how it is
//! checked, is known above this room.

use hansa_ontology::WorkloadId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Makes the tokens with which workloads look up their peers.
pub trait DiscoveryTokens: fmt::Debug + Send + Sync {
    /// The token of this workload: the same each time, also after a restart.
    fn token(&self, workload: WorkloadId) -> DiscoveryToken;
}

/// A token that no log and no error may show by accident. It is serialised for
/// the agent of the machine on which its workload runs, and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiscoveryToken(String);

impl DiscoveryToken {
    /// Takes the text that the workload sends.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the workload, and for nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DiscoveryToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscoveryToken(***)")
    }
}
