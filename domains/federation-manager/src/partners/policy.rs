//! What a partner sees of ours, what we take from it, and how much of each.

use hansa_ontology::{Money, Offer, OfferId, OfferKind, Site, SiteId, place::Area};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The policy for one partner. The default: all of ours is offered, all of
/// theirs is taken, without limits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PartnerPolicy {
    /// What of ours it sees and may order.
    pub offered: OfferPolicy,
    /// What of its own we take into the catalogue and plan with.
    pub accepted: AcceptPolicy,
}

/// What of ours a partner sees and may order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OfferPolicy {
    /// By offer.
    pub offers: Rule<OfferId>,
    /// By site.
    pub sites: Rule<SiteId>,
    /// By kind.
    pub kinds: Rule<OfferKind>,
    /// How much it may have of ours at one time.
    pub limits: Limits,
}

/// What of a partner's offers we take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AcceptPolicy {
    /// By kind.
    pub kinds: Rule<OfferKind>,
    /// By law: each jurisdiction of the offer's site has to pass.
    pub jurisdictions: Rule<Area>,
    /// How much we may have of theirs at one time.
    pub limits: Limits,
}

/// Allows and denies. What is denied is denied; if anything is allowed by name, only that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rule<T: Ord> {
    /// Only these. Empty: all.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<T>,
    /// Never these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub deny: BTreeSet<T>,
}

/// How much may be had at one time. None: no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Living orders.
    pub orders: Option<u32>,
    /// Units held or rented of any one offer.
    pub units: Option<u32>,
    /// Price of all living orders together for one hour.
    pub price_per_hour: Option<Money>,
}

impl<T: Ord> Default for Rule<T> {
    fn default() -> Self {
        Self { allow: BTreeSet::new(), deny: BTreeSet::new() }
    }
}

impl<T: Ord> Rule<T> {
    /// Whether it lets this through.
    #[must_use]
    pub fn passes(&self, value: &T) -> bool {
        !self.deny.contains(value) && (self.allow.is_empty() || self.allow.contains(value))
    }
}

impl OfferPolicy {
    /// Whether the partner sees this offer of ours, and may order it.
    #[must_use]
    pub fn shows(&self, offer: &Offer) -> bool {
        self.offers.passes(&offer.id) && self.sites.passes(&offer.site) && self.kinds.passes(&offer.kind)
    }
}

impl AcceptPolicy {
    /// Why we don't take this offer at that site; None: we do.
    #[must_use]
    pub fn refusal(&self, offer: &Offer, site: Option<&Site>) -> Option<String> {
        if !self.kinds.passes(&offer.kind) {
            return Some(format!("our policy for this partner takes no offers of the kind {}", offer.kind));
        }
        let denied = site?.jurisdictions.iter().find(|area| !self.jurisdictions.passes(area))?;
        Some(format!("our policy for this partner takes nothing under the jurisdiction {denied}"))
    }
}
