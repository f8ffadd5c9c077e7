//! What two years of hours at many sites cost to read and to sum, and what a thousand
//! jobs cost to shift.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that can't go on says so by falling")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hansa_ontology::SiteId;
use hansa_sustainability::{
    carbon::Footprint,
    energy::HOUR,
    forecast::{Model, Settings},
    intensity::{Clock, IntensitySeries, read_csv},
    quantity::{Energy, Intensity},
    shift::{Hour, Interruption, Job, Outlook, Rules, Site, schedule},
};
use std::{collections::BTreeSet, fmt::Write as _, hint::black_box};

const SITES: i64 = 50;
/// 2027 and 2028, a leap year.
const HOURS: i64 = 24 * (365 + 366);
const BEGIN: i64 = 1_798_761_600;

/// In milligrams for each kilowatt-hour; like days, and no day like another.
fn intensity(site: i64, hour: i64) -> i64 {
    let noise = (site * 7_919 + hour * 104_729).wrapping_mul(2_654_435_761) % 60_000;
    350_000 + 150_000 * i64::from((hour % 24 - 12).abs() > 4) + noise
}

fn table() -> String {
    let mut text = "time,zone,intensity\n".to_owned();
    for hour in 0..HOURS {
        let time = chrono::DateTime::from_timestamp(BEGIN + hour * HOUR, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
        for site in 0..SITES {
            writeln!(text, "{time},zone-{site},{}", intensity(site, hour) as f64 / 1_000.0).unwrap();
        }
    }
    text
}

fn series(text: &str) -> Vec<IntensitySeries> {
    read_csv(text, "bench", None, &mut Clock::universal()).unwrap()
}

fn year(criterion: &mut Criterion) {
    let text = table();
    let all = series(&text);
    assert_eq!(all.len(), SITES as usize);
    let mut group = criterion.benchmark_group("two years, 50 sites");
    group.sample_size(10).throughput(Throughput::Elements((SITES * HOURS).unsigned_abs()));
    group.bench_function("read from CSV", |bench| bench.iter(|| series(black_box(&text))));
    group.bench_function("summed to carbon", |bench| {
        bench.iter(|| {
            let hour = |series: &IntensitySeries, hour: i64| {
                let energy = Energy::of_power(200_000 + hour.unsigned_abs(), 3_600_000);
                let from = BEGIN + hour * HOUR;
                Footprint::operational(
                    (energy, Energy::ZERO),
                    (energy, Energy::ZERO),
                    (from, from + HOUR),
                    Some(series),
                    None,
                )
            };
            all.iter().flat_map(|series| (0..HOURS).map(move |number| hour(series, number))).sum::<Footprint>()
        });
    });
    group.finish();
    let now = BEGIN + 400 * 86_400;
    criterion.bench_function("a forecast is learnt and asked", |bench| {
        bench.iter(|| Model::learn(&all[0].series, now, Settings::default()).unwrap().expect(&all[0].series, now));
    });
}

fn id(number: i64) -> SiteId {
    SiteId::new(format!("https://site-{number}.example/site")).unwrap()
}

fn jobs() -> Vec<Job> {
    let job = |number: i64| {
        let hours = 1 + number % 8;
        let earliest = (number * 13 % 24) * HOUR;
        Job {
            id: format!("job-{number}"),
            home: id(number % 5),
            earliest,
            deadline: earliest + (hours + 12 + number % 12) * HOUR,
            seconds: (hours * HOUR).unsigned_abs(),
            milliwatts: 300_000,
            room: 1,
            interruption: (number % 2 == 0)
                .then_some(Interruption { least_hours: 2, restart: Energy::of(90_000_000_000) }),
            elsewhere: (0..5).filter(|other| *other != number % 5).map(id).collect::<BTreeSet<_>>(),
            moved_bytes: 1_000_000_000,
            ran_until: None,
            most_latency: None,
        }
    };
    (0..1_000).map(job).collect()
}

fn shifting(criterion: &mut Criterion) {
    let site = |number: i64| {
        let hour = |hour: i64| {
            let intensity = Intensity::of(intensity(number, hour));
            Some(Hour { intensity, high: intensity, price: 100_000 })
        };
        let mut site = Site::new(id(number), Outlook { begin: 0, hours: (0..48).map(hour).collect() });
        site.room = 60;
        site.latencies = (0..5).map(|other| (id(other), 20_000)).collect();
        site
    };
    let (jobs, sites): (Vec<Job>, Vec<Site>) = (jobs(), (0..5).map(site).collect());
    let plan = schedule(&jobs, &sites, Rules::carbon()).unwrap();
    assert!(plan.without_room.is_empty() && plan.totals().1.carbon < plan.totals().0.carbon);
    let mut group = criterion.benchmark_group("a thousand jobs, 5 sites, 48 hours");
    group.sample_size(10);
    group
        .bench_function("shifted", |bench| bench.iter(|| schedule(black_box(&jobs), &sites, Rules::carbon()).unwrap()));
    group.finish();
}

criterion_group!(benches, year, shifting);
criterion_main!(benches);
