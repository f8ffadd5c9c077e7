//! Who acts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who acts: a person, a service account, a workload, a partner, the broker itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum Actor {
    /// Whoever reaches the loopback interface of a broker without login.
    Local,
    /// The broker itself: reconciling, healing, expiring.
    Broker,
    /// A partner's broker, by its decentralised identifier (DID).
    Partner(String),
    /// A person, by the handle of its account, which is never given to another.
    Person(String),
    /// A service account, by its handle: `ci@acme`.
    ServiceAccount(String),
    /// An instance of an application, by its id.
    Workload(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Broker => f.write_str("broker"),
            Self::Partner(name) | Self::Person(name) | Self::ServiceAccount(name) | Self::Workload(name) => {
                f.write_str(name)
            }
        }
    }
}
