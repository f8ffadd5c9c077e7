//! One pull from one partner: how we stand, what is new in its feed, how many
//! units are left. Each page is judged and then taken in one transaction with
//! the position, so that being killed anywhere costs one page.

use super::{
    judge::{Judge, Judged, Verdict},
    publish::blocking,
    serve::{signed, unsigned},
    take::{Page, Room, clean},
};
use crate::{
    Answer, Call, FederationError, FederationManager, Method,
    partners::{Partner, PartnerEvent, PartnerState},
    store::{self, partners::Position},
};
use chrono::TimeDelta;
use hansa_federation::{
    json as strict, limits,
    wire::{BASE, FeedItem, FeedPage, PeerStatus},
};
use hansa_ontology::reading::{ReadLimits, Reader};
use hansa_repository::{
    catalogue::{Class, partner as catalogue},
    time,
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Instant;

/// How often a partner's keys are compared with those that it serves.
const KEYS_EVERY: TimeDelta = TimeDelta::minutes(10);
/// After so many refused items a pull ends, and the next one comes much later.
const BAD_ITEMS: usize = 1_000;

/// The longest subject; IRIs of the catalogue have the same limit.
const SUBJECT_BYTES: usize = 2_048;

/// What came of a pull.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PullReport {
    /// Pages that were read.
    pub pages: usize,
    /// Resources that were new or had changed.
    pub taken: usize,
    /// Resources that were withdrawn.
    pub withdrawn: usize,
    /// Items that were put into quarantine.
    pub quarantined: usize,
    /// Offers that were left out because there are too many.
    pub cut_off: usize,
    /// Numbers of units that changed.
    pub capacity: usize,
    /// The feed was read to its end; otherwise the next pull goes on.
    pub complete: bool,
}

impl FederationManager {
    /// Pulls from a partner what is new: the worker's round, and for tests.
    ///
    /// # Errors
    /// When the partner can't be reached or breaks the protocol, or the
    /// database fails. What was taken until then stays taken.
    pub async fn pull(&self, did: &str) -> Result<PullReport, FederationError> {
        let begun = Instant::now();
        let partner = self.partner_get(did).await?;
        let status = self.status_of(&partner).await?;
        let partner = self.standing_note(partner, &status).await?;
        if !matches!(partner.state, PartnerState::Active | PartnerState::Suspended) {
            return Ok(PullReport { complete: true, ..PullReport::default() });
        }
        let partner = self.keys_compare(partner).await;
        let mut report = PullReport::default();
        self.feed_read(&partner, &status, begun, &mut report).await?;
        if report.complete {
            report.capacity = self.capacity_pull(&partner).await?;
            self.pulled_note(&partner).await?;
        }
        Ok(report)
    }

    /// How the partner says that we stand with it: the heartbeat.
    async fn status_of(&self, partner: &Partner) -> Result<PeerStatus, FederationError> {
        let status: PeerStatus = self.ask(partner, &format!("{BASE}/status"), limits::ANSWER_BYTES).await?;
        if status.did.as_str() != partner.did {
            let message = format!("it answers as {}", status.did);
            return Err(FederationError::Protocol { partner: partner.did.clone(), message });
        }
        let (did, now) = (partner.did.clone(), self.now());
        let back =
            self.database().write_relaxed(move |connection| store::partners::heard(connection, &did, now)).await?;
        if back {
            self.heard_again(&partner.did).await?;
        }
        Ok(status)
    }

    /// Notes what the partner says of us; when it leaves, so do we.
    async fn standing_note(&self, partner: Partner, status: &PeerStatus) -> Result<Partner, FederationError> {
        let theirs = PartnerState::from(status.state);
        let leaves = matches!(theirs, PartnerState::Draining | PartnerState::Terminated)
            && matches!(partner.state, PartnerState::Active | PartnerState::Suspended);
        let partner = if partner.their_state == Some(theirs) {
            partner
        } else {
            let did = partner.did.clone();
            self.database()
                .write(move |connection| -> Result<Partner, FederationError> {
                    let mut partner = store::partners::get(connection, &did)?;
                    partner.their_state = Some(theirs);
                    store::partners::put(connection, &partner)?;
                    Ok(partner)
                })
                .await?
        };
        if !leaves {
            return Ok(partner);
        }
        let reason = Some("the partner has left".to_owned());
        self.partner_change(&partner.did, PartnerEvent::Terminate, reason, partner.actor()).await
    }

    /// Looks now and then whether the partner serves other keys: a revocation has to be noticed without a message.
    async fn keys_compare(&self, partner: Partner) -> Partner {
        if !self.inner.exchange.keys_due(&partner.did, KEYS_EVERY, self.now()) {
            return partner;
        }
        match self.keys_follow(&partner.did).await {
            Ok(keys) => Partner { keys, ..partner },
            Err(error) => {
                tracing::warn!(partner = partner.did, %error, "the partner's keys can't be compared; the pinned ones stay");
                partner
            }
        }
    }

    async fn feed_read(
        &self,
        partner: &Partner,
        status: &PeerStatus,
        begun: Instant,
        report: &mut PullReport,
    ) -> Result<(), FederationError> {
        let mut position = self.position_begin(partner, status).await?;
        let mut room = self.room(partner).await?;
        let mut judge = Judge {
            keys: partner.keys.clone(),
            reader: Reader::new(ReadLimits { bytes: self.options().resource_bytes, ..ReadLimits::default() }),
            bytes: self.options().resource_bytes,
            full: false,
            now: self.now(),
        };
        loop {
            let page = self.page_fetch(partner, &position).await?;
            let head = page.head;
            let end = page.next >= head;
            let after = position.position;
            judge.full = room.offers == 0;
            let judged;
            (judge, judged) = self.page_judge(partner, judge, page.items).await?;
            let taken = Page { after, next: signed(page.next), head: signed(head), items: judged };
            let Some((now_at, room_left)) = self.page_take(partner, position, room, taken, report).await? else {
                return Err(FederationError::Unavailable(
                    "another process of this broker is reading the same feed".to_owned(),
                ));
            };
            (position, room) = (now_at, room_left);
            report.pages += 1;
            if end {
                break;
            }
            if begun.elapsed() > self.options().pull_budget {
                return Ok(());
            }
            if report.quarantined >= BAD_ITEMS {
                let message = format!("{} items of one pull are not good; the rest comes later", report.quarantined);
                return Err(FederationError::Protocol { partner: partner.did.clone(), message });
            }
        }
        report.withdrawn += self.snapshot_end(partner, position, &room).await?;
        report.complete = true;
        Ok(())
    }

    /// Where to go on; from the begin where the partner shows another feed than it did.
    async fn position_begin(&self, partner: &Partner, status: &PeerStatus) -> Result<Position, FederationError> {
        let (did, now) = (partner.did.clone(), time::to_column(self.now()));
        let (view, head) = (status.feed_view.clone(), signed(status.feed_head));
        self.database()
            .write_relaxed(move |connection| {
                let mut position = store::partners::position(connection, &did)?;
                let lost = head < position.head;
                let due = position.snapshot_due.is_some_and(|due| due <= now);
                let never = position.round == 0;
                if position.view != view || lost || due || never {
                    position.view = view;
                    position.round += 1;
                    position.position = 0;
                    position.snapshot_head = Some(head);
                    position.snapshot_due = None;
                    position.cut_off = 0;
                }
                position.head = head;
                store::partners::position_put(connection, &position)?;
                Ok(position)
            })
            .await
    }

    /// How many more of each the partner may bring.
    async fn room(&self, partner: &Partner) -> Result<Room, FederationError> {
        let did = partner.did.clone();
        let (offers, sites) = (self.options().offers_per_partner, self.options().sites_per_partner);
        self.database()
            .read(move |connection| {
                Ok(Room {
                    offers: offers.saturating_sub(catalogue::count(connection, &did, Class::Offer)?),
                    sites: sites.saturating_sub(catalogue::count(connection, &did, Class::Site)?),
                })
            })
            .await
    }

    async fn page_fetch(&self, partner: &Partner, position: &Position) -> Result<FeedPage, FederationError> {
        let kind = if position.snapshot_head.is_some() { "offers/snapshot" } else { "offers" };
        let path = format!("{BASE}/{kind}?after={}", position.position);
        let mut page: FeedPage = self.ask(partner, &path, self.options().answer_bytes).await?;
        for item in &mut page.items {
            item.subject = clean(&item.subject, SUBJECT_BYTES);
        }
        let broken = |message: String| FederationError::Protocol { partner: partner.did.clone(), message };
        if page.after != unsigned(position.position) {
            return Err(broken(format!(
                "a page after {} was asked for, and one after {} came",
                position.position, page.after
            )));
        }
        let most = usize::try_from(limits::FEED_PAGE_ITEMS).unwrap_or(100);
        if page.items.len() > most {
            return Err(broken(format!("a page has {} items; {most} are allowed", page.items.len())));
        }
        let mut last = page.after;
        for item in &page.items {
            if item.sequence <= last || item.sequence > page.next {
                return Err(broken(format!(
                    "the item {} is out of order in the page after {}",
                    item.sequence, page.after
                )));
            }
            last = item.sequence;
        }
        if page.next <= page.after && page.head > page.after {
            return Err(broken(format!("the page after {} doesn't lead on", page.after)));
        }
        Ok(page)
    }

    /// Judges a page; where a key isn't known, once more after looking for new keys.
    async fn page_judge(
        &self,
        partner: &Partner,
        judge: Judge,
        items: Vec<FeedItem>,
    ) -> Result<(Judge, Vec<Judged>), FederationError> {
        let subjects: Vec<String> = items.iter().map(|item| item.subject.clone()).collect();
        let did = partner.did.clone();
        let known = self.database().read(move |connection| store::received::find(connection, &did, &subjects)).await?;
        let mut judge = judge;
        let (mut judge, known, judged, items) = blocking(move || {
            let judged = judge.judge(items.clone(), &known);
            (judge, known, judged, items)
        })
        .await?;
        let unknown = judged.iter().any(|judged| matches!(judged.verdict, Verdict::Refused { unknown_key: true, .. }));
        let newer = if unknown { self.keys_newer(partner).await? } else { None };
        match newer {
            Some(keys) if keys != judge.keys => judge.keys = keys,
            _ => return Ok((judge, judged)),
        }
        blocking(move || {
            let judged = judge.judge(items, &known);
            (judge, judged)
        })
        .await
    }

    /// Everything was read: what the partner brought it stands by.
    async fn pulled_note(&self, partner: &Partner) -> Result<(), FederationError> {
        let (did, now) = (partner.did.clone(), self.now());
        let age = TimeDelta::from_std(self.options().offer_max_age).unwrap_or(TimeDelta::days(1));
        self.database()
            .write_relaxed(move |connection| -> Result<(), FederationError> {
                catalogue::confirm(connection, &did, now + age / 2, now + age)?;
                let mut partner = store::partners::get(connection, &did)?;
                partner.last_pulled = Some(now);
                store::partners::put(connection, &partner)?;
                Ok(())
            })
            .await
    }

    /// Asks a partner for JSON, with what came of it noted.
    pub(super) async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        partner: &Partner,
        path: &str,
        limit: usize,
    ) -> Result<T, FederationError> {
        let call = Call {
            partner: partner.did.clone(),
            endpoint: partner.endpoint.clone(),
            method: Method::Get,
            path: path.to_owned(),
            body: Vec::new(),
            timeout: self.options().call_timeout,
            limit,
        };
        let answer: Answer = match self.transport().call(&call).await {
            Ok(answer) => answer,
            Err(source) => {
                self.call_failed(&partner.did, &source).await?;
                return Err(FederationError::Partner { partner: partner.did.clone(), source });
            }
        };
        let read = blocking(move || strict::read("answer", &answer.body, limit)).await?;
        read.map_err(|error| FederationError::Protocol { partner: partner.did.clone(), message: error.to_string() })
    }
}
