//! The real systems that give whole servers, behind one trait, and the rule
//! which of them serves a site.

mod host;
pub(crate) mod local;

pub use host::Host;

use crate::{
    error::PimError,
    model::{MachineRequest, NodeShare},
};
use async_trait::async_trait;
use hansa_ontology::{MachineId, SiteId};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// A system that gives whole servers.
#[async_trait]
pub trait ServerConnector: Send + Sync + Debug {
    /// Makes the server, or finds it: asking again is harmless.
    async fn server_ensure(&self, request: &MachineRequest) -> Result<NodeShare, PimError>;

    /// Takes the server away. Already gone is success.
    async fn server_release(&self, machine: MachineId) -> Result<(), PimError>;
}

/// Which connector serves which site: for this room and for those above it.
#[derive(Debug)]
pub struct SiteConnectors<C: ?Sized> {
    sites: BTreeMap<SiteId, String>,
    by_name: BTreeMap<&'static str, Arc<C>>,
}

impl<C: ?Sized> SiteConnectors<C> {
    /// Sites with the name of their connector, and the connectors that there
    /// are. `service` is what they give, in the plural, for messages.
    ///
    /// # Errors
    /// `UnknownConnector` when a site names one that does not exist.
    pub fn new(
        service: &'static str,
        sites: &BTreeMap<SiteId, String>,
        by_name: BTreeMap<&'static str, Arc<C>>,
    ) -> Result<Self, PimError> {
        for (site, name) in sites {
            if !by_name.contains_key(name.as_str()) {
                return Err(PimError::UnknownConnector {
                    site: site.clone(),
                    service,
                    name: name.clone(),
                    known: by_name.keys().copied().collect::<Vec<_>>().join(", "),
                });
            }
        }
        Ok(Self {
            sites: sites.clone(),
            by_name,
        })
    }

    /// The name of the connector that serves the site.
    #[must_use]
    pub fn name(&self, site: &SiteId) -> Option<&str> {
        self.sites.get(site).map(String::as_str)
    }

    /// The connector of that name. It may be asked for a site that no longer
    /// names it: what it once made there it must be able to take away.
    ///
    /// # Errors
    /// `UnknownConnector` when there is none of that name: a record of another version.
    pub fn named(
        &self,
        service: &'static str,
        site: &SiteId,
        name: &str,
    ) -> Result<&Arc<C>, PimError> {
        self.by_name
            .get(name)
            .ok_or_else(|| PimError::UnknownConnector {
                site: site.clone(),
                service,
                name: name.to_owned(),
                known: self.by_name.keys().copied().collect::<Vec<_>>().join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::site;

    #[test]
    fn a_site_names_a_connector_that_exists() {
        let known = || BTreeMap::from([("local", Arc::new(1))]);
        let sites = |name: &str| BTreeMap::from([(site(), name.to_owned())]);
        let connectors = SiteConnectors::new("servers", &sites("local"), known()).unwrap();
        assert_eq!(connectors.name(&site()), Some("local"));
        assert_eq!(connectors.name(&"urn:elsewhere:1".parse().unwrap()), None);
        assert!(connectors.named("servers", &site(), "ironic").is_err());
        let error = SiteConnectors::new("servers", &sites("ironic"), known()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "site urn:test:site:local names the connector `ironic` for servers; there is only: local"
        );
    }
}
