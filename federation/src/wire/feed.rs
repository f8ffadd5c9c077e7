//! The feed of offers, in the manner of Linked Data Event Streams: numbered
//! items, full pages that never change again, tombstones, and a snapshot for
//! newcomers. And capacity, which changes too often to sign each offer anew.

use crate::{Did, SignedDocument, limits};
use chrono::{DateTime, Utc};
use hansa_ontology::OfferId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change of what a provider publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedItem {
    /// Its number, from 1, growing by 1.
    pub sequence: u64,
    /// What happened.
    pub kind: Change,
    /// The IRI of the provider, site or offer.
    pub subject: String,
    /// `put`: that one resource as text/turtle. `withdrawn`: a [`Tombstone`] as application/json.
    pub document: SignedDocument,
}

/// What happened to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new, or replaces what was said before.
    Put,
    /// It is no more.
    Withdrawn,
}

/// The signed content of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tombstone {
    /// The IRI of what is no more.
    pub withdrawn: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// `GET /federation/v1/offers?after=SEQ` and `…/offers/snapshot?after=SEQ`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedPage {
    /// The number that was asked after.
    pub after: u64,
    /// Ask after this next. As large as `head`: there is no more now.
    pub next: u64,
    /// The number of the newest item of the whole feed. In a snapshot: go on in
    /// the feed after the head of the snapshot's first page.
    pub head: u64,
    /// The page is full and will never change: it may be cached for ever.
    pub sealed: bool,
    /// The items, in order. A snapshot leaves out what was replaced or withdrawn.
    pub items: Vec<FeedItem>,
}

impl FeedPage {
    /// The number up to which a page reaches that begins after `after`: pages
    /// are cut at multiples of [`limits::FEED_PAGE_ITEMS`].
    #[must_use]
    pub const fn end_of(after: u64) -> u64 {
        (after / limits::FEED_PAGE_ITEMS).saturating_add(1).saturating_mul(limits::FEED_PAGE_ITEMS)
    }
}

/// `GET /federation/v1/capacity`: the content of a signed document. Units left for one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CapacityReport {
    /// Whose units.
    pub issuer: Did,
    /// For whom: units that others hold or rent are taken off, its own are not.
    pub partner: Did,
    /// When this was so.
    pub as_of: DateTime<Utc>,
    /// Units by offer. An offer that isn't named has none.
    pub units: BTreeMap<OfferId, u32>,
}
