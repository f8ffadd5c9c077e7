//! What shifting would have done: decided hour by hour over recorded series, by
//! forecasts made from what was known then, and held against the best with hindsight.

use super::{
    Cost, Job, Objective, Outlook, Placement, Rules, Site,
    best::best,
    cost::Pricing,
    schedule::{at_once, schedule},
};
use crate::{
    SustainabilityError,
    energy::HOUR,
    forecast::{self, Expected, Model},
    intensity::Series,
    quantity::{Carbon, MILLION},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A site with what was recorded there.
#[derive(Debug, Clone)]
pub struct World {
    /// The site; its outlook is not used.
    pub site: Site,
    /// Location-based carbon intensity, in milligrams for each kilowatt-hour.
    pub intensity: Series,
    /// Price of energy in micro-units for each kilowatt-hour. It is known beforehand, as
    /// day-ahead prices and tariffs are.
    pub price: Option<Series>,
}

/// How a replay decides.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// By which rules.
    pub rules: Rules,
    /// How forecasts are made.
    pub forecast: forecast::Settings,
    /// While all that was done has not saved anything yet, only what is sure is shifted
    /// (a caution of one). Only with [`Objective::Carbon`].
    pub brake: bool,
    /// Whether the intensity of the hour that runs is known, as live sources tell it.
    /// Else only hours that are over are.
    pub live: bool,
}

/// A job that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The job.
    pub job: String,
    /// When it was there.
    pub earliest: i64,
    /// Where and when it ran.
    pub placement: Placement,
    /// What that emitted and cost.
    pub cost: Cost,
    /// At once at home.
    pub at_once: Placement,
    /// What that would have emitted and cost.
    pub at_once_cost: Cost,
    /// The least that it could have emitted and cost, with hindsight and all room to itself.
    pub best: Cost,
    /// Round-trip time from home, in microseconds, where that is known.
    pub latency: Option<u32>,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// Jobs that were done, of which everything is known.
    pub done: Vec<Done>,
    /// Jobs that were not done by their deadline.
    pub missed: Vec<String>,
    /// Jobs of which an hour fell into a hole of a series; in no sum.
    pub unknown: Vec<String>,
}

impl Done {
    /// How much later it was done than at once, in seconds.
    #[must_use]
    pub fn waited(&self) -> i64 {
        let end = |placement: &Placement| placement.hours.last().copied().unwrap_or_default();
        end(&self.placement) - end(&self.at_once)
    }
}

impl Replay {
    /// Sums: at once, as it was done, and the best with hindsight.
    #[must_use]
    pub fn totals(&self) -> (Cost, Cost, Cost) {
        self.done.iter().fold(Default::default(), |mut sum: (Cost, Cost, Cost), one| {
            sum.0 += one.at_once_cost;
            sum.1 += one.cost;
            sum.2 += one.best;
            sum
        })
    }

    /// What was saved of what could have been saved with hindsight, in carbon; in
    /// thousandths. None where there was nothing to save.
    #[must_use]
    pub fn share_reached(&self) -> Option<i64> {
        let (at_once, done, best) = self.totals();
        let (could, did) = (at_once.carbon.get() - best.carbon.get(), at_once.carbon.get() - done.carbon.get());
        (could > 0).then(|| i64::try_from(did * 1_000 / could).unwrap_or_default())
    }

    /// How many jobs emitted more than at once at home, and how much more all of them did.
    #[must_use]
    pub fn worse(&self) -> (usize, Carbon) {
        let more = |one: &Done| one.cost.carbon.get() - one.at_once_cost.carbon.get();
        let worse: Vec<i128> = self.done.iter().map(more).filter(|more| *more > 0).collect();
        (worse.len(), Carbon::of(worse.iter().sum()))
    }

    /// The least that had been saved at any time, counting each job when it was done;
    /// negative where there was a time at which shifting had made things worse.
    #[must_use]
    pub fn lowest(&self) -> Carbon {
        let end = |one: &&Done| one.placement.hours.last().copied();
        let mut order: Vec<&Done> = self.done.iter().collect();
        order.sort_by_key(|one| (end(one), &one.job));
        let (mut saved, mut lowest) = (0_i128, 0_i128);
        for one in order {
            saved += one.at_once_cost.carbon.get() - one.cost.carbon.get();
            lowest = lowest.min(saved);
        }
        Carbon::of(lowest)
    }

    /// Carbon saved by the number of a stretch of some seconds (a week: 604,800), by when
    /// jobs were there.
    #[must_use]
    pub fn saved_by(&self, seconds: i64) -> BTreeMap<i64, Carbon> {
        let mut saved: BTreeMap<i64, Carbon> = BTreeMap::new();
        for one in &self.done {
            *saved.entry(one.earliest.div_euclid(seconds.max(1))).or_default() +=
                one.at_once_cost.carbon - one.cost.carbon;
        }
        saved
    }
}

/// A job that is there and not done.
struct Live {
    number: usize,
    rest: u64,
    hours: Vec<i64>,
    site: Option<usize>,
}

struct Player<'a> {
    jobs: &'a [Job],
    worlds: &'a [World],
    settings: Settings,
    models: Vec<Option<Model>>,
    live: Vec<Live>,
    /// What was there, of which only the past is looked at while playing.
    truth: Vec<Site>,
    firsts: Vec<Option<Placement>>,
    /// Jobs that are done and not banked yet.
    fresh: Vec<usize>,
    /// Carbon saved by all that is done, in micrograms.
    bank: i128,
    ran: BTreeMap<usize, Placement>,
    missed: Vec<String>,
}

/// Plays jobs through recorded series. A job is known from its `earliest` on. Each hour
/// all that wait are planned anew, with a forecast of what was known until then. What runs in one piece goes on once it has begun, and nothing
/// changes its site after its beginning.
///
/// # Errors
/// As [`schedule`].
pub fn replay(jobs: &[Job], worlds: &[World], settings: Settings) -> Result<Replay, SustainabilityError> {
    let from = jobs.iter().map(|job| job.window().0).min().unwrap_or_default();
    let to = jobs.iter().map(|job| job.window().1).max().unwrap_or_default();
    let truth: Vec<Site> = worlds
        .iter()
        .map(|world| Site {
            outlook: Outlook::of_recorded(&world.intensity, world.price.as_ref(), from, to),
            ..world.site.clone()
        })
        .collect();
    let firsts = at_once(jobs, &truth, settings.rules)?;
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|number| jobs.get(*number).map(|job| (job.window().0, &job.id)));
    let mut arriving = order.into_iter().peekable();
    let models = worlds.iter().map(|_| None).collect();
    let mut player = Player {
        jobs,
        worlds,
        settings,
        models,
        live: Vec::new(),
        truth,
        firsts,
        fresh: Vec::new(),
        bank: 0,
        ran: BTreeMap::new(),
        missed: Vec::new(),
    };
    for now in (from..to).step_by(3_600) {
        while let Some(number) = arriving.next_if(|number| jobs.get(*number).is_some_and(|job| job.window().0 <= now)) {
            let rest = jobs.get(number).map_or(0, |job| job.seconds);
            player.live.push(Live { number, rest, hours: Vec::new(), site: None });
        }
        player.hour(now)?;
    }
    Ok(player.compare())
}

impl Player<'_> {
    fn hour(&mut self, now: i64) -> Result<(), SustainabilityError> {
        if now.rem_euclid(86_400) == 0 || self.models.iter().any(Option::is_none) {
            for (model, world) in self.models.iter_mut().zip(self.worlds) {
                *model = Model::learn(&world.intensity, now, self.settings.forecast).or(model.take());
            }
        }
        self.drop_late(now);
        if self.live.is_empty() {
            return Ok(());
        }
        let mut sites = self.sites(now);
        let mut waiting = Vec::new();
        for live in &mut self.live {
            let Some(job) = self.jobs.get(live.number) else { continue };
            if let Some(site) = live.site.filter(|_| goes_on(job, live, now)) {
                // The whole rest of what can't stop; this hour of what may stop after it.
                let rest = if job.interruption.is_some() { 1 } else { live.rest.div_ceil(HOUR.unsigned_abs()) };
                let hours = (0..i64::try_from(rest).unwrap_or(1)).map(|number| now + number * HOUR);
                if let Some(site) = sites.get_mut(site) {
                    hours.for_each(|hour| *site.taken.entry(hour).or_default() += job.room);
                }
                work(live, now, site);
            } else {
                waiting.push(rest_of(job, live, now, &sites));
            }
        }
        self.bank_fresh(now);
        let mut rules = self.settings.rules;
        if self.settings.brake && self.bank <= 0 && rules.objective == Objective::Carbon {
            rules.caution = rules.caution.max(MILLION);
        }
        let plan = schedule(&waiting, &sites, rules)?;
        let at = |chosen: &super::Chosen| chosen.placement.hours.first() == Some(&now);
        for chosen in plan.chosen.iter().filter(|chosen| at(chosen)) {
            let site = sites.iter().position(|site| site.id == chosen.placement.site);
            let same = |live: &&mut Live| self.jobs.get(live.number).is_some_and(|job| job.id == chosen.job);
            if let Some((live, site)) = self.live.iter_mut().find(same).zip(site) {
                work(live, now, site);
            }
        }
        self.collect_done();
        Ok(())
    }

    /// The sites by what is known now. Where there is no forecast, nothing is known.
    fn sites(&self, now: i64) -> Vec<Site> {
        let site = |(world, model): (&World, &Option<Model>)| {
            let model = model.as_ref();
            let told = |at| model.map(|model| model.expect(&world.intensity, at)).unwrap_or_default();
            let running = world.intensity.mean(now, now + HOUR).filter(|_| self.settings.live);
            let expected = match running {
                Some((value, _)) => {
                    let hour = Expected { begin: now, value, low: value, high: value };
                    std::iter::once(hour).chain(told(now + HOUR)).collect()
                }
                None => told(now),
            };
            Site { outlook: Outlook::of_expected(&expected, world.price.as_ref()), ..world.site.clone() }
        };
        self.worlds.iter().zip(&self.models).map(site).collect()
    }

    /// What can no longer be done in time.
    fn drop_late(&mut self, now: i64) {
        let jobs = self.jobs;
        let late = |live: &Live| {
            let left = jobs.get(live.number).map_or(0, |job| job.window().1 - now);
            left < i64::try_from(live.rest.div_ceil(HOUR.unsigned_abs())).unwrap_or(i64::MAX).saturating_mul(HOUR)
        };
        let missed = self.live.iter().filter(|live| late(live)).filter_map(|live| jobs.get(live.number));
        self.missed.extend(missed.map(|job| job.id.clone()));
        self.live.retain(|live| !late(live));
    }

    fn collect_done(&mut self) {
        for live in self.live.iter().filter(|live| live.rest == 0) {
            if let Some(world) = live.site.and_then(|site| self.worlds.get(site)) {
                let placement = Placement { site: world.site.id.clone(), hours: live.hours.clone() };
                self.ran.insert(live.number, placement);
                self.fresh.push(live.number);
            }
        }
        self.live.retain(|live| live.rest > 0);
    }

    /// Counts what is done, as soon as all hours that it is compared by are over.
    fn bank_fresh(&mut self, now: i64) {
        let mut rest = Vec::new();
        for number in std::mem::take(&mut self.fresh) {
            let last = |placement: &Placement| placement.hours.last().copied().unwrap_or(now);
            let first = self.firsts.get(number).and_then(Option::as_ref);
            match first.filter(|first| last(first) >= now) {
                Some(_) => rest.push(number),
                None => {
                    self.bank += self.costs(number).map_or(0, |(cost, at_once)| (at_once.carbon - cost.carbon).get())
                }
            }
        }
        self.fresh = rest;
    }

    /// What a job that ran emitted and cost, and what it would have at once at home.
    fn costs(&self, number: usize) -> Option<(Cost, Cost)> {
        let (job, placement) = (self.jobs.get(number)?, self.ran.get(&number)?);
        let at_once = self.firsts.get(number)?.as_ref()?;
        let home = self.truth.iter().find(|site| site.id == job.home)?;
        let site = self.truth.iter().find(|site| site.id == placement.site)?;
        let pricing = |site| Pricing { job, home, site, network: self.settings.rules.network };
        Some((pricing(site).all(placement)?, pricing(home).all(at_once)?))
    }

    fn compare(mut self) -> Replay {
        let mut found = Replay { missed: std::mem::take(&mut self.missed), ..Replay::default() };
        for (number, placement) in &self.ran {
            let Some(job) = self.jobs.get(*number) else { continue };
            match self.done(*number, job, placement) {
                Some(done) => found.done.push(done),
                None => found.unknown.push(job.id.clone()),
            }
        }
        found
    }

    fn done(&self, number: usize, job: &Job, placement: &Placement) -> Option<Done> {
        let rules = self.settings.rules;
        let (cost, at_once_cost) = self.costs(number)?;
        let home = self.truth.iter().find(|site| site.id == job.home)?;
        let site = self.truth.iter().find(|site| site.id == placement.site)?;
        let pricing = |site| Pricing { job, home, site, network: rules.network };
        let could = self.truth.iter().map(pricing).filter(super::schedule::may_run).filter_map(|pricing| {
            let open = |begin| super::room::Room::default().free(0, pricing.site, begin) >= job.room;
            pricing.all(&best(&pricing, rules.objective, open)?)
        });
        let best = could.min_by_key(|cost| rules.objective.key(cost))?;
        let latency = if site.id == home.id { Some(0) } else { site.latency(home) };
        let (placement, at_once) = (placement.clone(), self.firsts.get(number)?.clone()?);
        let (earliest, job) = (job.earliest, job.id.clone());
        Some(Done { job, earliest, placement, cost, at_once, at_once_cost, best, latency })
    }
}

/// Whether a job that has begun must run in this hour.
fn goes_on(job: &Job, live: &Live, now: i64) -> bool {
    let Some(how) = job.interruption else { return !live.hours.is_empty() };
    let least = usize::try_from(how.least_hours).unwrap_or(usize::MAX);
    let piece = (1..).zip(live.hours.iter().rev()).take_while(|(back, hour)| now - **hour == back * HOUR).count();
    piece > 0 && piece < least
}

fn work(live: &mut Live, now: i64, site: usize) {
    live.hours.push(now);
    live.site = Some(site);
    live.rest = live.rest.saturating_sub(HOUR.unsigned_abs());
}

/// What is left of a job, as one that is there now.
fn rest_of(job: &Job, live: &Live, now: i64, sites: &[Site]) -> Job {
    let mut rest = Job { earliest: now, seconds: live.rest, ..job.clone() };
    if let Some(site) = live.site.and_then(|site| sites.get(site)) {
        rest.home = site.id.clone();
        rest.elsewhere.clear();
        rest.ran_until = live.hours.last().map(|hour| hour + HOUR);
    }
    rest
}
