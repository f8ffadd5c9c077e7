//! What people call sites and providers.

use hansa_ontology::{ProviderId, SiteId};
use hansa_repository::catalogue::Snapshot;
use std::collections::BTreeMap;

/// Names of sites and providers, by their IRIs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    sites: BTreeMap<SiteId, String>,
    providers: BTreeMap<ProviderId, String>,
}

impl Names {
    /// As the catalogue has them.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let catalogue = &snapshot.catalogue;
        Self {
            sites: catalogue.sites.iter().map(|site| (site.id.clone(), site.name.clone())).collect(),
            providers: catalogue.providers.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
        }
    }

    /// A site's name; the end of its IRI where the catalogue has it no more.
    pub(crate) fn site(&self, id: &SiteId) -> String {
        self.sites.get(id).cloned().unwrap_or_else(|| id.short().to_owned())
    }

    /// Every site of the catalogue with its name.
    pub(crate) fn sites(&self) -> impl Iterator<Item = (&SiteId, &str)> {
        self.sites.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// A provider's name; the end of its IRI where the catalogue has it no more.
    pub(crate) fn provider(&self, id: &ProviderId) -> String {
        self.providers.get(id).cloned().unwrap_or_else(|| id.short().to_owned())
    }
}
