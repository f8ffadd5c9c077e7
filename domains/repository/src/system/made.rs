//! Clusters that a system has made for one machine each: how they are named
//! where systems are named, and who opens them.

use super::{SystemConnection, SystemError};
use async_trait::async_trait;
use std::fmt::{self, Debug};

/// What stands between the system and the cluster; no system's name has it.
const BETWEEN: char = '/';

/// A cluster that a system made. Written `SYSTEM/CLUSTER`, where a system's name is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeCluster {
    /// The system that made it, by its name in this broker.
    pub maker: String,
    /// Its name there.
    pub name: String,
}

impl MadeCluster {
    /// Reads `SYSTEM/CLUSTER`; None where it is the name of a system.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (maker, name) = text.split_once(BETWEEN)?;
        Some(Self { maker: maker.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for MadeCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{BETWEEN}{}", self.maker, self.name)
    }
}

/// What a maker says when somebody wants to enter one of its clusters.
#[derive(Debug, Clone)]
pub enum ClusterDoor {
    /// It can be spoken to: as a system of the kind `kubernetes`.
    Open(Box<SystemConnection>),
    /// There is nothing in which anything could run: it is gone, or going, or
    /// has never been there yet. Why, for people.
    Nothing(String),
}

/// Opens the clusters that systems have made.
#[async_trait]
pub trait ClusterDoors: Send + Sync + Debug {
    /// How a cluster is spoken to now. Its secret is asked of its maker each
    /// time, and kept nowhere.
    ///
    /// # Errors
    /// What the maker says when it can't be asked.
    async fn cluster_open(&self, cluster: &MadeCluster) -> Result<ClusterDoor, SystemError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_cluster_is_no_system() {
        let made = MadeCluster { maker: "capi".to_owned(), name: "hansa-1".to_owned() };
        assert_eq!(made.to_string(), "capi/hansa-1");
        assert_eq!(MadeCluster::read("capi/hansa-1"), Some(made));
        assert_eq!(MadeCluster::read("capi"), None);
    }
}
