//! What moves of applications to other sites saved.

use super::{SavingsQuery, ServiceError, Sustainability, advice::emitted, book::Book, report::days, savings::told};
use crate::{
    advice::achieved,
    carbon::Footprint,
    course::{Cell, Subject},
    energy::{HOUR, hour_of},
    quantity::{Carbon, Energy, Intensity},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, SiteId};
use hansa_repository::{Connection, event::Event};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What is looked back on from a move: a week.
const BACK: i64 = 7 * 24 * HOUR;
/// What tells that everything of a move works where it is now.
const ARRIVED: [&str; 3] = ["application.moved", "application.improved", "application.consolidated"];
/// What tells that a move begins, with what it is expected to save.
const BEGUN: [&str; 3] = ["application.moving", "application.improving", "application.consolidating"];

/// What a move to other sites saved, against staying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveSaving {
    /// Which application.
    pub application: ApplicationId,
    /// The event's kind: `application.moved`, `application.improved`, `application.consolidated`.
    pub kind: String,
    /// When it began.
    pub begun: DateTime<Utc>,
    /// When all of it worked at its new places.
    pub arrived: DateTime<Utc>,
    /// Where it drew energy in its last full hour before.
    pub from: BTreeSet<SiteId>,
    /// Where it did in the first one after.
    pub to: BTreeSet<SiteId>,
    /// How many full hours since are counted: until the next move, or until now.
    pub hours: u32,
    /// What it was expected to save in these, as was said when it began: what the plan before
    /// emits less what the plan after does. None: that wasn't said.
    pub expected: Option<Carbon>,
    /// What would have been emitted in these: as much energy an hour as before, at what
    /// the old places emitted since. None: some of it isn't known.
    pub without: Option<Carbon>,
    /// What was emitted, location-based and embodied. None: some of it isn't known.
    pub with: Option<Carbon>,
}

impl MoveSaving {
    /// What it saved; below nothing where more was emitted. None: it isn't known.
    #[must_use]
    pub fn saved(&self) -> Option<Carbon> {
        Some(self.without? - self.with?)
    }
}

/// What an application drew, hour by hour.
type Hours<'c> = BTreeMap<i64, Drawn<'c>>;
/// What it drew in an hour.
type Drawn<'c> = Vec<(&'c Arc<Subject>, &'c Cell)>;

/// A move as the log tells it, with the hours that are held against each other.
struct Moved {
    event: Event,
    application: ApplicationId,
    begun: DateTime<Utc>,
    /// What was said to be saved an hour, in micrograms.
    saves: Option<i64>,
    before: (i64, i64),
    after: (i64, i64),
}

impl Sustainability {
    /// What moves to other sites saved that were over in these days, the latest first.
    /// The hours in which an application moved are on neither side: it drew at both.
    ///
    /// # Errors
    /// When the days can't be, or the database fails.
    pub async fn move_savings(&self, query: &SavingsQuery) -> Result<Vec<MoveSaving>, ServiceError> {
        let (this, query, now) = (self.clone(), query.clone(), self.clock.now().timestamp());
        self.database
            .read(move |connection| {
                let moves = moves(connection, &query, now)?;
                let Some(first) = moves.iter().map(|one| one.before.0).min() else { return Ok(Vec::new()) };
                let window = (first, hour_of(now));
                let cells = this.cells(connection, Some(&query.project), window)?;
                let book = this.book(connection, &cells, window)?;
                let mut of: BTreeMap<ApplicationId, Hours<'_>> = BTreeMap::new();
                for ((subject, hour), cell) in &cells {
                    let Some(application) = subject.application.filter(|_| cell.energy() != Energy::ZERO) else {
                        continue;
                    };
                    of.entry(application).or_default().entry(*hour).or_default().push((subject, cell));
                }
                let mut all: Vec<MoveSaving> =
                    moves.iter().filter_map(|one| saving(one, of.get(&one.application)?, &book)).collect();
                all.sort_by_key(|one| std::cmp::Reverse(one.arrived));
                Ok(all)
            })
            .await
    }
}

/// The moves of an application in these days, each with its hours.
fn moves(connection: &mut Connection, query: &SavingsQuery, now: i64) -> Result<Vec<Moved>, ServiceError> {
    let (events, said) = (all_told(connection, query, ARRIVED)?, all_told(connection, query, BEGUN)?);
    let window = days(query.from, query.through)?;
    let mut all: Vec<Moved> = Vec::new();
    for event in events {
        let Some(application) = event.application else { continue };
        let took = event.data.get("seconds").and_then(serde_json::Value::as_i64).unwrap_or(0).max(0);
        let begun = event.at - chrono::TimeDelta::try_seconds(took).unwrap_or_default();
        let (leaves, stays) = (hour_of(begun.timestamp()), hour_of(event.at.timestamp()) + HOUR);
        let (mut back, mut since) = (leaves - BACK, 0);
        if let Some(last) = all.iter_mut().rev().find(|one| one.application == application) {
            last.after.1 = last.after.1.min(leaves);
            (back, since) = (back.max(last.after.0), last.event.sequence);
        }
        let its =
            |one: &&Event| one.application == event.application && (since..event.sequence).contains(&one.sequence);
        let saves = said.iter().rev().find(its).and_then(|one| one.data.get("savesMicrogramsPerHour")?.as_i64());
        all.push(Moved { event, application, begun, saves, before: (back, leaves), after: (stays, hour_of(now)) });
    }
    all.retain(|one| (window.0..window.1).contains(&one.event.at.timestamp()));
    Ok(all)
}

/// All events of these kinds of a project, in the order of the log.
fn all_told(connection: &mut Connection, query: &SavingsQuery, kinds: [&str; 3]) -> Result<Vec<Event>, ServiceError> {
    let mut events = Vec::new();
    for kind in kinds {
        events.extend(told(connection, query, kind)?);
    }
    events.sort_by_key(|event| event.sequence);
    Ok(events)
}

/// None: it moved within its sites, or nothing is known of a full hour before and after.
fn saving(moved: &Moved, all: &Hours<'_>, book: &Book) -> Option<MoveSaving> {
    // Hours in which it began or ended aren't full.
    let within = |(from, to): (i64, i64)| {
        let full = move |hour: &i64| all.contains_key(&(hour - HOUR)) || *hour == from;
        all.range(from..to.max(from)).filter(move |(hour, _)| full(hour))
    };
    let first_of_all = *all.keys().next()?;
    let before: Hours<'_> = within(moved.before).filter(|(hour, _)| **hour > first_of_all).map(owned).collect();
    let mut after: Hours<'_> = within(moved.after).map(owned).collect();
    if after.last_key_value().is_some_and(|(last, _)| last + HOUR < moved.after.1) {
        after.pop_last();
    }
    let sites = |of: &[(&Arc<Subject>, &Cell)]| of.iter().map(|(subject, _)| subject.site.clone()).collect();
    let from: BTreeSet<SiteId> = sites(before.last_key_value()?.1);
    let to: BTreeSet<SiteId> = sites(after.first_key_value()?.1);
    if from == to {
        return None;
    }
    let seconds = |hours: &Hours<'_>| hours.len() as u64 * HOUR.unsigned_abs();
    let (was, is) = (footprint(&before, book), footprint(&after, book));
    let old = old_intensity(&before, &after, book);
    let told = old.and_then(|old| achieved((&was, seconds(&before)), (&is, seconds(&after)), old, Carbon::ZERO));
    Some(MoveSaving {
        application: moved.application,
        kind: moved.event.kind.clone(),
        begun: moved.begun,
        arrived: moved.event.at,
        from,
        to,
        hours: u32::try_from(after.len()).unwrap_or(u32::MAX),
        expected: moved.saves.map(|saves| Carbon::of(i128::from(saves) * after.len() as i128)),
        without: told.map(|told| told.without),
        with: (is.location_unknown == Energy::ZERO).then_some(is.location + is.embodied),
    })
}

fn owned<'c>((hour, cells): (&i64, &Drawn<'c>)) -> (i64, Drawn<'c>) {
    (*hour, cells.clone())
}

fn footprint(hours: &Hours<'_>, book: &Book) -> Footprint {
    let mut sum = Footprint::default();
    for (hour, cells) in hours {
        for (subject, cell) in cells {
            sum += emitted(book, subject, *hour, cell);
        }
    }
    sum
}

/// What the old places had on the mean of the hours since, by what was drawn at each.
/// None: of some place or hour it isn't known.
fn old_intensity(before: &Hours<'_>, after: &Hours<'_>, book: &Book) -> Option<Intensity> {
    let (mut weighted, mut weights) = (0_i128, 0_i128);
    let mut known: BTreeMap<&Arc<Subject>, i128> = BTreeMap::new();
    for (hour, cells) in before {
        for (subject, cell) in cells {
            let mean = match known.get(subject) {
                Some(mean) => *mean,
                None => {
                    let each = after.keys().map(|hour| Some(i128::from(book.location(subject, *hour)?.0.get())));
                    let mean = each.sum::<Option<i128>>()? / i128::try_from(after.len()).ok()?.max(1);
                    known.insert(subject, mean);
                    mean
                }
            };
            let facility = book.facility(subject, cell);
            let bought = (facility - book.own(subject, *hour).min(facility)).get();
            weighted += bought * mean;
            weights += bought;
        }
    }
    let mean = weighted.checked_div(weights)?;
    i64::try_from(mean).ok().map(Intensity::of)
}
