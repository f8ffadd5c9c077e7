//! Follows the event log: what it tells of machines becomes standings and breaches.
//!
//! As in accounting a round reads and judges without a lock, then writes all
//! that came out, the events that tell of it and the new position in one
//! transaction, if nobody else has written a round meanwhile. So each breach is
//! told once, whoever is killed and however many follow.

use super::Assurance;
use crate::{
    sla::{Agreement, Announcement, Change, Course, Standing, Terms, Told},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, MachineId};
use hansa_repository::{
    Connection, RepositoryError,
    breach::{Breach, MISSED, ToldBreach},
    event::{self, Event, EventFilter, NewEvent, Order},
    follow::{self, Position},
    life::{Life, LifeChange, Thing},
    report::ProviderReport,
};
use std::collections::{BTreeMap, BTreeSet};

/// Its name among those who follow the log.
const FOLLOWER: &str = "assurance";
/// How many events a round reads.
const EVENTS: usize = 1_000;
/// How many rentals a round looks at, once there are no events left.
const RENTALS: i64 = 500;
/// How many windows of each objective a round judges, after a time in which nobody followed.
const WINDOWS: usize = 100;
/// How long after its end a rental is known by its machine.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);
/// How long standings are kept. Breaches stay.
const KEPT: TimeDelta = TimeDelta::days(400);

/// What a round has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Followed {
    /// Events that were read.
    pub events: usize,
    /// Rentals that were looked at.
    pub rentals: usize,
    /// Windows that were judged.
    pub judged: usize,
    /// Breaches that were told.
    pub breaches: usize,
}

impl Followed {
    /// Whether there was nothing left to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.events == 0 && self.rentals == 0
    }
}

/// What is to be written.
struct Round {
    from: Position,
    to: i64,
    now: DateTime<Utc>,
    /// Rentals by their machines, each with when it is to be looked at again.
    courses: BTreeMap<MachineId, (Course, Option<i64>)>,
    /// Rentals whose machine was rented anew since.
    finished: Vec<Course>,
    standings: Vec<Standing>,
    /// With what it is of: whose.
    breaches: Vec<(Standing, Breach)>,
    risks: Vec<Standing>,
    done: Followed,
}

impl Assurance {
    /// One round: some events of the log, or some windows that are over. Call
    /// it again until it is idle; and whenever the log grows, and at least once
    /// in some minutes.
    ///
    /// # Errors
    /// When the database fails; the same call again goes on.
    pub async fn follow(&self) -> Result<Followed, RepositoryError> {
        let now = self.clock.now();
        let round = self.database.read(move |connection| Round::read(connection, now)).await?;
        if round.done.is_idle() {
            return Ok(round.done);
        }
        // Where nothing but the position changes, a failure of power may forget it.
        if round.courses.is_empty() {
            self.database.write_relaxed(move |connection| round.write(connection)).await
        } else {
            self.database.write(move |connection| round.write(connection)).await
        }
    }
}

/// What an event tells of a machine.
enum News {
    /// What happened to it.
    Life(LifeChange),
    /// What the partner who delivers it has measured.
    Report(ProviderReport),
}

impl News {
    fn read(event: &Event) -> Result<Option<(MachineId, Self)>, RepositoryError> {
        if let Some(Life { thing: Thing::Machine(machine), change }) = Life::read(event)? {
            return Ok(Some((machine, Self::Life(change))));
        }
        Ok(ProviderReport::read(event)?.map(|report| (report.machine, Self::Report(report))))
    }
}

impl Round {
    fn read(connection: &mut Connection, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        let from = follow::position(connection, FOLLOWER)?;
        let filter = EventFilter { after: Some(from.sequence), ..EventFilter::default() };
        let events = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
        let mut round = Self {
            from,
            to: events.last().map_or(from.sequence, |event| event.sequence),
            now,
            courses: BTreeMap::new(),
            finished: Vec::new(),
            standings: Vec::new(),
            breaches: Vec::new(),
            risks: Vec::new(),
            done: Followed { events: events.len(), ..Followed::default() },
        };
        round.take(connection, &events)?;
        // Only where the log was read to its end: there it would say what was away.
        let read_out = events.len() < EVENTS;
        if read_out {
            for (machine, course) in store::courses_to_look_at(connection, now.timestamp(), RENTALS)? {
                // What the log has just told of it is known here alone.
                round.courses.entry(machine).or_insert((course, None));
            }
        }
        let all = round.courses.values().map(|(course, _)| course).chain(&round.finished);
        if let Some(since) = all.map(Course::open_since).min() {
            let announced = store::announcements_since(connection, since)?;
            round.judge(&announced, read_out);
        }
        round.done.rentals = round.courses.len();
        Ok(round)
    }

    /// What the log tells.
    fn take(&mut self, connection: &mut Connection, events: &[Event]) -> Result<(), RepositoryError> {
        let mut told = Vec::new();
        for event in events {
            match News::read(event) {
                Ok(Some((machine, news))) => told.push((event, machine, news)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "an event can't be held against what was promised"),
            }
        }
        let machines: BTreeSet<MachineId> = told.iter().map(|(_, machine, _)| *machine).collect();
        let mut known = store::courses_get(connection, machines)?;
        for (event, machine, news) in told {
            let before = known.remove(&machine);
            let course = match news {
                News::Life(change) => self.change(before, machine, event, &change),
                News::Report(report) => before.map(|mut course| {
                    course.report(event.sequence, &report);
                    course
                }),
            };
            known.extend(course.map(|course| (machine, course)));
        }
        self.courses = known.into_iter().map(|(machine, course)| (machine, (course, None))).collect();
        Ok(())
    }

    /// What an event makes of a rental; none: nothing was promised.
    fn change(&mut self, known: Option<Course>, id: MachineId, event: &Event, change: &LifeChange) -> Option<Course> {
        let (numbered, now) = ((event.sequence, event.at), self.now);
        let goes_on = known.as_ref().is_some_and(Course::goes_on);
        let (mut course, change) = match (known, change) {
            (Some(known), LifeChange::Rented(_) | LifeChange::Resumed) if goes_on => (known, Change::There),
            (Some(known), LifeChange::Lost) => (known, Change::Lost),
            (Some(known), LifeChange::Ended) => (known, Change::Ended),
            (known, LifeChange::Rented(rental)) => {
                self.finished.extend(known);
                return Some(Course::new(id, Terms::of(event, rental)?, numbered, rental.ordered, now));
            }
            // Before losses were told as such, a machine that was lost had ended.
            (Some(known), LifeChange::Resumed) => {
                let again = known.again(numbered, now);
                self.finished.push(known);
                return Some(again);
            }
            (known, _) => return known,
        };
        if let Some(taken) = course.take(Told { sequence: event.sequence, at: event.at, change }, now) {
            tracing::warn!(event = event.sequence, told = %event.at, %taken, "an event was told at a time that can't be");
        }
        Some(course)
    }

    /// What is over is judged; of what runs it is said how it stands.
    fn judge(&mut self, announced: &[Announcement], read_out: bool) {
        let now = self.now.timestamp();
        for mut course in std::mem::take(&mut self.finished) {
            course.reports_close();
            let (judged, _) = course.judge(now, announced, usize::MAX);
            self.judged(judged);
        }
        let mut courses = std::mem::take(&mut self.courses);
        for (course, look) in courses.values_mut() {
            if course.goes_on() && !read_out {
                *look = Some(now);
                continue;
            }
            let most = if course.goes_on() { WINDOWS } else { usize::MAX };
            let (judged, more) = course.judge(now, announced, most);
            self.judged(judged);
            if more {
                *look = Some(now);
                continue;
            }
            let running = course.running(now, announced);
            self.risks.extend(course.warn(&running));
            *look = course.next_look(now, &running);
            self.standings.extend(running);
        }
        self.courses = courses;
    }

    fn judged(&mut self, judged: Vec<(Standing, Option<Breach>)>) {
        self.done.judged += judged.len();
        for (standing, breach) in judged {
            self.breaches.extend(breach.map(|breach| (standing.clone(), breach)));
            self.standings.push(standing);
        }
    }

    /// Writes all of it, or nothing where somebody else was faster.
    fn write(mut self, connection: &mut Connection) -> Result<Followed, RepositoryError> {
        if !follow::position_move(connection, FOLLOWER, self.from, self.to)? {
            return Ok(self.done);
        }
        store::standings_put(connection, &self.standings)?;
        for (standing, breach) in &self.breaches {
            let sequence = event::append(connection, &missed(standing, breach, self.now)?)?;
            let told = ToldBreach {
                sequence,
                at: self.now,
                project: standing.project.clone(),
                application: standing.application,
                breach: breach.clone(),
            };
            store::breach_insert(connection, sequence, (&told.project, told.application), &told)?;
        }
        let differ = self.standings.iter().filter_map(|standing| report_differs(standing, self.now));
        for event in differ {
            event::append(connection, &event)?;
        }
        for standing in &self.risks {
            event::append(connection, &at_risk(standing, self.now))?;
        }
        let now = self.now.timestamp();
        for (course, look) in self.courses.values() {
            store::courses_put(connection, course, *look, now)?;
        }
        if self.done.judged > 0 {
            store::forget(connection, (self.now - FORGOTTEN).timestamp(), (self.now - KEPT).timestamp())?;
        }
        self.done.breaches = self.breaches.len();
        Ok(self.done)
    }
}

fn about(standing: &Standing, kind: &str, message: String, at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        at,
        actor: Actor::Broker,
        application: standing.application,
        subject: format!("machine/{}", standing.machine),
        kind: kind.to_owned(),
        message,
        data: serde_json::Value::Null,
    }
}

fn missed(standing: &Standing, breach: &Breach, at: DateTime<Utc>) -> Result<NewEvent, RepositoryError> {
    let told = &breach.missed;
    let (metric, unit, window) = (told.metric.name(), told.metric.unit(), told.window.name());
    let message = format!(
        "{metric} of a machine of offer {} was {} {unit} from {} to {}; {} {unit} in a {window} was promised: {} % of \
         its charge is credited",
        breach.offer.short(),
        told.measured,
        told.from,
        told.until,
        told.target,
        told.credit_percent,
    );
    Ok(NewEvent { data: breach.tell()?, ..about(standing, MISSED, message, at) })
}

fn at_risk(standing: &Standing, at: DateTime<Utc>) -> NewEvent {
    let Standing { metric, target, window, from, until, spent_percent, budget_left_seconds, .. } = standing;
    let (name, unit, spent) = (metric.name(), metric.unit(), spent_percent.unwrap_or_default().round_dp(1));
    let message = format!(
        "{name} of a machine of offer {}: {spent} % of what may be missing until {until} is spent; {target} {unit} in a \
         {} is promised",
        standing.offer.short(),
        window.name(),
    );
    let data = serde_json::json!({
        "metric": metric, "target": target, "window": window, "from": from, "until": until,
        "spentPercent": spent_percent, "budgetLeftSeconds": budget_left_seconds,
    });
    NewEvent { data, ..about(standing, "sla.at-risk", message, at) }
}

/// What tells that a partner's measure is another one than ours, once the window is judged.
fn report_differs(standing: &Standing, at: DateTime<Utc>) -> Option<NewEvent> {
    let Standing { reported, partner, from, until, .. } = standing;
    let reported = reported.as_ref().filter(|one| standing.judged && one.agreement != Agreement::Confirmed)?;
    let message = format!(
        "{} reports {} s of outage of a machine of offer {} from {from} to {until}; {} s were measured here",
        partner.as_deref().unwrap_or("the partner"),
        reported.down_seconds,
        standing.offer.short(),
        reported.own_down_seconds,
    );
    let data = serde_json::json!({ "from": from, "until": until, "partner": partner, "reported": reported });
    Some(NewEvent { data, ..about(standing, "sla.report-differs", message, at) })
}
