//! What choosing the hours of jobs was expected to save, and what it did save.

use super::{
    ServiceError, Sustainability,
    coming::{Quantity, Sight, constant},
    jobs::stated,
    report::days,
};
use crate::{
    course::Subject,
    energy::HOUR,
    intensity::Series,
    quantity::{Carbon, Energy, Intensity},
    store::Cells,
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{ApplicationId, Currency, ProjectId, ProjectScope, Site, SiteId};
use hansa_repository::{
    Connection,
    catalogue::partner,
    event::{self, Event, EventFilter, Order},
    shifted::{BEGUN, BegunJob, DONE},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The most events that are read at once.
const EVENTS: usize = 1_000;

/// Of which jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavingsQuery {
    /// Of which project.
    pub project: ProjectId,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// Begun from this day of UTC on.
    pub from: NaiveDate,
    /// Through this day.
    pub through: NaiveDate,
}

/// What a job saved by when and where it ran, against beginning at once at home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSaving {
    /// Of which application.
    pub application: ApplicationId,
    /// What was begun, when and where, and what that was expected to save.
    pub job: BegunJob,
    /// Where it ran, as far as its energy is known.
    pub sites: BTreeSet<SiteId>,
    /// When it ended well. None: it hasn't, or was taken away.
    pub done: Option<DateTime<Utc>>,
    /// What it drew until now, before PUE.
    pub energy: Energy,
    /// Operational, location-based: what it emitted. None: some of it isn't known.
    pub emitted: Option<Carbon>,
    /// What the same energy would have emitted at home, from when it was ready on.
    pub at_once: Option<Carbon>,
    /// The price of its energy, in micro-units of the job's currency.
    pub paid: Option<i64>,
    /// What the same energy would have cost.
    pub paid_at_once: Option<i64>,
}

impl JobSaving {
    /// What it saved in carbon; below nothing where it emitted more. None: it isn't known.
    #[must_use]
    pub fn saved(&self) -> Option<Carbon> {
        Some(self.at_once? - self.emitted?)
    }

    /// What it saved in the price of its energy, in micro-units.
    #[must_use]
    pub fn saved_micros(&self) -> Option<i64> {
        self.paid_at_once?.checked_sub(self.paid?)
    }
}

/// A job, and the time in which its energy is its own.
struct Run {
    application: ApplicationId,
    job: BegunJob,
    done: Option<DateTime<Utc>>,
    end: i64,
}

impl Sustainability {
    /// What jobs saved that were begun in hours that were chosen, the latest first. The
    /// same energy as was drawn, hour by hour, is laid where and when it would have been
    /// at once, at the intensities that were stated there; what a site generates itself
    /// is left out on both sides.
    ///
    /// # Errors
    /// When the days can't be, or the database fails.
    pub async fn savings(&self, query: &SavingsQuery) -> Result<Vec<JobSaving>, ServiceError> {
        let (this, query, now) = (self.clone(), query.clone(), self.clock.now().timestamp());
        self.database
            .read(move |connection| {
                let runs = runs(connection, &query, now)?;
                let Some(first) = runs.iter().map(|run| run.job.begun.timestamp()).min() else {
                    return Ok(Vec::new());
                };
                let last = runs.iter().map(|run| run.end).max().unwrap_or(now);
                let window = (first.div_euclid(HOUR) * HOUR, last);
                let cells = this.cells(connection, Some(&query.project), window)?;
                let mut all: Vec<JobSaving> =
                    runs.into_iter().map(|run| this.saving(connection, run, &cells)).collect::<Result<_, _>>()?;
                all.reverse();
                Ok(all)
            })
            .await
    }

    fn saving(&self, connection: &mut Connection, run: Run, cells: &Cells) -> Result<JobSaving, ServiceError> {
        let Run { application, job, done, end } = run;
        let (begun, earlier) = (job.begun.timestamp(), (job.begun - job.ready).num_seconds());
        let own: Vec<(&Arc<Subject>, (i64, i64), Energy)> = cells
            .iter()
            .filter(|((subject, hour), _)| {
                let its =
                    subject.application == Some(application) && subject.component.as_ref() == Some(&job.component);
                its && *hour < end && hour + HOUR > begun
            })
            .map(|((subject, hour), cell)| (subject, ((*hour).max(begun), (hour + HOUR).min(end)), cell.energy()))
            .filter(|(_, (from, to), energy)| from < to && *energy != Energy::ZERO)
            .collect();
        let sites: BTreeSet<SiteId> = own.iter().map(|(subject, ..)| subject.site.clone()).collect();
        let names: Vec<String> = sites.iter().chain([&job.home]).map(ToString::to_string).collect();
        let known = partner::sites(connection, &names)?;
        let mut ledger = Ledger { of: self, connection, known: &known, currency: job.currency, hours: BTreeMap::new() };
        let mut sums = Sums::default();
        for (subject, (from, to), energy) in &own {
            let there = ledger.at(&subject.site, (*from, *to), subject.intensity)?;
            let home = ledger.at(&job.home, (from - earlier, to - earlier), None)?;
            let pue = subject.pue.unwrap_or(self.options.coefficients.default_pue.value);
            sums.add((energy.millionths(pue), there), (energy.millionths(home.pue), home));
        }
        let some = !own.is_empty();
        let energy = own.iter().map(|(.., energy)| *energy).sum();
        Ok(JobSaving {
            application,
            job,
            sites,
            done,
            energy,
            emitted: sums.emitted.filter(|_| some),
            at_once: sums.at_once.filter(|_| some),
            paid: sums.paid.filter(|_| some),
            paid_at_once: sums.paid_at_once.filter(|_| some),
        })
    }
}

/// Jobs that were begun in the days of a query, in the order of the log.
fn runs(connection: &mut Connection, query: &SavingsQuery, now: i64) -> Result<Vec<Run>, ServiceError> {
    let window = days(query.from, query.through)?;
    let begun = told(connection, query, BEGUN)?;
    let done = told(connection, query, DONE)?;
    let mut runs: Vec<(i64, Run)> = Vec::new();
    for event in &begun {
        let (Some(application), Some(job)) = (event.application, BegunJob::read(event)?) else { continue };
        let begun = job.begun.timestamp();
        // Begun anew it is another run.
        let same = |run: &&mut (i64, Run)| run.1.application == application && run.1.job.component == job.component;
        if let Some((_, before)) = runs.iter_mut().rev().find(same) {
            before.end = before.end.min(begun);
        }
        runs.push((event.sequence, Run { application, job, done: None, end: now }));
    }
    for event in &done {
        let component = event.data.get("component").and_then(|name| name.as_str());
        let its = |(sequence, run): &&mut (i64, Run)| {
            *sequence < event.sequence
                && Some(run.application) == event.application
                && Some(run.job.component.as_str()) == component
        };
        if let Some((_, run)) = runs.iter_mut().rev().find(its) {
            run.done = run.done.or(Some(event.at));
            run.end = run.end.min(event.at.timestamp());
        }
    }
    let within = |run: &Run| (window.0..window.1).contains(&run.job.begun.timestamp());
    Ok(runs.into_iter().map(|(_, run)| run).filter(within).collect())
}

/// All events of a kind of a project, in their order.
pub(super) fn told(connection: &mut Connection, query: &SavingsQuery, kind: &str) -> Result<Vec<Event>, ServiceError> {
    let scope = ProjectScope::Only([query.project.clone()].into());
    let mut filter = EventFilter {
        application: query.application,
        kind_prefix: Some(kind.to_owned()),
        scope,
        ..EventFilter::default()
    };
    let mut all: Vec<Event> = Vec::new();
    loop {
        let some = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
        let (count, last) = (some.len(), some.last().map(|event| event.sequence));
        all.extend(some);
        if count < EVENTS {
            return Ok(all);
        }
        filter.after = last;
    }
}

/// What is known of a stretch at a site.
#[derive(Clone, Copy)]
struct Known {
    pue: u64,
    intensity: Option<Intensity>,
    price: Option<i64>,
}

/// What is stated of sites in the hours of one job.
struct Ledger<'l> {
    of: &'l Sustainability,
    connection: &'l mut Connection,
    known: &'l BTreeMap<SiteId, Site>,
    currency: Currency,
    /// By site and day.
    hours: BTreeMap<(SiteId, i64), (Option<Series>, Option<Series>)>,
}

const DAY: i64 = 24 * HOUR;

impl Ledger<'_> {
    /// `stated` is the intensity that counts where no series does.
    fn at(&mut self, site: &SiteId, (from, to): (i64, i64), told: Option<Intensity>) -> Result<Known, ServiceError> {
        let default_pue = self.of.options.coefficients.default_pue.value;
        let Some(known) = self.known.get(site) else {
            return Ok(Known { pue: default_pue, intensity: told, price: None });
        };
        let day = from.div_euclid(DAY) * DAY;
        let window = (day, day + 2 * DAY);
        let key = (site.clone(), day);
        if !self.hours.contains_key(&key) {
            let mut of = |quantity| {
                let found = Sight::new(&self.of.options, quantity, window, None).hours(self.connection, known)?;
                Ok::<_, ServiceError>(found.map(|hours| hours.series))
            };
            let both = (of(Quantity::Intensity)?, of(Quantity::Price(self.currency))?);
            self.hours.insert(key.clone(), both);
        }
        let (intensity, price) = self.hours.get(&key).cloned().unwrap_or_default();
        let fallback = told.or_else(|| stated(known)).map(|stated| constant(stated.get(), (from, to))).transpose()?;
        let whole = |series: &Option<Series>| {
            let (mean, seconds) = series.as_ref()?.mean(from, to)?;
            (seconds == (to - from).unsigned_abs()).then_some(mean)
        };
        let intensity = whole(&intensity).or_else(|| whole(&fallback)).map(Intensity::of);
        Ok(Known { pue: self.of.pue(known), intensity, price: whole(&price) })
    }
}

/// Sums of which none is known once a part isn't.
struct Sums {
    emitted: Option<Carbon>,
    at_once: Option<Carbon>,
    paid: Option<i64>,
    paid_at_once: Option<i64>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { emitted: Some(Carbon::ZERO), at_once: Some(Carbon::ZERO), paid: Some(0), paid_at_once: Some(0) }
    }
}

impl Sums {
    fn add(&mut self, (drawn, there): (Energy, Known), (would, home): (Energy, Known)) {
        let carbon = |sum: Option<Carbon>, energy: Energy, of: Known| Some(sum? + energy.at(of.intensity?));
        let price = |sum: Option<i64>, energy: Energy, of: Known| sum?.checked_add(energy.priced(of.price?));
        self.emitted = carbon(self.emitted, drawn, there);
        self.at_once = carbon(self.at_once, would, home);
        self.paid = price(self.paid, drawn, there);
        self.paid_at_once = price(self.paid_at_once, would, home);
    }
}
