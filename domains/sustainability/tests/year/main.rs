//! A year of hours: what shifting reaches of the best possible with hindsight, what
//! is given up for it, and that it makes nothing worse. The tables of
//! docs/sustainability.md: `cargo test -p hansa-sustainability --test year -- --nocapture`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling, and tells what it found"
)]

mod worlds;

use hansa_sustainability::{
    energy::HOUR,
    forecast::{self, skill},
    quantity::{Energy, MILLION},
    shift::{Interruption, Job, Objective, Replay, Rules, Settings, World, replay},
};
use std::collections::BTreeSet;
use worlds::{BEGIN, Dice, id, made_worlds, recorded, world};

/// What history a forecast needs before the first job, in days.
const BEFORE: i64 = 29;

/// Jobs of a year, some a day: of one to eight hours, with half a day to one and a half
/// to spare, half of which may be interrupted.
fn jobs(homes: &[&str], days: i64, each_day: u64, elsewhere: bool) -> Vec<Job> {
    let mut dice = Dice(42);
    let mut all = Vec::new();
    for day in BEFORE..BEFORE + days {
        for number in 0..each_day {
            let home = homes[dice.below(homes.len() as u64) as usize];
            let earliest = BEGIN + day * 86_400 + dice.below(24) as i64 * HOUR;
            let hours = 1 + dice.below(8);
            let spare = 12 + dice.below(25);
            let restart = Energy::of_power(50_000, 3_600_000);
            let interruption = (dice.below(2) == 0).then_some(Interruption { least_hours: 1, restart });
            let others = homes.iter().filter(|other| elsewhere && **other != home).map(|other| id(other));
            all.push(Job {
                id: format!("{day}-{number}"),
                home: id(home),
                earliest,
                deadline: earliest + (hours + spare) as i64 * HOUR,
                seconds: hours * 3_600,
                milliwatts: 400_000,
                room: 1,
                interruption,
                elsewhere: others.collect::<BTreeSet<_>>(),
                moved_bytes: 5_000_000_000,
                ran_until: None,
                most_latency: None,
            });
        }
    }
    all
}

fn percent(part: i128, whole: i128) -> String {
    if whole <= 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// Plays it, prints a row of the table, and checks what must always hold.
fn play(name: &str, jobs: &[Job], worlds: &[World], rules: Rules) -> Replay {
    play_with(name, jobs, worlds, rules, false)
}

fn play_with(name: &str, jobs: &[Job], worlds: &[World], rules: Rules, live: bool) -> Replay {
    let settings = Settings { rules, forecast: forecast::Settings::default(), brake: true, live };
    let found = replay(jobs, worlds, settings).unwrap();
    assert_eq!(found.missed, Vec::<String>::new(), "nothing is late");
    assert_eq!(found.done.len() + found.unknown.len(), jobs.len());
    let (at_once, done, best) = found.totals();
    let (worse, more) = found.worse();
    let weeks = found.saved_by(7 * 86_400);
    let (losing, count) = (weeks.values().filter(|saved| saved.get() < 0).count(), found.done.len().max(1));
    let waited = found.done.iter().map(|one| one.waited()).sum::<i64>() as f64 / count as f64 / 3_600.0;
    let latency = found.done.iter().filter_map(|one| one.latency).map(f64::from).sum::<f64>() / count as f64 / 1_000.0;
    let saved = |cost: hansa_sustainability::shift::Cost| at_once.carbon.get() - cost.carbon.get();
    println!(
        "| {name} | {} | {:.1} kg | {} | {} | {} | {worse} ({}) | {losing} of {} | {:.2} kg | {} | {waited:.1} h | {latency:.1} ms |",
        found.done.len(),
        at_once.carbon.get() as f64 / 1e9,
        percent(saved(done), at_once.carbon.get()),
        percent(saved(best), at_once.carbon.get()),
        percent(saved(done), saved(best)),
        percent(more.get(), saved(done)),
        weeks.len(),
        found.lowest().get() as f64 / 1e9,
        percent(i128::from(done.price - at_once.price), i128::from(at_once.price)),
    );
    assert!(best.carbon <= done.carbon || rules.objective != Objective::Carbon, "nothing is better than the best");
    found
}

const HEAD: &str = "| | jobs | at once | saved | best with hindsight | share reached | jobs that got worse (of what is saved) | weeks that got worse | lowest sum | price | waited | latency |\n|---|---|---|---|---|---|---|---|---|---|---|---|";

/// What holds of every replay that believes its expectations.
fn check(found: &Replay, share: i64) {
    assert!(found.share_reached().unwrap() >= share, "{:?}", found.share_reached());
    assert!(found.lowest().get() >= 0, "at no time had more been emitted than at once");
    let weeks = found.saved_by(7 * 86_400);
    let losing = weeks.values().filter(|saved| saved.get() < 0).count();
    assert!(losing * 50 <= weeks.len(), "{losing} weeks of {} are worse", weeks.len());
}

#[test]
fn a_made_year() {
    let hours = 24 * (BEFORE + 366 + 3);
    let (worlds, all) = (made_worlds(hours, false), ["north", "middle", "south"]);
    println!("{HEAD}");
    for (name, elsewhere, share) in [("made, in time", false, 850), ("made, in time and space", true, 900)] {
        let jobs = jobs(&all, 366, 6, elsewhere);
        check(&play(name, &jobs, &worlds, Rules::carbon()), share);
        let careful = Rules { caution: MILLION, ..Rules::carbon() };
        play(&format!("{name}, caution 1"), &jobs, &worlds, careful);
    }
    let jobs = jobs(&all, 366, 6, true);
    let mut tight = worlds.clone();
    tight.iter_mut().for_each(|world| world.site.room = 3);
    play("the same, three jobs at a site", &jobs, &tight, Rules::carbon());
    let tariff = made_worlds(hours, true);
    let free = play("the same, nights are cheap", &jobs, &tariff, Rules::carbon());
    let bound = Rules { most_dearer: Some(50_000), ..Rules::carbon() };
    let bound = play("the same, no job more than 5 % dearer", &jobs, &tariff, bound);
    let weighted = Rules { objective: Objective::Weighted(250_000), ..Rules::carbon() };
    let weighted = play("the same, price and 0.25 a kilogram", &jobs, &tariff, weighted);
    let cheap = play("the same, price alone", &jobs, &tariff, Rules { objective: Objective::Price, ..Rules::carbon() });
    let prices = [&free, &bound, &weighted, &cheap].map(|found| found.totals().1.price);
    assert!(prices.is_sorted_by(|one, next| one > next), "{prices:?}");
    assert!(bound.totals().1.price * 100 <= bound.totals().0.price * 105);
    assert!(bound.share_reached().unwrap() > 500);
}

#[test]
fn recorded_years() {
    let Some(folder) = hansa_test_systems::recorded_intensity() else { return };
    let prices = recorded(&folder, "california-prices.csv", 1e6);
    println!("{HEAD}");
    let texas = [world("texas", recorded(&folder, "texas.csv", 1e6), None)];
    let california = [world("california", recorded(&folder, "california.csv", 1e6), Some(prices))];
    let plan = [
        ("Texas, three years", &texas, "texas", 3 * 365, 650),
        ("California, a year", &california, "california", 365 - BEFORE - 3, 850),
    ];
    for (name, world, home, days, share) in plan {
        let jobs = jobs(&[home], days, 6, false);
        check(&play(name, &jobs, world, Rules::carbon()), share);
        if days < 365 {
            let careful = Rules { caution: MILLION, ..Rules::carbon() };
            play(&format!("{name}, caution 1"), &jobs, world, careful);
        }
        check(&play_with(&format!("{name}, live"), &jobs, world, Rules::carbon(), true), share);
    }
}

#[test]
fn forecasts() {
    println!(
        "| series | mean absolute error | of the day before | of the week before | skill | in the interval |\n|---|---|---|---|---|---|"
    );
    let mut all: Vec<(String, World)> =
        made_worlds(24 * 400, false).into_iter().map(|world| (world.site.id.to_string(), world)).collect();
    if let Some(folder) = hansa_test_systems::recorded_intensity() {
        for name in ["texas", "california"] {
            all.push((name.to_owned(), world(name, recorded(&folder, &format!("{name}.csv"), 1e6), None)));
        }
    }
    for (name, world) in all {
        let (from, to) = (BEGIN + BEFORE * 86_400, world.intensity.end().min(BEGIN + 390 * 86_400));
        let found = skill(&world.intensity, from, to, forecast::Settings::default());
        println!(
            "| {name} | {:.1} g | {:.1} g | {:.1} g | {:.2} | {:.0} % |",
            found.error / 1e3,
            found.day_before / 1e3,
            found.week_before / 1e3,
            found.score(),
            found.inside * 100.0
        );
        assert!(found.score() > 0.0, "{name} is worse than plain persistence: {found:?}");
    }
}
