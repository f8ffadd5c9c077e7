//! A set of documents as providers exchange them: who sells, where, and what.

use crate::{offer::Offer, provider::Provider, site::Site};
use serde::{Deserialize, Serialize};

/// Providers, their sites and their offers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Catalogue {
    /// Who sells.
    pub providers: Vec<Provider>,
    /// Where.
    pub sites: Vec<Site>,
    /// What.
    pub offers: Vec<Offer>,
}

impl Catalogue {
    /// How many documents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.providers.len() + self.sites.len() + self.offers.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
