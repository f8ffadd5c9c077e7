//! Notifications: people subscribe, the log is followed for each of them, and
//! what is to be told is carried away, each subscription for itself.

use super::{Assurance, Page, PageRequest, list};
use crate::{
    fault::Severity,
    notification::{Delivery, Message, Sender, Subscription},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, Event, EventFilter, NewEvent, Order},
    work::{self, Claim},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The queue of subscriptions that have something to tell.
const QUEUE: &str = "notification";
/// How long a worker holds a subscription without a word: longer than one attempt may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many events a round reads.
const EVENTS: usize = 200;
/// How many messages a worker carries away before others have their turn.
const AT_ONCE: usize = 20;
/// How many subscriptions a project may have, and the broker.
const MOST: usize = 50;
/// How many kinds one may name.
const KINDS: usize = 50;
/// The longest name, kind and address, in letters.
const LETTERS: (usize, usize, usize) = (63, 100, 2_000);
/// How many deliveries of each are remembered.
const REMEMBERED: i64 = 1_000;

/// Who wants to be told of what.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// What people call it: `a-z`, `0-9`, `-`.
    pub name: String,
    /// Whose events; none: the broker's own.
    pub project: Option<ProjectId>,
    /// The kinds of events begin so.
    pub kinds: Vec<String>,
    /// Of faults only those that are at least so bad.
    pub severity: Option<Severity>,
    /// Where to. Whether it may be sent there is for the caller to say.
    pub url: String,
}

/// What an attempt has to do.
struct Task {
    subscription: Subscription,
    event: Event,
}

/// What a look at a subscription has found.
enum Look {
    /// It is gone.
    Gone,
    /// Nothing before then; none: until the log grows.
    Rest(Option<DateTime<Utc>>),
    /// This is to be told.
    Tell(Box<Task>),
}

impl Assurance {
    /// Subscribes. `seal` seals a new secret for a place and gives it sealed.
    /// What was told before now is not told. With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `Invalid` when a field breaks a rule, or there are too many;
    /// `Conflict` when the name is taken; when the database fails.
    pub async fn subscribe(
        &self,
        new: NewSubscription,
        seal: impl FnOnce(Uuid) -> Result<String, RepositoryError>,
        by: Actor,
        dry_run: bool,
    ) -> Result<Subscription, RepositoryError> {
        new.check()?;
        let (now, id) = (self.clock.now(), self.ids.next());
        let sealed = seal(id)?;
        self.database
            .write(move |connection| {
                let others = store::subscriptions_of(connection, new.project.as_ref())?;
                if others.iter().any(|other| other.name == new.name) {
                    let told = format!("there is a notification `{}`; remove it, or take another name", new.name);
                    return Err(RepositoryError::conflict(told));
                }
                if others.len() >= MOST {
                    let told = format!("there are {MOST} already; remove one that nobody needs");
                    return Err(RepositoryError::invalid("name", told));
                }
                let cursor = event::last_sequence(connection)?;
                let one = new.subscription((id, sealed, cursor), by, now);
                if !dry_run {
                    store::subscription_put(connection, &one)?;
                    event::append(connection, &told(&one, "notification.added", "is told of", now))?;
                }
                Ok(one)
            })
            .await
    }

    /// Those of a project, or of the broker itself, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_list(&self, project: Option<&ProjectId>) -> Result<Vec<Subscription>, RepositoryError> {
        let project = project.cloned();
        self.database.read(move |connection| store::subscriptions_of(connection, project.as_ref())).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn subscription(&self, project: Option<&ProjectId>, name: &str) -> Result<Subscription, RepositoryError> {
        let found = self.subscription_list(project).await?.into_iter().find(|one| one.name == name);
        found.ok_or_else(|| RepositoryError::NotFound(format!("notification {name}")))
    }

    /// Unsubscribes. What was not delivered yet is not.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn unsubscribe(
        &self,
        project: Option<&ProjectId>,
        name: &str,
        by: Actor,
        dry_run: bool,
    ) -> Result<Subscription, RepositoryError> {
        let (known, now) = (self.subscription(project, name).await?, self.clock.now());
        if !dry_run {
            let gone = Subscription { created_by: by, ..known.clone() };
            self.database
                .write(move |connection| {
                    store::subscription_delete(connection, &gone.id.to_string())?;
                    event::append(connection, &told(&gone, "notification.removed", "is told no more of", now))
                })
                .await?;
        }
        Ok(known)
    }

    /// What became of events for one, the newest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the page can't be; when the database fails.
    pub async fn delivery_list(
        &self,
        project: Option<&ProjectId>,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, RepositoryError> {
        let (id, rows) = (self.subscription(project, name).await?.id.to_string(), page.rows()?);
        let before = list::before(page)?;
        let found = self.database.read(move |connection| store::deliveries(connection, &id, before, rows)).await?;
        Ok(Page::cut(found, rows, |one| one.event.to_string()))
    }

    /// A message that tries whether messages of one arrive; its caller sends it.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn subscription_trial(
        &self,
        project: Option<&ProjectId>,
        name: &str,
    ) -> Result<Message, RepositoryError> {
        Ok(self.subscription(project, name).await?.trial(self.ids.next(), self.clock.now()))
    }

    /// Wakes those that have something to tell among the events after this
    /// number, and gives the number up to which it has looked. None: all are
    /// woken, for a broker that has just begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notification_wake(&self, after: Option<i64>) -> Result<i64, RepositoryError> {
        let now = self.clock.now();
        let (reached, woken) = self
            .database
            .read(move |connection| {
                let all = store::subscriptions(connection)?;
                let Some(after) = after else {
                    let ids: BTreeSet<Uuid> = all.iter().map(|one| one.id).collect();
                    return Ok::<_, RepositoryError>((event::last_sequence(connection)?, ids));
                };
                let filter = EventFilter { after: Some(after), ..EventFilter::default() };
                let events = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
                let wanted = |one: &&Subscription| events.iter().any(|event| one.wants(event));
                let ids = all.iter().filter(wanted).map(|one| one.id).collect();
                Ok((events.last().map_or(after, |event| event.sequence), ids))
            })
            .await?;
        if !woken.is_empty() {
            let enqueue = move |connection: &mut Connection| {
                woken.iter().try_for_each(|id| work::enqueue(connection, QUEUE, &id.to_string(), now))
            };
            self.database.write(enqueue).await?;
        }
        Ok(reached)
    }

    /// Takes a subscription that has something to tell and carries some of it
    /// away, one after the other. False when there was none.
    ///
    /// # Errors
    /// When the database fails; what was held is taken up again when the lease ends.
    pub async fn notification_round(&self, owner: &str, sender: &dyn Sender) -> Result<bool, RepositoryError> {
        let (owner, now) = (owner.to_owned(), self.clock.now());
        let claimed = self.database.write(move |connection| work::claim(connection, QUEUE, &owner, now, LEASE)).await?;
        let Some(mut claim) = claimed else { return Ok(false) };
        for _ in 0..AT_ONCE {
            let (key, now) = (claim.key.clone(), self.clock.now());
            let look = self.database.read(move |connection| look(connection, &key, now)).await?;
            match look {
                Look::Gone => return self.rest(claim, None).await,
                Look::Rest(until) => return self.rest(claim, until).await,
                Look::Tell(task) => claim = self.tell(claim, *task, sender).await?,
            }
        }
        // Others have their turn.
        self.rest(claim, Some(now)).await
    }

    /// Whether somebody waits to be told now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notification_waits(&self) -> Result<bool, RepositoryError> {
        let due = self.database.read(|connection| work::next_due(connection, QUEUE)).await?;
        Ok(due.is_some_and(|due| due <= self.clock.now()))
    }

    async fn rest(&self, claim: Claim, until: Option<DateTime<Utc>>) -> Result<bool, RepositoryError> {
        self.database.write(move |connection| work::finish(connection, &claim, until)).await?;
        Ok(true)
    }

    async fn tell(&self, claim: Claim, task: Task, sender: &dyn Sender) -> Result<Claim, RepositoryError> {
        let Task { subscription, event } = task;
        let answer = sender.send(&subscription.message(&event, self.clock.now())).await;
        let (now, spread) = (self.clock.now(), spread(self.ids.next()));
        self.database
            .write(move |connection| {
                // Where somebody else has taken over meanwhile, it is theirs.
                let claim = work::renew(connection, &claim, now, LEASE)?;
                let id = subscription.id.to_string();
                // It may have been removed meanwhile.
                let Some(mut known) = store::subscription_find(connection, &id)? else { return Ok(claim) };
                let became = match answer {
                    Ok(()) => Some(known.succeeded(&event, now)),
                    Err(said) => known.failed(&event, said, now, spread),
                };
                if let Some(delivery) = became {
                    store::delivery_put(connection, &id, &delivery, REMEMBERED)?;
                }
                store::subscription_put(connection, &known)?;
                Ok(claim)
            })
            .await
    }
}

/// What a subscription has to tell next.
fn look(connection: &mut Connection, id: &str, now: DateTime<Utc>) -> Result<Look, RepositoryError> {
    let Some(subscription) = store::subscription_find(connection, id)? else { return Ok(Look::Gone) };
    if let Some(trouble) = subscription.trouble.as_ref().filter(|trouble| trouble.next > now) {
        return Ok(Look::Rest(Some(trouble.next)));
    }
    let mut after = subscription.cursor;
    loop {
        let events = event::list(connection, &subscription.filter(after), EVENTS, Order::OldestFirst)?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(Look::Rest(None)) };
        if let Some(event) = events.into_iter().find(|event| subscription.wants(event)) {
            return Ok(Look::Tell(Box::new(Task { subscription, event })));
        }
        after = last;
    }
}

/// A number that nobody knows before: identifiers end with random bits.
fn spread(id: Uuid) -> u8 {
    id.as_bytes().last().copied().unwrap_or_default()
}

impl NewSubscription {
    fn check(&self) -> Result<(), RepositoryError> {
        let (name, kind, url) = LETTERS;
        let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if self.name.is_empty() || self.name.len() > name || !self.name.chars().all(letter) {
            let told = format!("must be 1 to {name} of a-z, 0-9 and -, such as operators");
            return Err(RepositoryError::invalid("name", told));
        }
        if self.kinds.is_empty() || self.kinds.len() > KINDS {
            let told = format!("name 1 to {KINDS} kinds of events, such as fault. or budget.exhausted");
            return Err(RepositoryError::invalid("kinds", told));
        }
        let good = |text: &String| {
            let letter = |letter: char| letter.is_ascii_lowercase() || letter == '-' || letter == '.';
            !text.is_empty() && text.len() <= kind && text.chars().all(letter)
        };
        if let Some(bad) = self.kinds.iter().find(|text| !good(text)) {
            let told = format!("`{bad}` is no begin of a kind of events, such as fault. or budget.exhausted");
            return Err(RepositoryError::invalid("kinds", told));
        }
        if self.url.len() > url {
            return Err(RepositoryError::invalid("url", format!("must have at most {url} letters")));
        }
        Ok(())
    }

    fn subscription(
        self,
        (id, sealed, cursor): (Uuid, String, i64),
        created_by: Actor,
        created_at: DateTime<Utc>,
    ) -> Subscription {
        let Self { name, project, kinds, severity, url } = self;
        Subscription {
            id,
            name,
            project,
            kinds,
            severity,
            url,
            sealed,
            created_at,
            created_by,
            cursor,
            delivered: 0,
            given_up: 0,
            trouble: None,
        }
    }
}

fn told(one: &Subscription, kind: &str, what: &str, at: DateTime<Utc>) -> NewEvent {
    let subject = match &one.project {
        Some(project) => format!("project/{project}"),
        None => format!("notification/{}", one.name),
    };
    NewEvent {
        at,
        actor: one.created_by.clone(),
        application: None,
        subject,
        kind: kind.to_owned(),
        message: format!("notification {} {what} {}", one.name, one.kinds.join(", ")),
        data: serde_json::json!({ "notification": one.name, "kinds": one.kinds, "severity": one.severity }),
    }
}
