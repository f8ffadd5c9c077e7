//! What is kept, what goes, and that bounds hold.

use super::*;
use proptest::prelude::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
}

fn labels(instance: &str) -> Labels {
    Labels::new([("instance", instance)])
}

/// All samples of a tenant, by series.
fn all(series: &Series, tenant: &str) -> Vec<(String, Vec<f64>)> {
    let selection = Selection { metric: None, matches: &|_| true, from: i64::MIN, to: i64::MAX };
    let found = series.select(tenant, &[selection], |_, _| Ok::<_, ()>(())).expect("nothing ends it");
    let values = |found: &Found| found.samples.iter().map(|(_, value)| *value).collect();
    found.iter().flatten().map(|found| (found.labels.to_string(), values(found))).collect()
}

#[test]
fn each_tenant_sees_its_own() {
    let series = Series::default();
    series.record("a", "up", &labels("1"), at(0), 1.0).expect("recorded");
    series.record("b", "up", &labels("1"), at(0), 2.0).expect("recorded");
    assert_eq!(all(&series, "a"), [(r#"up{instance="1"}"#.to_owned(), vec![1.0])]);
    assert_eq!(all(&series, "b"), [(r#"up{instance="1"}"#.to_owned(), vec![2.0])]);
    assert_eq!(all(&series, ""), []);
    series.forget("a");
    assert_eq!((all(&series, "a").len(), all(&series, "b").len(), series.counts().series), (0, 1, 1));
}

#[test]
fn what_is_old_goes() {
    let series = Series::new(SeriesLimits { span: Duration::from_secs(60), ..SeriesLimits::default() });
    for second in (0..=120).step_by(10) {
        series.record("a", "up", &labels("1"), at(second), 1.0).expect("recorded");
    }
    assert_eq!(all(&series, "a")[0].1.len(), 7, "both ends of the span are kept");
    series.record("a", "up", &labels("2"), at(1_000), 1.0).expect("recorded");
    assert_eq!((all(&series, "a").len(), series.counts().series, series.counts().samples), (1, 1, 1));
    assert_eq!(series.record("a", "up", &labels("2"), at(1_000), 2.0), Err(RecordError::Old));
    assert_eq!((series.counts().recorded, series.counts().refused), (14, 1));
}

#[test]
fn an_end_is_marked_once() {
    let series = Series::default();
    for instance in ["1", "2"] {
        series.record("a", "up", &labels(instance), at(0), 1.0).expect("recorded");
        series.record("a", "load", &labels(instance), at(0), 1.0).expect("recorded");
    }
    let ended = |series: &Series| {
        all(series, "a").into_iter().filter(|(_, values)| values.last().is_some_and(|last| is_end(*last))).count()
    };
    series.end("a", "up", &labels("1"), at(1));
    series.end("a", "up", &labels("3"), at(1));
    series.end("b", "up", &labels("2"), at(1));
    assert_eq!(ended(&series), 1);
    series.end_all("a", &labels("1"), at(2));
    assert_eq!((ended(&series), series.counts().samples), (2, 6));
    series.record("a", "up", &labels("1"), at(3), 2.0).expect("it begins again");
    assert_eq!(ended(&series), 1);
}

#[test]
fn names_and_labels_are_checked() {
    let series = Series::default();
    let record =
        |metric: &str, labels: Labels| series.record("a", metric, &labels, at(0), 1.0).map_err(|e| e.to_string());
    assert_eq!(record("job:rate_1m", labels("ä")), Ok(()));
    for (metric, labels, told) in [
        ("", Labels::empty(), "name of the metric"),
        ("1x", Labels::empty(), "name of the metric"),
        ("a-b", Labels::empty(), "name of the metric"),
        ("x", Labels::new([("a:b", "c")]), "name of the label"),
        ("x", Labels::new([(crate::METRIC_NAME, "c")]), "name of the label"),
        ("x", Labels::new((0..64).map(|n| (format!("l{n}"), "c"))), "more than 64"),
        ("x", labels(&"c".repeat(4_096)), "longer than 4096 bytes"),
    ] {
        let error = record(metric, labels).expect_err(metric);
        assert!(error.contains(told), "{error}");
    }
    assert_eq!((series.counts().refused, series.counts().series), (7, 1));
}

/// Room for so many series of one sample and one label.
fn room(series: usize) -> usize {
    series * Stream::cost(2, "instanceXX__name__up".len())
}

#[test]
fn the_longest_idle_go_first_and_the_living_stay() {
    let series = Series::new(SeriesLimits { bytes: room(4), tenant_bytes: room(4), ..SeriesLimits::default() });
    let record = |instance: &str, second| series.record("a", "up", &labels(instance), at(second), 1.0);
    let names = || all(&series, "a").into_iter().map(|(name, _)| name).collect::<String>();
    for (instance, second) in [("01", 0), ("02", 1), ("03", 2), ("04", 3)] {
        record(instance, second).expect("recorded");
    }
    assert_eq!(record("05", 4), Err(RecordError::Full { tenant: true }), "all are alive");
    assert_eq!(record("01", 200), Ok(()));
    assert_eq!(record("05", 310), Ok(()), "02, 03 and 04 are idle");
    assert!(!names().contains("02") && names().contains("01") && names().contains("03"), "{}", names());
    series.end("a", "up", &labels("01"), at(311));
    assert_eq!(record("06", 312), Ok(()), "03 was idle before 01 ended");
    assert!(!names().contains("03") && names().contains("01"), "{}", names());
    assert_eq!((series.counts().evicted, series.counts().refused, series.counts().series), (2, 1, 4));
}

#[test]
fn a_tenant_takes_no_room_from_the_living_of_another() {
    let series = Series::new(SeriesLimits { bytes: room(4), tenant_bytes: room(3), ..SeriesLimits::default() });
    let record = |tenant: &str, instance: &str, second| series.record(tenant, "up", &labels(instance), at(second), 1.0);
    for instance in ["01", "02", "03"] {
        record("a", instance, 0).expect("recorded");
    }
    assert_eq!(record("a", "04", 1), Err(RecordError::Full { tenant: true }));
    assert_eq!(record("b", "01", 1), Ok(()));
    assert_eq!(record("b", "02", 2), Err(RecordError::Full { tenant: false }));
    assert_eq!(record("b", "02", 400), Ok(()), "the idle of anybody make room");
}

#[test]
fn without_room_to_grow_the_newest_are_kept() {
    let series = Series::new(SeriesLimits { bytes: room(1), tenant_bytes: room(1), ..SeriesLimits::default() });
    for second in 0..40 {
        series
            .record("a", "up", &labels("01"), at(second), f64::from(i32::try_from(second).expect("small")))
            .expect("recorded");
    }
    let values = all(&series, "a").remove(0).1;
    assert_eq!((values.len(), values.last(), series.counts().shortened), (16, Some(&39.0), 24));
    assert!(series.counts().bytes <= room(1));
}

#[test]
fn many_record_while_others_look() {
    let series = Series::default();
    std::thread::scope(|scope| {
        for tenant in ["a", "b"] {
            for instance in 0..3 {
                let (series, labels) = (&series, labels(&instance.to_string()));
                scope.spawn(move || {
                    for second in 0..500 {
                        series.record(tenant, "up", &labels, at(second), 1.0).expect("recorded");
                    }
                });
            }
        }
        for _ in 0..200 {
            for (_, values) in all(&series, "a") {
                assert!(values.len() <= 500 && values.iter().all(|value| *value == 1.0));
            }
        }
    });
    assert_eq!((series.counts().series, series.counts().samples, series.counts().recorded), (6, 3_000, 3_000));
}

proptest! {
    #[test]
    fn bounds_hold_and_counts_are_right(
        bytes in 0..60_usize,
        of_tenant in 0..40_usize,
        steps in proptest::collection::vec((0..3_u8, 0..30_u8, 0..40_i64, 0..12_u8), 1..300),
    ) {
        let limits = SeriesLimits {
            span: Duration::from_secs(600), bytes: room(bytes), tenant_bytes: room(of_tenant), samples: 40,
            ..SeriesLimits::default()
        };
        let (series, mut now) = (Series::new(limits), 0);
        for (tenant, instance, later, act) in steps {
            now += later;
            let (tenant, labels) = (["a", "b", "c"][usize::from(tenant)], labels(&format!("{instance:02}")));
            match act {
                0 => series.end(tenant, "up", &labels, at(now)),
                1 => series.forget(tenant),
                _ => drop(series.record(tenant, "up", &labels, at(now), 1.0)),
            }
            let counts = series.counts();
            let shelves = series.read();
            let mut sums = (0, 0, 0);
            for tenant in ["a", "b", "c"] {
                let streams: Vec<&Stream> = shelves.streams(tenant, None).map(|(_, stream)| stream).collect();
                let of: usize = streams.iter().map(|stream| stream.bytes()).sum();
                prop_assert!(of <= limits.tenant_bytes);
                sums.0 += of;
                sums.1 += streams.len();
                sums.2 += streams.iter().map(|stream| stream.len()).sum::<usize>();
            }
            prop_assert!(counts.bytes <= limits.bytes);
            prop_assert_eq!((counts.bytes, counts.series, counts.samples), sums);
        }
    }
}
