//! Queries over recorded series. What they mean is compared with Prometheus in
//! `tests/prometheus`; here stands what is our own: tenants, limits, words.

use super::*;
use crate::{Labels, SeriesLimits};
use std::time::Duration;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
}

/// Requests of two instances, one each second, for ten minutes.
fn series() -> Series {
    let series = Series::new(SeriesLimits::default());
    for second in (0..=600).step_by(10) {
        for (instance, rate) in [("b", 1.0), ("a", 2.0)] {
            let labels = Labels::new([("instance", instance)]);
            let count = rate * f64::from(i32::try_from(second).expect("small"));
            series.record("one", "requests", &labels, at(second), count).expect("recorded");
        }
    }
    series
}

fn ask_with(query: &str, tenant: &str, limits: &QueryLimits) -> Result<QueryAnswer, QueryError> {
    Query::parse(query)?.evaluate(&series(), tenant, at(600), limits)
}

fn ask(query: &str) -> Result<QueryAnswer, QueryError> {
    ask_with(query, "one", &QueryLimits::default())
}

#[test]
fn a_rate_is_answered_for_its_tenant_alone() {
    let answer = ask("rate(requests[60s])").expect("an answer");
    let shown: Vec<_> = answer.elements().iter().map(|one| (one.labels.to_string(), one.value, one.at)).collect();
    assert_eq!(shown, [(r#"{instance="a"}"#.to_owned(), 2.0, at(600)), (r#"{instance="b"}"#.to_owned(), 1.0, at(600))]);
    assert_eq!(ask("avg(rate(requests[60s]))").expect("an answer").number(), Some((1.5, at(600))));
    let other = ask_with("{__name__=~'.+'}", "two", &QueryLimits::default()).expect("an answer");
    assert_eq!(other.number(), None);
}

#[test]
fn the_order_is_that_of_the_labels_or_as_the_query_says() {
    let order = |query: &str| {
        let answer = ask(query).expect(query);
        answer.label_values("instance").map(str::to_owned).collect::<String>()
    };
    assert_eq!(order("requests"), "ab");
    assert_eq!(order("sort(requests)"), "ba");
    assert_eq!(order("topk(2, requests)"), "ab");
    assert_eq!(order("bottomk(2, requests)"), "ba");
}

#[test]
fn a_series_that_ended_has_no_value() {
    let series = series();
    let query = Query::parse("count(requests)").expect("a query");
    let count = |series: &Series, seconds| {
        let answer = query.evaluate(series, "one", at(seconds), &QueryLimits::default()).expect("an answer");
        answer.number().map(|(count, _)| count)
    };
    assert_eq!((count(&series, 600), count(&series, 900), count(&series, 901)), (Some(2.0), Some(2.0), None));
    series.end_all("one", &Labels::new([("instance", "a")]), at(605));
    assert_eq!((count(&series, 604), count(&series, 605)), (Some(2.0), Some(1.0)));
}

#[test]
fn what_is_not_there_is_named() {
    for (query, told) in [
        ("histogram_count(requests)", "uses histogram_count(), which is not there"),
        ("limitk(2, requests)", "uses limitk, which is not there"),
        ("mad_over_time(requests[1m])", "uses mad_over_time(), which is not there"),
        ("requests + fill(0) requests", "uses fill, which is not there"),
        ("requests{instance='a' or instance='b'}", "uses `or` between matchers, which is not there"),
        ("requests[5m]", "gives a range of samples: apply a function"),
        ("'text'", "gives a text: apply a function"),
        ("holt_winters(requests[5m], 1, 1)", "no PromQL: unknown function with name 'holt_winters'"),
        ("rate(requests)", "no PromQL: expected type matrix"),
        ("{a=~'.*'}", "a selector has to name a metric"),
        ("label_replace(requests, '1', '', 'a', 'b')", r#""1" is no name of a label"#),
        ("label_join(requests, 'a', '', '1')", r#""1" is no name of a label"#),
        ("label_replace(requests, 'a', '', 'a', '(')", "the pattern"),
    ] {
        let error = ask(query).expect_err(query).to_string();
        assert!(error.contains(told), "{query}: {error}");
    }
}

#[test]
fn what_can_not_be_answered_says_why() {
    for (query, told) in [
        ("requests + on () requests", "on the right side belong to the same element: name more labels with on()"),
        ("sum(requests) * on () group_right requests + on () group_left requests", "belong to the same element"),
        ("requests + on () sum(requests)", "group_left or group_right says so"),
        ("label_replace(requests, 'instance', '', '', '')", "several series are requests after this step"),
        ("topk(NaN, requests)", "NaN is no number of elements"),
    ] {
        let error = ask(query).expect_err(query).to_string();
        assert!(error.contains(told), "{query}: {error}");
    }
}

#[test]
fn nothing_takes_more_than_it_may() {
    let limits = QueryLimits { steps: 20_000, series: 10, samples: 500, text: 1_000, time: Duration::from_mins(10) };
    let long = "label_join(".repeat(12) + "requests" + &", 'a', '-', 'a', 'a', 'instance')".repeat(12);
    for (query, what) in [
        ("max_over_time(vector(1)[100y:1ms])", "samples"),
        ("count_over_time(absent(x)[1d:1ms])", "samples"),
        ("sum_over_time(sum_over_time(sum_over_time(vector(1)[5m:1s])[5m:1s])[5m:1s])", "steps"),
        ("requests + requests + requests + requests + requests + requests", "series"),
        ("sum_over_time({instance!=''}[10m]) + on () sum_over_time(requests[10m:1s])", "samples"),
        (&long, "bytes of labels"),
        ("label_replace(requests, 'a', '$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0', 'instance', '.*') and on () nothing", ""),
        ("count_values('a', requests)", ""),
    ] {
        match (ask_with(query, "one", &limits), what) {
            (Err(QueryError::Limit { what: told, .. }), what) => assert_eq!(told, what, "{query}"),
            (Ok(_), "") => {}
            (other, _) => panic!("{query}: {other:?}"),
        }
    }
    let late = QueryLimits { time: Duration::ZERO, ..QueryLimits::default() };
    assert_eq!(ask_with("requests", "one", &late), Err(QueryError::Limit { what: "milliseconds", most: 0 }));
}

#[test]
fn the_deepest_queries_fit_a_small_stack() {
    let chain = |part: &str, count: usize| vec!["requests"; count + 1].join(part);
    let deep = [
        format!("{}requests{}", "(".repeat(50), ")".repeat(50)),
        format!("{}requests{}", "abs(".repeat(50), ")".repeat(50)),
        format!("{}requests{}", "sum(".repeat(50), ")".repeat(50)),
        format!("{}requests", "-".repeat(100)),
        chain(" + ", 100),
        chain(" or ", 100),
        format!("{}1{}", "-(1 + ".repeat(50), ")".repeat(50)),
        format!("{}requests{}", "max_over_time((".repeat(20), ")[59s:1m])".repeat(20)),
        format!("{}requests{}", "label_replace(".repeat(50), ", 'a', '$1', 'instance', '(.)')".repeat(50)),
        format!("{}1{}", "scalar(vector(".repeat(25), "))".repeat(25)),
    ];
    let ask_all = move || {
        for query in deep {
            let answer = ask(&query);
            assert!(answer.is_ok(), "{query}: {answer:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(ask_all).expect("a thread");
    thread.join().expect("1 MiB is enough, without optimisation too");
}
