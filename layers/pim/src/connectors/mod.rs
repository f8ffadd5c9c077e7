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
    /// What these connectors give, in the plural, for messages.
    service: &'static str,
    sites: BTreeMap<SiteId, String>,
    known: BTreeMap<&'static str, Arc<C>>,
}

impl<C: ?Sized> SiteConnectors<C> {
    /// Sites with the name of their connector, and the connectors that there are.
    pub(crate) fn new(
        service: &'static str,
        sites: &BTreeMap<SiteId, String>,
        known: BTreeMap<&'static str, Arc<C>>,
    ) -> Result<Self, PimError> {
        let connectors = Self { service, sites: sites.clone(), known };
        for (site, name) in sites {
            connectors.named(site, name)?;
        }
        Ok(connectors)
    }

    /// The name of the connector that serves the site.
    pub(crate) fn name(&self, site: &SiteId) -> Result<&str, PimError> {
        let name = self.sites.get(site).map(String::as_str);
        name.ok_or_else(|| PimError::NoConnector { site: site.clone(), service: self.service })
    }

    /// The connector that serves the site.
    pub(crate) fn serving(&self, site: &SiteId) -> Option<&Arc<C>> {
        self.known.get(self.sites.get(site)?.as_str())
    }

    /// The connector of that name. It may be asked for a site that no longer
    /// names it: what it once made there it must be able to take away.
    pub(crate) fn named(&self, site: &SiteId, name: &str) -> Result<&Arc<C>, PimError> {
        self.known.get(name).ok_or_else(|| PimError::UnknownConnector {
            site: site.clone(),
            service: self.service,
            name: name.to_owned(),
            known: self.known.keys().copied().collect::<Vec<_>>().join(", "),
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
        let elsewhere = "urn:elsewhere:1".parse().unwrap();
        assert_eq!(connectors.name(&site()).unwrap(), "local");
        assert_eq!(connectors.serving(&site()).map(|one| **one), Some(1));
        assert!(connectors.serving(&elsewhere).is_none());
        assert_eq!(
            connectors.name(&elsewhere).unwrap_err().to_string(),
            "site urn:elsewhere:1 has no connector for servers; name one in the configuration of the site"
        );
        assert!(connectors.named(&elsewhere, "local").is_ok());
        let error = SiteConnectors::new("servers", &sites("ironic"), known()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "site urn:test:site:local names the connector `ironic` for servers; there is only: local"
        );
    }
}
