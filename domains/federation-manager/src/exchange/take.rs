//! A judged page becomes part of the catalogue: one transaction with the
//! position in the feed, the quarantine and the events.

use super::{
    judge::{Judged, Verdict},
    pull::PullReport,
    quarantine::{CUT_OFF, Quarantined},
};
use crate::{
    FederationError, FederationManager,
    partners::{Partner, PartnerState, short, with_data},
    store::{
        self,
        partners::Position,
        received::{self, Received},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProviderId, Site, SiteId};
use hansa_repository::{
    Connection, RepositoryError,
    catalogue::partner::{self as catalogue, AnyResource, PartnerResource, PartnerSource, Refusal, Taken},
    event, time,
};
use serde_json::json;
use std::collections::BTreeMap;

/// What waits for something else is tried again after this time.
const TRY_AGAIN: TimeDelta = TimeDelta::seconds(60);
/// How many subjects are withdrawn in one transaction after a snapshot.
const SWEEP: i64 = 500;

/// A judged page.
pub(super) struct Page {
    pub(super) after: i64,
    pub(super) next: i64,
    pub(super) head: i64,
    pub(super) items: Vec<Judged>,
}

/// How many more of each the partner may bring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) offers: usize,
    pub(super) sites: usize,
}

/// A page on its way into the catalogue.
struct Taking {
    partner: Partner,
    provider: ProviderId,
    position: Position,
    room: Room,
    report: PullReport,
    now: DateTime<Utc>,
    holds_until: DateTime<Utc>,
    most: TakingLimits,
    /// What was put into quarantine, and wasn't there so before.
    news: Vec<(String, String)>,
    cleared: Vec<String>,
    /// Something came that others may have waited for.
    new_site: bool,
}

#[derive(Debug, Clone, Copy)]
struct TakingLimits {
    offers: usize,
    sites: usize,
    quarantine: usize,
    bytes: usize,
}

impl FederationManager {
    /// Takes a page in. None: another process has read on meanwhile, or the
    /// partner was left; nothing was taken.
    pub(super) async fn page_take(
        &self,
        partner: &Partner,
        position: Position,
        room: Room,
        page: Page,
        report: &mut PullReport,
    ) -> Result<Option<(Position, Room)>, FederationError> {
        let Some(provider) = partner.provider.clone() else {
            return Ok(None);
        };
        let options = self.options();
        let now = self.now();
        let age = TimeDelta::from_std(options.offer_max_age).unwrap_or(TimeDelta::days(1));
        let taking = Taking {
            partner: partner.clone(),
            provider,
            position,
            room,
            report: *report,
            now,
            holds_until: now + age,
            most: TakingLimits {
                offers: options.offers_per_partner,
                sites: options.sites_per_partner,
                quarantine: options.quarantine_per_partner,
                bytes: options.resource_bytes,
            },
            news: Vec::new(),
            cleared: Vec::new(),
            new_site: false,
        };
        let taken = self.database().write(move |connection| taking.carry_out(connection, page)).await?;
        Ok(taken.map(|taking| {
            *report = taking.report;
            (taking.position, taking.room)
        }))
    }

    /// After a snapshot: what it didn't bring is gone, and the feed goes on
    /// where the snapshot began.
    pub(super) async fn snapshot_end(
        &self,
        partner: &Partner,
        position: Position,
        room: &Room,
    ) -> Result<usize, FederationError> {
        let Some(head) = position.snapshot_head else {
            return self.reread_if_roomy(position, room).await.map(|()| 0);
        };
        let mut count = 0;
        loop {
            let (did, round) = (partner.did.clone(), position.round);
            let swept = self.database().write(move |connection| sweep(connection, &did, round)).await?;
            count += swept;
            if swept == 0 {
                break;
            }
        }
        self.database()
            .write(move |connection| -> Result<(), FederationError> {
                let mut current = store::partners::position(connection, &position.partner)?;
                if current.round != position.round || current.snapshot_head.is_none() {
                    return Ok(());
                }
                current.position = head;
                current.snapshot_head = None;
                if current.cut_off == 0 {
                    received::quarantine_clear(connection, &position.partner, &[CUT_OFF.to_owned()])?;
                }
                store::partners::position_put(connection, &current)?;
                Ok(())
            })
            .await?;
        Ok(count)
    }

    /// Offers were left out, and there is room again: read everything anew.
    async fn reread_if_roomy(&self, position: Position, room: &Room) -> Result<(), FederationError> {
        let tenth = self.options().offers_per_partner / 10;
        if position.cut_off == 0 || room.offers <= tenth || position.snapshot_due.is_some() {
            return Ok(());
        }
        let due = time::to_column(self.now() + TRY_AGAIN);
        self.database()
            .write(move |connection| {
                let mut current = store::partners::position(connection, &position.partner)?;
                current.snapshot_due = Some(due);
                Ok(store::partners::position_put(connection, &current)?)
            })
            .await
    }
}

/// Withdraws some of what the last snapshot didn't bring.
fn sweep(connection: &mut Connection, did: &str, round: i64) -> Result<usize, FederationError> {
    let missed = received::missed(connection, did, round, SWEEP)?;
    if !missed.is_empty() {
        catalogue::withdraw(connection, did, &missed)?;
        received::delete(connection, did, &missed)?;
    }
    Ok(missed.len())
}

impl Taking {
    fn carry_out(mut self, connection: &mut Connection, page: Page) -> Result<Option<Self>, FederationError> {
        let current = store::partners::position(connection, &self.partner.did)?;
        let same = current.position == page.after
            && current.round == self.position.round
            && current.snapshot_head == self.position.snapshot_head;
        let state = store::partners::get(connection, &self.partner.did)?.state;
        if !same || !matches!(state, PartnerState::Active | PartnerState::Suspended) {
            return Ok(None);
        }
        let before = (self.report.taken, self.report.withdrawn);
        self.items(connection, page.items)?;
        received::quarantine_clear(connection, &self.partner.did, &std::mem::take(&mut self.cleared))?;
        if !self.news.is_empty() {
            let keep = i64::try_from(self.most.quarantine).unwrap_or(i64::MAX);
            received::quarantine_trim(connection, &self.partner.did, keep)?;
        }
        self.tell(connection, before)?;
        self.position.position = page.next.max(page.after);
        self.position.head = page.head;
        self.position.snapshot_due = current.snapshot_due;
        if self.new_site && received::quarantine_waits(connection, &self.partner.did)? {
            let due = time::to_column(self.now + TRY_AGAIN);
            self.position.snapshot_due = self.position.snapshot_due.or(Some(due));
        }
        store::partners::position_put(connection, &self.position)?;
        Ok(Some(self))
    }

    fn items(&mut self, connection: &mut Connection, items: Vec<Judged>) -> Result<(), FederationError> {
        let subjects: Vec<String> = items.iter().map(|judged| judged.item.subject.clone()).collect();
        let known = received::find(connection, &self.partner.did, &subjects)?;
        let sites = sites(connection, &items)?;
        let (mut put, mut seen, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        // What is still to be had once what is put before has its place.
        let mut room = self.room;
        for judged in items {
            let is_known = known.contains_key(&judged.item.subject);
            match &judged.verdict {
                Verdict::Known => {
                    seen.push(judged.item.subject.clone());
                    self.cleared.push(judged.item.subject);
                }
                Verdict::Withdrawn => gone.push(judged.item.subject),
                Verdict::TooMany => self.cut_off(connection)?,
                Verdict::Refused { reason, .. } => {
                    // The good version that is here stays; the partner has spoken of it, so no sweep takes it.
                    seen.push(judged.item.subject.clone());
                    let reason = reason.clone();
                    self.quarantine(connection, &judged, reason, false)?;
                }
                Verdict::Put(resource) => match self.unwanted(&resource.resource, is_known, &mut room, &sites) {
                    Some(Unwanted::TooMany) => self.cut_off(connection)?,
                    Some(Unwanted::Site(reason)) => self.quarantine(connection, &judged, reason, false)?,
                    Some(Unwanted::Policy(reason)) => {
                        if is_known {
                            gone.push(judged.item.subject.clone());
                        }
                        self.quarantine(connection, &judged, reason, false)?;
                    }
                    None => put.push(judged),
                },
            }
        }
        self.put(connection, put, &known)?;
        received::seen(connection, &self.partner.did, &seen, self.position.round)?;
        self.withdraw(connection, &gone)
    }

    /// Why a good resource isn't taken all the same.
    fn unwanted(
        &self,
        resource: &AnyResource,
        is_known: bool,
        room: &mut Room,
        sites: &BTreeMap<SiteId, Site>,
    ) -> Option<Unwanted> {
        if let AnyResource::Offer(offer) = resource
            && let Some(reason) = self.partner.policy.accepted.refusal(offer, sites.get(&offer.site))
        {
            return Some(Unwanted::Policy(reason));
        }
        let left = match resource {
            _ if is_known => return None,
            AnyResource::Provider(_) => return None,
            AnyResource::Site(_) => &mut room.sites,
            AnyResource::Offer(_) => &mut room.offers,
        };
        if *left > 0 {
            *left -= 1;
            return None;
        }
        Some(match resource {
            AnyResource::Offer(_) => Unwanted::TooMany,
            _ => Unwanted::Site(format!(
                "the partner has more than the {} sites that are taken of one partner",
                self.most.sites
            )),
        })
    }

    fn put(
        &mut self,
        connection: &mut Connection,
        judged: Vec<Judged>,
        known: &BTreeMap<String, Received>,
    ) -> Result<(), FederationError> {
        let source = PartnerSource {
            partner: self.partner.did.clone(),
            provider: self.provider.clone(),
            received_at: self.now,
            holds_until: self.holds_until,
        };
        let resources: Vec<PartnerResource> = judged
            .iter()
            .filter_map(|judged| match &judged.verdict {
                Verdict::Put(resource) => Some((**resource).clone()),
                _ => None,
            })
            .collect();
        let classes: Vec<_> = resources.iter().map(|resource| resource.resource.class()).collect();
        let answers = catalogue::put(connection, &source, resources)?;
        for ((judged, class), answer) in judged.into_iter().zip(classes).zip(answers) {
            match answer {
                Ok(taken) => {
                    let subject = judged.item.subject.clone();
                    let row = Received::new(
                        &self.partner.did,
                        &subject,
                        &class.to_string(),
                        i64::try_from(judged.item.sequence).unwrap_or(i64::MAX),
                        judged.digest,
                        judged.issued_at,
                        self.position.round,
                    );
                    received::put(connection, row, known.contains_key(&subject))?;
                    self.count(taken, class);
                    self.cleared.push(subject);
                }
                Err(refusal) => {
                    let waits = matches!(refusal, Refusal::Missing(_));
                    self.quarantine(connection, &judged, refusal.to_string(), waits)?;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, taken: Taken, class: hansa_repository::catalogue::Class) {
        use hansa_repository::catalogue::Class;
        if taken != Taken::Unchanged {
            self.report.taken += 1;
        }
        match (taken, class) {
            (Taken::New, Class::Offer) => self.room.offers = self.room.offers.saturating_sub(1),
            (Taken::New, Class::Site) => {
                self.room.sites = self.room.sites.saturating_sub(1);
                self.new_site = true;
            }
            (Taken::New, Class::Provider) => self.new_site = true,
            _ => {}
        }
    }

    fn withdraw(&mut self, connection: &mut Connection, gone: &[String]) -> Result<(), FederationError> {
        if gone.is_empty() {
            return Ok(());
        }
        let count = catalogue::withdraw(connection, &self.partner.did, gone)?;
        received::delete(connection, &self.partner.did, gone)?;
        self.report.withdrawn += count;
        self.room.offers = (self.room.offers + count).min(self.most.offers);
        Ok(())
    }

    /// Notes that an offer was left out, with one entry and one event for all of them.
    fn cut_off(&mut self, connection: &mut Connection) -> Result<(), FederationError> {
        self.position.cut_off += 1;
        self.report.cut_off += 1;
        if self.position.cut_off > 1 {
            return Ok(());
        }
        let reason = format!(
            "{} has more than the {} offers that are taken of one partner; the rest is left out. \
             Raise federation.offers_limit, or accept fewer kinds of it",
            self.partner.name, self.most.offers
        );
        let entry = Quarantined {
            partner: self.partner.did.clone(),
            subject: CUT_OFF.to_owned(),
            sequence: self.position.position,
            reason: reason.clone(),
            waits: false,
            content: String::new(),
            content_bytes: 0,
            signature: String::new(),
            at: self.now,
        };
        if received::quarantine_put(connection, &entry)? {
            self.news.push((CUT_OFF.to_owned(), reason));
        }
        Ok(())
    }

    fn quarantine(
        &mut self,
        connection: &mut Connection,
        judged: &Judged,
        reason: String,
        waits: bool,
    ) -> Result<(), FederationError> {
        let document = &judged.item.document;
        let entry = Quarantined {
            partner: self.partner.did.clone(),
            subject: judged.item.subject.clone(),
            sequence: i64::try_from(judged.item.sequence).unwrap_or(i64::MAX),
            reason: short(&reason.replace('\0', "\u{fffd}")),
            waits,
            content: clean(&document.content, self.most.bytes),
            content_bytes: i64::try_from(document.content.len()).unwrap_or(i64::MAX),
            signature: clean(&document.signature, 8_192),
            at: self.now,
        };
        self.report.quarantined += 1;
        if received::quarantine_put(connection, &entry)? {
            self.news.push((entry.subject, entry.reason));
        }
        Ok(())
    }

    /// One event for what was taken and one for what wasn't, however much it
    /// was: a partner must not be able to fill the log.
    fn tell(&self, connection: &mut Connection, before: (usize, usize)) -> Result<(), RepositoryError> {
        let (taken, withdrawn) = (self.report.taken - before.0, self.report.withdrawn - before.1);
        let (did, name) = (&self.partner.did, &self.partner.name);
        if taken + withdrawn > 0 {
            let message = format!("{name} has brought {taken} new or changed resources, and withdrawn {withdrawn}.");
            let data = json!({ "partner": did, "taken": taken, "withdrawn": withdrawn });
            let actor = Actor::Partner(did.clone());
            event::append(connection, &with_data(did, "partner.offers-received", message, data, actor, self.now))?;
        }
        if let Some((subject, reason)) = self.news.first() {
            let count = self.news.len();
            let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            let message = format!("{} of {name} was put into quarantine: {reason}{more}", short(subject));
            let items: Vec<_> = self
                .news
                .iter()
                .take(20)
                .map(|(subject, reason)| json!({ "subject": short(subject), "reason": reason }))
                .collect();
            let data = json!({ "partner": did, "count": count, "items": items });
            let actor = Actor::Partner(did.clone());
            event::append(connection, &with_data(did, "offer.quarantined", message, data, actor, self.now))?;
        }
        Ok(())
    }
}

/// Why a good resource isn't taken all the same.
enum Unwanted {
    TooMany,
    Site(String),
    Policy(String),
}

/// The sites of the page's offers: from the page itself, else from the catalogue.
fn sites(connection: &mut Connection, items: &[Judged]) -> Result<BTreeMap<SiteId, Site>, RepositoryError> {
    let resources = || {
        items.iter().filter_map(|judged| match &judged.verdict {
            Verdict::Put(resource) => Some(&resource.resource),
            _ => None,
        })
    };
    let mut wanted: Vec<String> = resources()
        .filter_map(|resource| match resource {
            AnyResource::Offer(offer) => Some(offer.site.to_string()),
            _ => None,
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut sites = catalogue::sites(connection, &wanted)?;
    for resource in resources() {
        if let AnyResource::Site(site) = resource {
            sites.insert(site.id.clone(), site.clone());
        }
    }
    Ok(sites)
}

/// A text of others as a column takes it: no NUL, and no longer than a limit in bytes.
pub(super) fn clean(text: &str, most: usize) -> String {
    let text = text.replace('\0', "\u{fffd}");
    let end =
        text.char_indices().map(|(start, letter)| start + letter.len_utf8()).take_while(|end| *end <= most).last();
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}
