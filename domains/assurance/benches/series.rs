//! What it costs to record a sample, and to ask for the average rate of many series.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that can't go on says so by falling")]

use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hansa_assurance::{Labels, Query, QueryLimits, Series, SeriesLimits};
use std::hint::black_box;

/// Seconds between two samples of a series.
const STEP: i64 = 5;
/// Samples of each series: fifteen minutes.
const SAMPLES: i64 = 180;

fn at(place: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000 + place * STEP, 0).unwrap()
}

/// Labels as a container has them.
fn labels(count: usize) -> Vec<Labels> {
    let of = |place: usize| {
        Labels::new([
            ("application", "outlandish".to_owned()),
            ("component", format!("component-{}", place % 10)),
            ("instance", format!("instance-{place}")),
            ("node", format!("node-{}", place % 50)),
            ("site", "hamburg".to_owned()),
        ])
    };
    (0..count).map(of).collect()
}

fn filled(labels: &[Labels], samples: i64) -> Series {
    let limits = SeriesLimits { tenant_bytes: 256 << 20, ..SeriesLimits::default() };
    let series = Series::new(limits);
    for place in 0..samples {
        for one in labels {
            series
                .record("tenant", "cpu_seconds_total", one, at(place), f64::from(i32::try_from(place).unwrap()))
                .unwrap();
        }
    }
    series
}

fn recording(criterion: &mut Criterion) {
    let labels = labels(10_000);
    let series = filled(&labels, SAMPLES);
    println!("10,000 series of {SAMPLES} samples: {} bytes", series.counts().bytes);
    let mut place = SAMPLES;
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("one sample of each of 10,000 series", |bencher| {
        bencher.iter(|| {
            for one in &labels {
                series.record("tenant", "cpu_seconds_total", one, at(place), 1.0).unwrap();
            }
            place += 1;
        });
    });
    group.finish();
}

fn asking(criterion: &mut Criterion) {
    criterion.bench_function("reading a query", |bencher| {
        bencher.iter(|| {
            Query::parse(black_box("avg(rate(cpu_seconds_total{node=~\"node-1.*\"}[60s]))*100 > 60")).unwrap()
        });
    });
    for count in [100, 10_000] {
        let series = filled(&labels(count), SAMPLES);
        for text in [
            "avg(rate(cpu_seconds_total[60s]))",
            "sum by (component) (rate(cpu_seconds_total{node=~\"node-1.*\"}[60s]))",
            "max_over_time(avg(rate(cpu_seconds_total[60s]))[10m:15s])",
        ] {
            let query = Query::parse(text).unwrap();
            criterion.bench_function(&format!("{count} series: {text}"), |bencher| {
                bencher.iter(|| {
                    let answer = query.evaluate(&series, "tenant", at(SAMPLES - 1), &QueryLimits::default());
                    black_box(answer.unwrap().number())
                });
            });
        }
    }
}

criterion_group!(benches, recording, asking);
criterion_main!(benches);
