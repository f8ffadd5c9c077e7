//! When and where one job in one piece begins, to the second: for work that is
//! there at any moment, where [`super::schedule`] thinks in full hours.

use super::Objective;
use crate::{
    intensity::Series,
    quantity::{Carbon, Energy, Intensity},
};
use hansa_ontology::SiteId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is known of a site, from when the job could begin until it must be done: what
/// was, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Which site.
    pub site: SiteId,
    /// Power usage effectiveness in millionths.
    pub pue: u64,
    /// Carbon intensity in mg/kWh.
    pub intensity: Option<Series>,
    /// Price of energy in micro-units for each kilowatt-hour.
    pub price: Option<Series>,
}

/// A job that runs in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Where it would run if nobody shifted it.
    pub home: &'a SiteId,
    /// When it would have begun if nobody shifted it, in seconds since 1970.
    pub ready: i64,
    /// It can't begin before, in seconds since 1970: now.
    pub now: i64,
    /// It begins by then, in seconds since 1970.
    pub latest: i64,
    /// How long it runs, in seconds.
    pub seconds: u64,
    /// What it draws, before PUE, in milliwatts.
    pub milliwatts: u64,
}

/// A begin, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Where.
    pub site: SiteId,
    /// When, in seconds since 1970.
    pub begin: i64,
    /// Mean intensity while it runs; none where some of it isn't known.
    pub intensity: Option<Intensity>,
    /// What it emits, operational.
    pub carbon: Option<Carbon>,
    /// What its energy costs, in micro-units.
    pub price: Option<i64>,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begin {
    /// At home, when it was ready.
    pub at_once: Start,
    /// What is best from now on.
    pub chosen: Start,
    /// Whether what is made small is known of beginning now at home. Where it isn't,
    /// that is chosen.
    pub known: bool,
}

/// The best begin from now on, by what is known. Now, at home, is left only for what is
/// better; of what is equally good the earliest is taken, home before others. What is
/// known changes at steps of the series alone, so the best begins or ends at one of
/// them, now, or at the latest moment: all of these are looked at.
#[must_use]
pub fn begin(job: &Piece<'_>, objective: Objective, courses: &[Course]) -> Begin {
    let nothing = Course { site: job.home.clone(), pue: 1, intensity: None, price: None };
    let home = courses.iter().find(|course| course.site == *job.home).unwrap_or(&nothing);
    let at_once = home.start(job, job.ready);
    let now = home.start(job, job.now);
    let Some(mut least) = key(objective, &now) else { return Begin { at_once, chosen: now, known: false } };
    let mut chosen = now;
    for moment in moments(job, courses) {
        for course in std::iter::once(home).chain(courses.iter().filter(|course| course.site != *job.home)) {
            let start = course.start(job, moment);
            if let Some(found) = key(objective, &start).filter(|found| *found < least) {
                (least, chosen) = (found, start);
            }
        }
    }
    Begin { at_once, chosen, known: true }
}

/// What is made small.
fn key(objective: Objective, start: &Start) -> Option<i128> {
    match objective {
        Objective::Carbon => start.carbon.map(Carbon::get),
        Objective::Price => start.price.map(i128::from),
        Objective::Weighted(micros) => {
            let (carbon, price) = (start.carbon?.get(), i128::from(start.price?));
            Some(price * 1_000_000_000 + carbon * i128::from(micros))
        }
    }
}

/// When it may begin or end: now, at a step of a series, at the latest.
fn moments(job: &Piece<'_>, courses: &[Course]) -> BTreeSet<i64> {
    let seconds = i64::try_from(job.seconds).unwrap_or(i64::MAX);
    let all = courses.iter().flat_map(|course| [&course.intensity, &course.price]).flatten();
    let steps = all.flat_map(|series| series.steps().map(|step| step.0).chain([series.end()]));
    let begins = steps.flat_map(|step| [step, step.saturating_sub(seconds)]);
    begins.chain([job.now, job.latest]).filter(|begin| (job.now..=job.latest.max(job.now)).contains(begin)).collect()
}

impl Course {
    fn start(&self, job: &Piece<'_>, begin: i64) -> Start {
        let energy = Energy::of_power(job.milliwatts, job.seconds.saturating_mul(1_000)).millionths(self.pue);
        let end = begin.saturating_add(i64::try_from(job.seconds).unwrap_or(i64::MAX));
        let whole = |series: &Option<Series>| {
            let (mean, known) = series.as_ref()?.mean(begin, end)?;
            (known == job.seconds).then_some(mean)
        };
        let intensity = whole(&self.intensity).map(Intensity::of);
        let carbon = intensity.map(|intensity| energy.at(intensity));
        let price = whole(&self.price).map(|price| energy.priced(price));
        Start { site: self.site.clone(), begin, intensity, carbon, price }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quantity::MILLION,
        shift::{Hour, Job, Outlook, Rules, Site, schedule},
    };
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    fn site(name: &str) -> SiteId {
        SiteId::new(format!("urn:hansa:site:{name}")).unwrap()
    }

    fn course(name: &str, pue: u64, grams: &[i64]) -> Course {
        let values: Vec<i64> = grams.iter().map(|grams| grams * 1_000).collect();
        Course { site: site(name), pue, intensity: Series::of_values(0, HOUR, &values).ok(), price: None }
    }

    fn piece(home: &SiteId, now: i64, latest: i64, seconds: u64) -> Piece<'_> {
        Piece { home, ready: now, now, latest, seconds, milliwatts: 1_000_000 }
    }

    #[test]
    fn it_waits_for_the_clean_hour_and_not_for_nothing() {
        let home = site("north");
        let courses = [course("north", MILLION, &[500, 400, 100, 300])];
        let found = begin(&piece(&home, 600, 3 * HOUR, 3_600), Objective::Carbon, &courses);
        assert_eq!((found.chosen.begin, found.at_once.begin, found.known), (2 * HOUR, 600, true));
        // By hand: 1 kWh at 100 g, against five sixths of it at 500 g and one at 400 g.
        assert_eq!(found.chosen.carbon, Some(Carbon::of(100_000_000)));
        assert_eq!(found.at_once.intensity, Some(Intensity::of(483_333)));
        let flat = [course("north", MILLION, &[300; 9])];
        assert_eq!(begin(&piece(&home, 600, 3 * HOUR, 3_600), Objective::Carbon, &flat).chosen.begin, 600);
        // All of the clean hour is had by ending with it.
        let dear = [course("north", MILLION, &[500, 500, 100, 900])];
        let found = begin(&piece(&home, 600, 2 * HOUR, 5_400), Objective::Carbon, &dear);
        assert_eq!(found.chosen.begin, 3 * HOUR - 5_400);
    }

    #[test]
    fn another_site_is_better_only_with_its_building() {
        let home = site("north");
        let better = |pue| {
            let courses = [course("north", MILLION, &[300; 4]), course("south", pue, &[250; 4])];
            let found = begin(&piece(&home, 0, HOUR, 3_600), Objective::Carbon, &courses);
            (found.chosen.site, found.chosen.begin)
        };
        assert_eq!(better(MILLION), (site("south"), 0));
        assert_eq!(better(1_300_000), (home.clone(), 0));
    }

    #[test]
    fn where_nothing_is_known_it_begins_now_at_home() {
        let home = site("north");
        let none = [Course { intensity: None, ..course("north", MILLION, &[]) }, course("south", MILLION, &[1; 9])];
        let found = begin(&piece(&home, 60, HOUR, 3_600), Objective::Carbon, &none);
        assert_eq!((found.known, found.chosen.begin, &found.chosen.site), (false, 60, &home));
        assert_eq!(found.chosen.carbon, None);
        // Of the last hours of a long job nothing is known: what isn't can't be compared.
        let short = [course("north", MILLION, &[500, 1])];
        assert!(!begin(&piece(&home, 0, 9 * HOUR, 3 * 3_600), Objective::Carbon, &short).known);
        let price = begin(&piece(&home, 0, HOUR, 60), Objective::Price, &short);
        assert_eq!((price.known, price.chosen.price), (false, None));
    }

    proptest! {
        /// No moment of any site is better, and never is it worse than now.
        #[test]
        fn nothing_is_better(
            north in prop::collection::vec(1_i64..900, 12),
            south in prop::collection::vec(1_i64..900, 12),
            now in 0_i64..6 * HOUR, more in 0_i64..5 * HOUR, seconds in 1_u64..2 * 3_600,
        ) {
            let home = site("north");
            let courses = [course("north", MILLION, &north), course("south", 1_100_000, &south)];
            let latest = (now + more).min(12 * HOUR - i64::try_from(seconds).unwrap()).max(now);
            let job = piece(&home, now, latest, seconds);
            let found = begin(&job, Objective::Carbon, &courses);
            prop_assert!(found.known && (now..=latest).contains(&found.chosen.begin));
            // A mean is rounded to the milligram for a kilowatt-hour: half of one is 1,100 µg of 2.2 kWh at most.
            let least = found.chosen.carbon.unwrap().get() - 2_200;
            for begin in (now..=latest).step_by(97) {
                for course in &courses {
                    prop_assert!(course.start(&job, begin).carbon.unwrap().get() >= least);
                }
            }
            prop_assert!(found.chosen.carbon <= found.at_once.carbon);
        }

        /// In full hours it finds what the scheduler of hours finds.
        #[test]
        fn it_agrees_with_the_scheduler(grams in prop::collection::vec(1_i64..900, 24), hours in 1_u64..6) {
            let home = site("north");
            let end = 24 * HOUR;
            let latest = end - i64::try_from(hours).unwrap() * HOUR;
            let found = begin(&piece(&home, 0, latest, hours * 3_600), Objective::Carbon, &[course("north", MILLION, &grams)]);
            let known = |grams: &i64| {
                let intensity = Intensity::of(grams * 1_000);
                Some(Hour { intensity, high: intensity, price: 0 })
            };
            let outlook = Outlook { begin: 0, hours: grams.iter().map(known).collect() };
            let job = Job {
                id: "one".to_owned(), home: home.clone(), earliest: 0, deadline: end, seconds: hours * 3_600,
                milliwatts: 1_000_000, room: 1, interruption: None, elsewhere: BTreeSet::new(), moved_bytes: 0,
                ran_until: None, most_latency: None,
            };
            let plan = schedule(&[job], &[Site::new(home.clone(), outlook)], Rules::carbon()).unwrap();
            let theirs = plan.chosen[0].cost.unwrap().carbon.get();
            // The one rounds the mean intensity, the other each hour's carbon.
            prop_assert!((found.chosen.carbon.unwrap().get() - theirs).abs() <= 6_000);
        }
    }
}
