//! Shifting: by hand, by brute force, and whatever comes.

use super::*;
use crate::{
    energy::HOUR,
    quantity::{Energy, Intensity},
};
use hansa_ontology::SiteId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn id(name: &str) -> SiteId {
    SiteId::new(format!("https://{name}.example/site")).unwrap()
}

/// Hours from 1970 on, by their intensity in g/kWh; the price is a thousandth of it reversed.
fn site(name: &str, grams: &[i64]) -> Site {
    let hour = |grams: &i64| {
        let intensity = Intensity::of(grams * 1_000);
        Some(Hour { intensity, high: intensity, price: 1_000_000 - grams * 1_000 })
    };
    Site::new(id(name), Outlook { begin: 0, hours: grams.iter().map(hour).collect() })
}

/// A kilowatt for some hours.
fn job(name: &str, home: &str, window: (i64, i64), hours: u64) -> Job {
    Job {
        id: name.to_owned(),
        home: id(home),
        earliest: window.0 * HOUR,
        deadline: window.1 * HOUR,
        seconds: hours * 3_600,
        milliwatts: 1_000_000,
        room: 1,
        interruption: None,
        elsewhere: BTreeSet::new(),
        moved_bytes: 0,
        ran_until: None,
        most_latency: None,
    }
}

fn hours(chosen: &Chosen) -> Vec<i64> {
    chosen.placement.hours.iter().map(|hour| hour / HOUR).collect()
}

fn one(job: Job, sites: &[Site]) -> Chosen {
    schedule(&[job], sites, Rules::carbon()).unwrap().chosen.remove(0)
}

#[test]
fn what_runs_in_one_piece_waits_for_the_cleanest_stretch() {
    let sites = [site("a", &[500, 100, 500, 200, 200, 300])];
    let chosen = one(job("j", "a", (0, 6), 2), &sites);
    assert_eq!((hours(&chosen), chosen.reason), (vec![3, 4], Reason::Better));
    assert_eq!(chosen.cost.unwrap().carbon.grams(), 400.into());
    assert_eq!(chosen.at_once_cost.unwrap().carbon.grams(), 600.into());
}

#[test]
fn what_may_be_interrupted_takes_the_cleanest_hours_where_that_pays() {
    let sites = [site("a", &[500, 100, 500, 200, 250, 300])];
    let mut work = job("j", "a", (0, 6), 2);
    let cheap = Interruption { least_hours: 1, restart: Energy::of_power(1_000, 3_600_000) };
    work.interruption = Some(cheap);
    assert_eq!(hours(&one(work.clone(), &sites)), [1, 3]);
    // As dear as half an hour of work: 200 + 100 + 100 g against 450 g, 600 g.
    work.interruption = Some(Interruption { restart: Energy::of_power(1_000_000, 1_800_000), ..cheap });
    assert_eq!(hours(&one(work.clone(), &sites)), [1, 3]);
    work.interruption = Some(Interruption { restart: Energy::of_power(1_000_000, 3_600_000), ..cheap });
    assert_eq!(hours(&one(work.clone(), &sites)), [3, 4]);
    work.interruption = Some(Interruption { least_hours: 2, ..cheap });
    assert_eq!(hours(&one(work, &sites)), [3, 4]);
}

#[test]
fn a_part_of_an_hour_counts_as_a_part() {
    // An hour and a half: the dirty hour last, and half of it.
    let sites = [site("a", &[900, 100, 400, 300, 300])];
    let mut work = job("j", "a", (0, 5), 1);
    work.seconds = 5_400;
    let chosen = one(work, &sites);
    assert_eq!((hours(&chosen), chosen.cost.unwrap().carbon.grams()), (vec![1, 2], 300.into()));
}

#[test]
fn elsewhere_counts_only_where_it_may_and_with_what_is_moved() {
    let mut sites = [site("a", &[500; 6]), site("b", &[100; 6])];
    let mut work = job("j", "a", (0, 6), 2);
    assert_eq!(one(work.clone(), &sites).placement.site, id("a"), "nobody allowed it");
    work.elsewhere.insert(id("b"));
    assert_eq!(one(work.clone(), &sites).placement.site, id("b"));
    // 2 kWh save 800 g; 3,000 GB at 0.001 kWh take 3 kWh, half at 500 and half at 100 g.
    work.moved_bytes = 3_000_000_000_000;
    assert_eq!(one(work.clone(), &sites).placement.site, id("a"));
    work.moved_bytes = 2_000_000_000_000;
    let chosen = one(work.clone(), &sites);
    assert_eq!((chosen.placement.site, chosen.cost.unwrap().carbon.grams()), (id("b"), 800.into()));
    work.most_latency = Some(10_000);
    assert_eq!(one(work.clone(), &sites).placement.site, id("a"), "nobody knows how far it is");
    sites[0].latencies.insert(id("b"), 9_000);
    assert_eq!(one(work, &sites).placement.site, id("b"));
}

#[test]
fn room_and_prices_are_kept() {
    let mut sites = [site("a", &[500, 100, 200, 300])];
    sites[0].room = 1;
    let jobs = [job("one", "a", (0, 4), 1), job("two", "a", (0, 4), 1)];
    let plan = schedule(&jobs, &sites, Rules::carbon()).unwrap();
    let all: BTreeSet<_> = plan.chosen.iter().flat_map(hours).collect();
    assert_eq!(all, BTreeSet::from([1, 2]), "both clean hours, one each");
    sites[0].taken.insert(HOUR, 1);
    let plan = schedule(&jobs, &sites, Rules::carbon()).unwrap();
    assert!(plan.chosen.iter().flat_map(hours).all(|hour| hour != 1), "somebody else has it");
    // The clean hour costs 0.9 where the first one costs 0.5.
    let careful = Rules { most_dearer: Some(500_000), ..Rules::carbon() };
    let sites = [site("a", &[500, 100])];
    assert_eq!(hours(&schedule(&[job("j", "a", (0, 2), 1)], &sites, careful).unwrap().chosen[0]), [0]);
    let weighted = |micros| Rules { objective: Objective::Weighted(micros), ..Rules::carbon() };
    let at = |micros| hours(&schedule(&[job("j", "a", (0, 2), 1)], &sites, weighted(micros)).unwrap().chosen[0])[0];
    assert_eq!((at(900_000), at(1_100_000)), (0, 1), "0.4 dearer for 0.4 kg: it pays above 1 for each kg");
}

#[test]
fn what_is_too_unsure_stays() {
    let mut sites = [site("a", &[500, 400])];
    if let Some(Some(hour)) = sites[0].outlook.hours.get_mut(1) {
        hour.high = Intensity::of(600_000);
    }
    let careful = |caution| Rules { caution, ..Rules::carbon() };
    let at = |caution| hours(&schedule(&[job("j", "a", (0, 2), 1)], &sites, careful(caution)).unwrap().chosen[0])[0];
    assert_eq!((at(0), at(400_000), at(600_000)), (1, 1, 0), "100 g are saved, or 200 g more are emitted");
}

#[test]
fn nothing_is_planned_where_nothing_is_known() {
    let mut sites = [site("a", &[500, 100, 400])];
    sites[0].outlook.hours[1] = None;
    assert_eq!(hours(&one(job("j", "a", (0, 3), 1), &sites)), [2]);
    let beyond = one(job("j", "a", (5, 9), 2), &sites);
    assert_eq!((hours(&beyond), beyond.cost, beyond.reason), (vec![5, 6], None, Reason::AtOnce));
}

#[test]
fn faults_name_the_job_and_the_field() {
    let said = |job: Job| schedule(&[job], &[site("a", &[1; 9])], Rules::carbon()).unwrap_err().to_string();
    assert_eq!(said(job("j", "a", (0, 3), 4)), "job `j`, deadline: leaves 3 full hours for 4 of work; set it later");
    assert!(said(job("j", "b", (0, 3), 1)).contains("no site of `https://b.example/site`"));
    let bad =
        Job { interruption: Some(Interruption { least_hours: 0, restart: Energy::ZERO }), ..job("j", "a", (0, 3), 1) };
    assert!(said(bad).contains("leastHours"));
    assert!(said(Job { deadline: i64::MAX, ..job("j", "a", (0, 3), 1) }).contains("within a year"));
    assert!(said(Job { seconds: 0, ..job("j", "a", (0, 3), 1) }).contains("seconds"));
}

/// Every way in which a job can run, the plain way: each choice of hours, and what it costs.
fn brute(job: &Job, sites: &[Site]) -> i128 {
    let work = usize::try_from(job.work()).unwrap();
    let (first, end) = job.window();
    let window: Vec<i64> = (first / HOUR..end / HOUR).collect();
    let mut least = i128::MAX;
    for site in sites.iter().filter(|site| site.id == job.home || job.elsewhere.contains(&site.id)) {
        for mask in 0_u32..1 << window.len() {
            if mask.count_ones() as usize != work {
                continue;
            }
            let hours: Vec<i64> = window
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask >> bit & 1 == 1)
                .map(|(_, hour)| hour * HOUR)
                .collect();
            let mut pieces = vec![1_u32];
            for pair in hours.windows(2) {
                if pair[1] - pair[0] == HOUR { *pieces.last_mut().unwrap() += 1 } else { pieces.push(1) }
            }
            let allowed = match job.interruption {
                None => pieces.len() == 1,
                Some(how) => pieces[..pieces.len() - 1].iter().all(|piece| *piece >= how.least_hours),
            };
            if !allowed {
                continue;
            }
            let at = |energy: Energy, hour: i64| {
                energy.millionths(site.pue).at(site.outlook.at(hour).unwrap().intensity).get()
            };
            let mut sum = 0;
            for (number, hour) in hours.iter().enumerate() {
                let seconds = if number + 1 == work { job.last() } else { 3_600 };
                sum += at(Energy::of_power(job.milliwatts, seconds * 1_000), *hour);
                let restart = number > 0 && hours[number - 1] + HOUR < *hour;
                sum += if restart { at(job.interruption.unwrap().restart, *hour) } else { 0 };
            }
            least = least.min(sum);
        }
    }
    least
}

prop_compose! {
    fn any_job()(number in 0_u32..1_000, first in 0_i64..4, length in 1_i64..9, work in 1_i64..6, part in 1_u64..3_600,
        least in 0_u32..4, restart in 0_u64..2_000, there in any::<bool>(), room in 1_u64..4) -> Job {
        let work = work.min(length);
        let mut job = job(&format!("job-{number}"), "a", (first, first + length), work.unsigned_abs());
        job.seconds = job.seconds - 3_600 + part;
        job.room = room;
        job.interruption = (least > 0).then(|| Interruption { least_hours: least, restart: Energy::of_power(restart * 1_000, 1_800_000) });
        job.elsewhere.extend(there.then(|| id("b")));
        job
    }
}

proptest! {
    #[test]
    fn one_job_is_placed_as_well_as_can_be(
        job in any_job(), one in prop::collection::vec(0_i64..900, 14), other in prop::collection::vec(0_i64..900, 14)
    ) {
        let mut sites = [site("a", &one), site("b", &other)];
        sites[1].pue = 1_300_000;
        let chosen = self::one(job.clone(), &sites);
        prop_assert_eq!(chosen.cost.unwrap().carbon.get(), brute(&job, &sites));
    }

    #[test]
    fn many_jobs_keep_windows_and_room_and_none_gets_worse(
        jobs in prop::collection::vec(any_job(), 1..12), one in prop::collection::vec(0_i64..900, 14),
        other in prop::collection::vec(0_i64..900, 14), room in 1_u64..8
    ) {
        let jobs: Vec<Job> = jobs.into_iter().enumerate().map(|(number, job)| Job { id: format!("{number}"), ..job }).collect();
        let mut sites = [site("a", &one), site("b", &other)];
        sites[0].room = room;
        sites[1].room = room / 2;
        let plan = schedule(&jobs, &sites, Rules::carbon()).unwrap();
        prop_assert_eq!(plan.chosen.len() + plan.without_room.len(), jobs.len());
        let mut taken: BTreeMap<(SiteId, i64), u64> = BTreeMap::new();
        for chosen in &plan.chosen {
            let job = jobs.iter().find(|job| job.id == chosen.job).unwrap();
            let hours = &chosen.placement.hours;
            prop_assert_eq!(hours.len() as u64, job.work());
            prop_assert!(hours.is_sorted_by(|one, next| one < next));
            prop_assert!(hours[0] >= job.earliest && hours[hours.len() - 1] + HOUR <= job.deadline);
            prop_assert!(job.interruption.is_some() || chosen.placement.restarts() == 0);
            prop_assert!(chosen.placement.site == job.home || job.elsewhere.contains(&chosen.placement.site));
            hours.iter().for_each(|hour| *taken.entry((chosen.placement.site.clone(), *hour)).or_default() += job.room);
            if let (Some(at_once), Some(cost)) = (chosen.at_once_cost, chosen.cost) {
                prop_assert!(cost.carbon <= at_once.carbon);
            }
        }
        for ((site, _), taken) in taken {
            prop_assert!(taken <= sites.iter().find(|one| one.id == site).unwrap().room);
        }
        prop_assert_eq!(&plan, &schedule(&jobs, &sites, Rules::carbon()).unwrap(), "the same again");
    }
}
