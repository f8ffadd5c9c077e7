//! What partners read of ours: how we stand, the feed, a snapshot of it, units
//! left, and the same as a catalogue of the Dataspace Protocol. Each sees what
//! its policy shows.

use crate::{
    FederationError, FederationManager, Peer,
    contracts::SUITE_DATASET,
    partners::{OfferPolicy, Partner, PartnerPolicy, PartnerState},
    store::{self, feed::Item},
};
use hansa_federation::{
    SignedDocument,
    dsp::catalogue::{self as dsp, Catalog, Dataset},
    json as strict, limits,
    wire::{CapacityReport, Change, FeedItem, FeedPage, PeerStatus},
};
use hansa_ontology::{Offer, OfferId, Site};
use hansa_repository::catalogue::Snapshot;
use std::sync::Arc;

/// The most bytes of documents in one page; the envelope comes on top of that.
const PAGE_BYTES: usize = limits::FEED_PAGE_BYTES / 4 * 3;
/// Items of one page of a snapshot, and datasets of one page of a catalogue.
const PAGE_ITEMS: i64 = 100;

/// One page of our catalogue in the words of the Dataspace Protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogPage {
    /// The page.
    pub catalog: Catalog,
    /// Where the next one begins; None: this was the last.
    pub next: Option<u64>,
}

impl FederationManager {
    /// How the caller stands with us: `GET /federation/v1/status`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn peer_status(&self, peer: &Peer) -> Result<PeerStatus, FederationError> {
        let did = peer.did.clone();
        let (partner, head) = self
            .database()
            .read(move |connection| -> Result<_, FederationError> {
                Ok((store::partners::get(connection, &did)?, store::feed::head(connection)?))
            })
            .await?;
        Ok(PeerStatus {
            did: self.did().clone(),
            state: partner.state.into(),
            feed_head: unsigned(head),
            feed_view: self.view(&partner)?,
            time: self.now(),
        })
    }

    /// A page of the feed: `GET /federation/v1/offers?after=SEQ`.
    ///
    /// # Errors
    /// `Forbidden` for a partner that isn't active or suspended.
    pub async fn feed_page(&self, peer: &Peer, after: u64) -> Result<FeedPage, FederationError> {
        readable(peer)?;
        let did = peer.did.clone();
        self.database()
            .read(move |connection| {
                let partner = store::partners::get(connection, &did)?;
                let head = store::feed::head(connection)?;
                let end = signed(FeedPage::end_of(after));
                let items = store::feed::range(connection, signed(after), end.min(head))?;
                let (items, cut) = within_bytes(items);
                // What a page didn't reach because of its size comes with the next.
                let next = cut.unwrap_or_else(|| end.min(head).max(signed(after)));
                let items = items.into_iter().filter(|item| shown(&partner.policy.offered, item)).map(wire_item);
                Ok(FeedPage {
                    after,
                    next: unsigned(next),
                    head: unsigned(head),
                    sealed: head >= end,
                    items: items.collect(),
                })
            })
            .await
    }

    /// A page of what stands: `GET /federation/v1/offers/snapshot?after=SEQ`.
    ///
    /// # Errors
    /// As [`FederationManager::feed_page`].
    pub async fn feed_snapshot(&self, peer: &Peer, after: u64) -> Result<FeedPage, FederationError> {
        readable(peer)?;
        let did = peer.did.clone();
        self.database()
            .read(move |connection| {
                let partner = store::partners::get(connection, &did)?;
                let head = store::feed::head(connection)?;
                let items = store::feed::live(connection, signed(after), PAGE_ITEMS)?;
                let full = i64::try_from(items.len()).unwrap_or(PAGE_ITEMS) == PAGE_ITEMS;
                let (items, cut) = within_bytes(items);
                let last = items.last().map(|item| item.sequence).filter(|_| full);
                let next = cut.or(last).unwrap_or(head.max(signed(after)));
                let items = items.into_iter().filter(|item| shown(&partner.policy.offered, item)).map(wire_item);
                let items = items.collect();
                Ok(FeedPage { after, next: unsigned(next), head: unsigned(head), sealed: false, items })
            })
            .await
    }

    /// Units left for the caller: `GET /federation/v1/capacity`.
    ///
    /// # Errors
    /// As [`FederationManager::feed_page`]; `Unavailable` while the broker starts.
    pub async fn capacity_report(&self, peer: &Peer) -> Result<SignedDocument, FederationError> {
        readable(peer)?;
        let partner = self.partner_get(&peer.did).await?;
        let as_of = self.now();
        let available = self
            .fulfilment()?
            .available_units(&peer.did)
            .await
            .map_err(|error| FederationError::Unavailable(format!("units left can't be counted now: {error}")))?;
        let snapshot = self.catalogue().snapshot().await?;
        let most = partner.policy.offered.limits.units.unwrap_or(u32::MAX);
        let units = self
            .own_offers(&snapshot)
            .filter(|offer| partner.policy.offered.shows(offer))
            .map(|offer| (offer.id.clone(), available.get(&offer.id).copied().unwrap_or_default().min(most)))
            .collect();
        let report = CapacityReport { issuer: self.did().clone(), partner: partner.keys.did.clone(), as_of, units };
        self.sign_json(&report).await
    }

    /// Our offers as a page of a dcat:Catalog: `POST {dsp}/catalog/request`.
    ///
    /// # Errors
    /// As [`FederationManager::feed_page`].
    pub async fn dsp_catalog(&self, peer: &Peer, after: u64) -> Result<CatalogPage, FederationError> {
        readable(peer)?;
        let policy = self.policy_of(peer).await?.offered;
        let (mut dataset, mut after) = (Vec::new(), signed(after));
        let snapshot = self.catalogue().snapshot().await?;
        let next = loop {
            let items =
                self.database().read(move |connection| store::feed::live(connection, after, PAGE_ITEMS)).await?;
            let Some(last) = items.last().map(|item| item.sequence) else { break None };
            after = last;
            let offers = items.iter().filter(|item| item.class == "offer" && shown(&policy, item));
            for item in offers {
                dataset.extend(self.dataset_of(item, &snapshot)?);
            }
            if dataset.len() >= usize::try_from(PAGE_ITEMS).unwrap_or(100) {
                break Some(unsigned(last));
            }
        };
        dataset.extend(self.suite_dataset(peer, dataset.first()));
        let catalog = dsp::catalog(self.did(), &self.options().endpoint, dataset);
        Ok(CatalogPage { catalog, next })
    }

    /// One of our offers as a dcat:Dataset: `GET {dsp}/catalog/datasets/{id}`.
    ///
    /// # Errors
    /// `NotFound` when there is none that the caller may see.
    pub async fn dsp_dataset(&self, peer: &Peer, id: &str) -> Result<Dataset, FederationError> {
        readable(peer)?;
        if id == SUITE_DATASET
            && self.is_suite(peer)
            && let Some(dataset) =
                self.dsp_catalog(peer, 0).await?.catalog.dataset.into_iter().find(|dataset| dataset.id == id)
        {
            return Ok(dataset);
        }
        let (policy, wanted) = (self.policy_of(peer).await?.offered, id.to_owned());
        let found = self
            .database()
            .read(move |connection| -> Result<_, FederationError> {
                let item = store::feed::find(connection, &wanted)?;
                Ok(item.filter(|item| item.class == "offer" && shown(&policy, item)))
            })
            .await?;
        let snapshot = self.catalogue().snapshot().await?;
        let dataset = match found {
            Some(item) => self.dataset_of(&item, &snapshot)?,
            None => None,
        };
        dataset.ok_or_else(|| FederationError::NotFound(format!("the dataset {id}")))
    }

    /// What holds for a peer; the conformance suite is nobody's partner, and sees all.
    async fn policy_of(&self, peer: &Peer) -> Result<PartnerPolicy, FederationError> {
        if self.is_suite(peer) {
            return Ok(PartnerPolicy::default());
        }
        Ok(self.partner_get(&peer.did).await?.policy)
    }

    fn dataset_of(&self, item: &Item, snapshot: &Snapshot) -> Result<Option<Dataset>, FederationError> {
        let Some((offer, site)) = offer_and_site(snapshot, &item.subject) else {
            return Ok(None);
        };
        let service = dsp::service_id(self.did());
        Ok(Some(dsp::dataset(offer, site, &item.document.digest(), &service)))
    }

    /// The offers of our own provider.
    pub(crate) fn own_offers<'a>(&'a self, snapshot: &'a Arc<Snapshot>) -> impl Iterator<Item = &'a Offer> {
        let own = &self.options().provider;
        snapshot.catalogue.offers.iter().filter(move |offer| offer.provider == *own)
    }

    /// Names what of our feed a partner sees; another one means: read it from its begin.
    fn view(&self, partner: &Partner) -> Result<String, FederationError> {
        let rules = serde_json::to_string(&(
            &partner.policy.offered.offers,
            &partner.policy.offered.sites,
            &partner.policy.offered.kinds,
            &self.options().provider,
        ));
        let rules = rules.map_err(|error| FederationError::Internal(format!("a policy has no JSON form: {error}")))?;
        Ok(strict::sha256(rules.as_bytes()))
    }
}

fn offer_and_site<'a>(snapshot: &'a Snapshot, offer: &str) -> Option<(&'a Offer, Option<&'a Site>)> {
    let catalogue = &snapshot.catalogue;
    let found = catalogue.offers.binary_search_by(|known| known.id.as_str().cmp(offer)).ok()?;
    let offer = catalogue.offers.get(found)?;
    let site = catalogue.sites.binary_search_by(|site| site.id.cmp(&offer.site)).ok();
    Some((offer, site.and_then(|found| catalogue.sites.get(found))))
}

/// Whether the policy shows an item. That of a withdrawal is judged as what was withdrawn.
pub(super) fn shown(policy: &OfferPolicy, item: &Item) -> bool {
    let of_site = item
        .site
        .as_ref()
        .is_none_or(|site| hansa_ontology::SiteId::new(site.clone()).is_ok_and(|site| policy.sites.passes(&site)));
    let of_kind = item.offer_kind.is_none_or(|kind| policy.kinds.passes(&kind));
    let of_offer =
        item.class != "offer" || OfferId::new(item.subject.clone()).is_ok_and(|id| policy.offers.passes(&id));
    of_site && of_kind && of_offer
}

fn readable(peer: &Peer) -> Result<(), FederationError> {
    if matches!(peer.state, PartnerState::Active | PartnerState::Suspended) {
        return Ok(());
    }
    Err(FederationError::forbidden(format!("the partnership is {}: offers are not exchanged", peer.state)))
}

/// As many items as fit in a page; where it was cut, the number of the last one in it.
fn within_bytes(mut items: Vec<Item>) -> (Vec<Item>, Option<i64>) {
    let mut bytes = 0;
    let fitting = items.iter().take_while(|item| {
        bytes += item.size + 200;
        bytes <= PAGE_BYTES
    });
    let count = fitting.count().max(1);
    if count >= items.len() {
        return (items, None);
    }
    items.truncate(count);
    let last = items.last().map(|item| item.sequence);
    (items, last)
}

fn wire_item(item: Item) -> FeedItem {
    FeedItem {
        sequence: unsigned(item.sequence),
        kind: if item.withdrawn { Change::Withdrawn } else { Change::Put },
        subject: item.subject,
        document: item.document,
    }
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
