//! Follows the event log: what it tells of lives becomes courses and records,
//! and what it tells of breaches is kept to be credited.
//!
//! A round reads and meters without a lock, then writes all that came out and
//! the new position in one transaction, if nobody else has written a round
//! meanwhile. So a process that is killed at any point leaves either nothing or
//! a whole round, and of two that follow at one time one does each round.

use super::{Accounting, ServiceError};
use crate::{
    AccountingError, RESOLUTION,
    price::PricePlan,
    store::{self, Fault},
    usage::{Course, GapReason, Metered, PlanId, Usage, UsageRecord, bridge},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{OfferId, ProjectId, SiteId};
use hansa_repository::{
    Connection, RepositoryError,
    breach::ToldBreach,
    event::{self, Event, EventFilter, Order},
    follow::{self, Position},
    life::{Life, LifeChange, Thing},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Its name among those who follow the log.
pub(super) const FOLLOWER: &str = "accounting";
/// How many events a round reads.
const EVENTS: usize = 1_000;
/// How many things a round meters on, once there are no events left.
const THINGS: i64 = 500;
/// How many seconds of each a round meters on at most, after a time in which nobody followed.
const STRETCH: i64 = 48 * RESOLUTION;
/// How long after an hour it is metered: who writes an event has read the clock before.
const LATE: TimeDelta = TimeDelta::seconds(60);
/// How many seconds after its end it is forgotten that something was there.
const FORGOTTEN: i64 = 24 * RESOLUTION;

/// What a round has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Followed {
    /// Events that were read.
    pub events: usize,
    /// Things that were metered on.
    pub things: usize,
    /// Records that were written.
    pub records: usize,
}

impl Followed {
    /// Whether there was nothing left to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.events == 0 && self.things == 0
    }
}

/// At which site an offer is delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OfferSite {
    pub(crate) offer: OfferId,
    pub(crate) site: SiteId,
}

impl store::Document for OfferSite {
    const KIND: &'static str = "site of an offer";
    fn name(&self) -> String {
        self.offer.to_string()
    }
}

/// What is to be written.
struct Round {
    from: Position,
    to: i64,
    now: DateTime<Utc>,
    courses: BTreeMap<String, Course>,
    touched: BTreeSet<String>,
    metered: Vec<(String, Metered)>,
    /// The hour up to which things were metered on.
    hour: Option<i64>,
    plans: Vec<PricePlan>,
    sites: Vec<OfferSite>,
    faults: Vec<Fault>,
    /// What was promised and not kept: it is credited.
    breaches: Vec<ToldBreach>,
    done: Followed,
}

impl Accounting {
    /// One round: some events of the log, or some things that run on. Call it
    /// again until it is idle; and whenever the log grows, and at least once in
    /// some minutes.
    ///
    /// # Errors
    /// When the database fails; the same call again goes on.
    pub async fn follow(&self) -> Result<Followed, ServiceError> {
        let now = self.clock.now();
        let round = self.database.read(move |connection| Round::read(connection, now)).await?;
        if round.done.is_idle() {
            return Ok(round.done);
        }
        // Where nothing but the position changes, a failure of power may forget it.
        if round.touched.is_empty() && round.breaches.is_empty() {
            self.database.write_relaxed(move |connection| round.write(connection)).await
        } else {
            self.database.write(move |connection| round.write(connection)).await
        }
    }
}

impl Round {
    fn read(connection: &mut Connection, now: DateTime<Utc>) -> Result<Self, ServiceError> {
        let from = follow::position(connection, FOLLOWER)?;
        let filter = EventFilter { after: Some(from.sequence), ..EventFilter::default() };
        let events = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
        let mut round = Self {
            from,
            to: events.last().map_or(from.sequence, |event| event.sequence),
            now,
            courses: BTreeMap::new(),
            touched: BTreeSet::new(),
            metered: Vec::new(),
            hour: None,
            plans: Vec::new(),
            sites: Vec::new(),
            faults: Vec::new(),
            breaches: Vec::new(),
            done: Followed { events: events.len(), ..Followed::default() },
        };
        round.take(connection, &events)?;
        // Only where the log was read to its end: there it would say what has ended.
        if events.len() < EVENTS {
            round.go_on(connection)?;
        }
        round.done.things = round.touched.len();
        Ok(round)
    }

    /// What the log tells.
    fn take(&mut self, connection: &mut Connection, events: &[Event]) -> Result<(), ServiceError> {
        let mut lives = Vec::new();
        for event in events {
            match Life::read(event) {
                Ok(life) => lives.extend(life.map(|life| (event, life))),
                Err(error) => self.fault(event, &event.subject, error.to_string()),
            }
            match ToldBreach::read(event) {
                // What a partner ordered is claimed by the partner, and settled with it.
                Ok(told) => self.breaches.extend(told.filter(|told| told.breach.customer.is_none())),
                Err(error) => self.fault(event, &event.subject, error.to_string()),
            }
        }
        let mut things = BTreeSet::new();
        for (_, life) in &lives {
            things.insert(life.thing.to_string());
            if let LifeChange::Placed(placement) = &life.change {
                things.insert(Thing::Machine(placement.machine).to_string());
            }
        }
        self.courses = store::courses_get(connection, &things.into_iter().collect::<Vec<_>>())?;
        for (event, life) in &lives {
            if let Err(error) = self.change(event, life) {
                self.fault(event, &life.thing.to_string(), error.to_string());
            }
        }
        let revision = self.to.unsigned_abs();
        for thing in &self.touched {
            if let Some(course) = self.courses.get_mut(thing) {
                self.metered.push((thing.clone(), course.meter(self.now, revision)?));
            }
        }
        Ok(())
    }

    fn change(&mut self, event: &Event, life: &Life) -> Result<(), AccountingError> {
        let known = |thing: &Thing| {
            let course = self.courses.get(&thing.to_string())?;
            Some((course.resource().clone(), course.terms()?.clone()))
        };
        let thing = life.thing.to_string();
        let Some(lifecycle) = bridge(event, life, known)? else {
            if let LifeChange::Placed(placement) = &life.change {
                let problem = format!("is not metered: nobody has told of its machine {}", placement.machine);
                self.fault(event, &thing, problem);
            }
            return Ok(());
        };
        if let LifeChange::Rented(rental) = &life.change {
            self.plans.push(PricePlan::of_rental(rental)?);
            self.sites.push(OfferSite { offer: rental.offer.clone(), site: rental.site.clone() });
        }
        let course = self.courses.entry(thing.clone()).or_insert_with(|| Course::new(&lifecycle));
        if let Some(clock) = course.take(lifecycle, self.now) {
            self.fault(event, &thing, format!("was told at {}, which can't be; taken as {}", clock.told, clock.taken));
        }
        self.touched.insert(thing);
        Ok(())
    }

    /// What runs on, up to the last whole hour.
    fn go_on(&mut self, connection: &mut Connection) -> Result<(), ServiceError> {
        let seconds = (self.now - LATE).timestamp().div_euclid(RESOLUTION) * RESOLUTION;
        for (thing, course) in store::courses_to_go_on(connection, seconds, THINGS)? {
            // What the log has just told of it is known here alone.
            let course = self.courses.entry(thing.clone()).or_insert(course);
            let hour = seconds.min(course.metered_to().saturating_add(STRETCH));
            let Some(hour) = DateTime::from_timestamp(hour, 0) else { continue };
            self.metered.push((thing.clone(), course.go_on(hour, self.to.unsigned_abs())?));
            self.touched.insert(thing);
            self.hour = Some(seconds);
        }
        Ok(())
    }

    fn fault(&mut self, event: &Event, thing: &str, problem: String) {
        tracing::warn!(event = event.sequence, thing, problem, "an event can't be metered as it was told");
        let (at, thing, project) = (event.at, thing.to_owned(), event.project.clone());
        self.faults.push(Fault { at, thing, project, problem });
    }

    /// Writes all of it, or nothing where somebody else was faster.
    fn write(mut self, connection: &mut Connection) -> Result<Followed, ServiceError> {
        if !follow::position_move(connection, FOLLOWER, self.from, self.to)? {
            return Ok(self.done);
        }
        self.courses.retain(|thing, _| self.touched.contains(thing));
        store::courses_put(connection, &self.courses)?;
        if let Some(hour) = self.hour {
            store::courses_forget(connection, hour - FORGOTTEN)?;
        }
        for plan in &self.plans {
            put_once(connection, plan)?;
        }
        for site in &self.sites {
            put_once(connection, site)?;
        }
        let mut records: Vec<UsageRecord> = Vec::new();
        for (thing, metered) in std::mem::take(&mut self.metered) {
            let project = self.courses.get(&thing).and_then(|course| course.terms().map(|terms| terms.project.clone()));
            self.faults.extend(gaps(&thing, project.as_ref(), &metered));
            let charged: Vec<_> =
                metered.lifetimes.into_iter().filter(|life| life.terms.plan != PlanId::included()).collect();
            store::lifetimes_put(connection, &thing, &charged)?;
            records.extend(metered.records);
        }
        store::faults_put(connection, &self.faults)?;
        store::breaches_put(connection, &self.breaches)?;
        let usage: Usage = records.into_iter().collect();
        store::usage_join(connection, &usage)?;
        self.done.records = usage.records().len();
        Ok(self.done)
    }
}

/// What never changes is written once.
fn put_once<T: store::Document>(connection: &mut Connection, document: &T) -> Result<(), RepositoryError> {
    if store::document_get::<T>(connection, &document.name())?.is_none() {
        store::document_put(connection, document, None)?;
    }
    Ok(())
}

fn gaps(thing: &str, project: Option<&ProjectId>, metered: &Metered) -> Vec<Fault> {
    let fault = |gap: &crate::usage::Gap| {
        let what = match gap.reason {
            GapReason::EndMissing => "began anew, and its end before was never told: not counted",
            GapReason::BeginMissing => "ended, and its begin was never told: not counted",
            GapReason::Silent => "nobody has told of it: estimated",
            GapReason::ReadingsMissing => "readings are missing: spread evenly",
        };
        let from = gap.from.map_or_else(|| "an unknown time".to_owned(), |from| from.to_string());
        let problem = format!("from {from} to {}: {what}", gap.to);
        Fault { at: gap.to, thing: thing.to_owned(), project: project.cloned(), problem }
    };
    metered.gaps.iter().map(fault).collect()
}
