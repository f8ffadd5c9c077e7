//! Maintenance that operators announce before it begins.

use super::{Assurance, Page, PageRequest};
use crate::{sla::Announcement, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, OfferId, SiteId};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, NewEvent},
};
use uuid::Uuid;

/// The most letters of a reason.
const LETTERS: usize = 500;
/// The most days of one announcement: a promise that is never in force is none.
const DAYS: i64 = 7;

/// What is to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnnouncement {
    /// Where.
    pub site: SiteId,
    /// Of this offer only; none: of all at the site.
    pub offer: Option<OfferId>,
    /// When it begins; cut to its second.
    pub from: DateTime<Utc>,
    /// When it is over; cut to its second.
    pub until: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
}

impl NewAnnouncement {
    fn check(&self, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        if self.from.timestamp() <= now.timestamp() {
            let problem = format!("must be after now, {}: maintenance counts that was announced before", text(now));
            return Err(RepositoryError::invalid("from", problem));
        }
        if self.until.timestamp() <= self.from.timestamp() {
            return Err(RepositoryError::invalid("until", format!("must be after `from`, {}", text(self.from))));
        }
        if self.until - self.from > TimeDelta::days(DAYS) {
            return Err(RepositoryError::invalid("until", format!("must be within {DAYS} days after `from`")));
        }
        let letters = self.reason.trim().chars().count();
        if letters == 0 || letters > LETTERS {
            return Err(RepositoryError::invalid("reason", format!("must have 1 to {LETTERS} letters")));
        }
        Ok(())
    }
}

impl Assurance {
    /// Announces maintenance: what is away then counts neither as kept nor as missed.
    /// With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `Invalid` when it has begun already, is too long, or lacks a reason; when the database fails.
    pub async fn announce(
        &self,
        new: NewAnnouncement,
        by: Actor,
        dry_run: bool,
    ) -> Result<Announcement, RepositoryError> {
        let (now, id) = (self.clock.now(), self.ids.next());
        new.check(now)?;
        let whole = |at: DateTime<Utc>| DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
        let NewAnnouncement { site, offer, from, until, reason } = new;
        let (from, until, reason) = (whole(from), whole(until), reason.trim().to_owned());
        let announced = Announcement { id, site, offer, from, until, reason, by, announced: now };
        if dry_run {
            return Ok(announced);
        }
        self.database
            .write(move |connection| {
                store::announcement_insert(connection, &announced)?;
                tell(connection, &announced, ("maintenance.announced", "is announced"), announced.by.clone(), now)?;
                Ok(announced)
            })
            .await
    }

    /// What was announced, the oldest first.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn announcement_list(&self, page: &PageRequest) -> Result<Page<Announcement>, RepositoryError> {
        let (token, rows) = (page.token.clone(), page.rows()?);
        let found =
            self.database.read(move |connection| store::announcements_list(connection, token.as_deref(), rows)).await?;
        Ok(Page::cut(found, rows, |one| one.id.to_string()))
    }

    /// Takes back what was announced. With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `NotFound` when there is no such announcement; `Conflict` when it has
    /// begun: who relied on it must not be wronged. When the database fails.
    pub async fn announcement_withdraw(
        &self,
        id: Uuid,
        by: Actor,
        dry_run: bool,
    ) -> Result<Announcement, RepositoryError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let missing = || RepositoryError::NotFound(format!("announced maintenance {id}"));
                let known = store::announcement_find(connection, &id.to_string())?.ok_or_else(missing)?;
                if known.from <= now {
                    let why = format!("the maintenance began at {}; it stays as announced", text(known.from));
                    return Err(RepositoryError::conflict(why));
                }
                if !dry_run {
                    store::announcement_delete(connection, &id.to_string())?;
                    tell(connection, &known, ("maintenance.withdrawn", "is withdrawn"), by, now)?;
                }
                Ok(known)
            })
            .await
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn tell(
    connection: &mut Connection,
    one: &Announcement,
    (kind, what): (&str, &str),
    actor: Actor,
    at: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let of = one.offer.as_ref().map(|offer| format!(" of offer {}", offer.short())).unwrap_or_default();
    let (site, from, until) = (one.site.short(), text(one.from), text(one.until));
    let new = NewEvent {
        at,
        actor,
        application: None,
        subject: format!("announcement/{}", one.id),
        kind: kind.to_owned(),
        message: format!("maintenance{of} at site {site} from {from} to {until} {what}: {}", one.reason),
        data: serde_json::json!({ "site": one.site, "offer": one.offer, "from": one.from, "until": one.until }),
    };
    event::append(connection, &new).map(drop)
}
