//! No text, whoever wrote it, panics, hangs or takes more than it may.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling"
)]

use chrono::{DateTime, Utc};
use hansa_assurance::{Labels, Query, QueryError, QueryLimits, Series, SeriesLimits};
use proptest::prelude::*;
use std::{sync::LazyLock, time::Duration};

const TENANT: &str = "one";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
}

static SERIES: LazyLock<Series> = LazyLock::new(|| {
    let series = Series::new(SeriesLimits::default());
    for second in (0..600).step_by(15) {
        for place in 0..30 {
            let labels =
                Labels::new([("a", format!("v{}", place % 5)), ("b", format!("w{place}")), ("le", format!("{place}"))]);
            let value = f64::from(place) * f64::from(i32::try_from(second).expect("small"));
            series.record(TENANT, ["x", "y", "z"][place as usize % 3], &labels, at(second), value).expect("recorded");
        }
    }
    series
});

/// Words of the language, and what is between them.
const WORDS: &[&str] = &[
    "x",
    "y",
    "z",
    "nothing",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "!=",
    "=~",
    "!~",
    "==",
    ">",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "@",
    "a",
    "b",
    "le",
    "'v1'",
    "'v.*'",
    "\"(\"",
    "`\\w{9}`",
    "'\\\\'",
    "'",
    "\"",
    "5m",
    "1y",
    "0s",
    "1ms",
    "99999999999y",
    "5m:1s",
    "[5m]",
    "[1h:1s]",
    "[1y:1ms]",
    "{a='v1'}",
    "{__name__=~'.+'}",
    "sum",
    "avg",
    "topk",
    "quantile",
    "count_values",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "(a)",
    "(a,b)",
    "()",
    "and",
    "or",
    "unless",
    "atan2",
    "bool",
    "offset",
    "offset 1m",
    "offset -99999999y",
    "@ 1e18",
    "@ -1e300",
    "@ start()",
    "@ end()",
    "rate(",
    "increase(",
    "max_over_time(",
    "quantile_over_time(",
    "predict_linear(",
    "absent(",
    "absent_over_time(",
    "histogram_quantile(",
    "label_replace(",
    "label_join(",
    "scalar(",
    "vector(",
    "time()",
    "timestamp(",
    "sort(",
    "clamp(",
    "round(",
    "hour(",
    "days_in_month(",
    "1",
    "0",
    "-1",
    "1e308",
    "1e-308",
    "NaN",
    "Inf",
    "0x7fffffffffffffff",
    "#",
    "\n",
    " ",
    "ä",
    "\u{0}",
    "\u{1F600}",
    "fill(1)",
    "limitk",
    "start()",
    ";",
    ":",
    "$1",
    "~",
    "~0",
    "'~0'",
];

/// Expressions that are mostly sound, with wild numbers and times.
fn expression() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("1".to_owned()),
        Just("-0.5".to_owned()),
        Just("1e308".to_owned()),
        Just("NaN".to_owned()),
        Just("-Inf".to_owned()),
        Just("time()".to_owned()),
        any::<f64>().prop_map(|number| format!("{number}")),
    ];
    let time = prop_oneof!["[1-9]ms", "[1-9][0-9]{0,2}[smhdwy]", Just("290y".to_owned()), Just("1ms".to_owned())];
    let shift = prop_oneof![
        3 => Just(String::new()),
        1 => time.clone().prop_map(|time| format!(" offset {time}")),
        1 => time.clone().prop_map(|time| format!(" offset -{time}")),
        1 => (-1e18..1e18).prop_map(|at| format!(" @ {at}")),
        1 => Just(" @ end()".to_owned()),
    ];
    let metric = prop_oneof!["[xyz]", "[xyz]\\{a=~\"v[0-9]\"\\}", Just("{__name__=~\"x|y\"}".to_owned())];
    let leaf = prop_oneof![
        4 => (metric.clone(), shift.clone()).prop_map(|(metric, shift)| format!("{metric}{shift}")),
        1 => number.clone().prop_map(|number| format!("vector({number})")),
    ];
    let over = prop_oneof![
        "(rate|irate|increase|delta|idelta|deriv|changes|resets)",
        "(avg|min|max|sum|count|last|present|stddev|stdvar|absent)_over_time"
    ];
    let range = (over.clone(), metric, time.clone(), shift.clone())
        .prop_map(|(over, metric, time, shift)| format!("{over}({metric}[{time}]{shift})"));
    prop_oneof![2 => leaf, 1 => range].prop_recursive(6, 40, 2, move |inner| {
        let text = "[$a-z0-9(){}.*|\\\\-]{0,12}";
        prop_oneof![
            (inner.clone(), "( \\+ | / | % |\\^| atan2 | > | == bool | and | or | unless )", inner.clone())
                .prop_map(|(a, op, b)| format!("({a}{op}{b})")),
            (
                inner.clone(),
                "( \\* on \\(a\\) group_left \\(b\\) | - ignoring \\(b, le\\) | >= on \\(b\\) group_right )",
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a}{op}{b})")),
            (inner.clone(), "( \\* | - | < )", number.clone()).prop_map(|(a, op, b)| format!("({a}{op}({b}))")),
            ("(sum|avg|min|max|count|group|stddev|stdvar)", "( by \\(a\\)| without \\(b\\)|)", inner.clone())
                .prop_map(|(op, by, of)| format!("{op}{by} ({of})")),
            ("(topk|bottomk|quantile)", number.clone(), inner.clone())
                .prop_map(|(op, number, of)| format!("{op} ({number}, {of})")),
            ("(abs|exp|ln|round|sgn|sort|timestamp|hour|day_of_year|days_in_month|absent|-)", inner.clone())
                .prop_map(|(op, of)| format!("{op}({of})")),
            (over.clone(), inner.clone(), time.clone(), time.clone(), shift.clone())
                .prop_map(|(op, of, range, step, shift)| format!("{op}(({of})[{range}:{step}]{shift})")),
            (inner.clone(), text, text)
                .prop_map(|(of, to, pattern)| format!("label_replace({of}, \"b\", `{to}`, \"a\", `{pattern}`)")),
            inner.clone().prop_map(|of| format!("label_join({of}, \"a\", \"-\", \"a\", \"a\", \"b\")")),
            (number.clone(), inner.clone()).prop_map(|(q, of)| format!("histogram_quantile({q}, {of})")),
            (inner.clone()).prop_map(|of| format!("count_values(\"a\", {of})")),
            (inner, number.clone(), number.clone()).prop_map(|(of, a, b)| format!("clamp({of}, {a}, {b})")),
        ]
    })
}

/// Asks it, and checks that what came is no more than it may be.
fn ask(text: &str, now: i64) -> Result<bool, TestCaseError> {
    let limits =
        QueryLimits { steps: 100_000, series: 500, samples: 20_000, text: 50_000, time: Duration::from_secs(30) };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(QueryError::Syntax(_) | QueryError::Absent(_) | QueryError::Kind(_)) => return Ok(false),
        Err(other) => return Err(TestCaseError::fail(format!("{text}: {other}"))),
    };
    match query.evaluate(&SERIES, TENANT, at(now), &limits) {
        Ok(answer) => {
            prop_assert!(
                u64::try_from(answer.elements().len()).is_ok_and(|count| count <= limits.series + 100),
                "{}",
                text
            );
            let labels: usize = answer.elements().iter().map(|one| one.labels.text_bytes()).sum();
            prop_assert!(labels < 500_000, "{text}: {labels} bytes of labels");
        }
        Err(QueryError::Limit { what: "milliseconds", .. }) => {
            return Err(TestCaseError::fail(format!("{text}: its steps are too cheap")));
        }
        Err(QueryError::Data(_) | QueryError::Limit { .. }) => {}
        Err(other) => return Err(TestCaseError::fail(format!("{text}: {other}"))),
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        ask(&text, 590)?;
    }

    #[test]
    fn words_in_any_order_are_read_or_refused(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..25), gap in "| ") {
        ask(&words.join(&gap), 590)?;
    }

    #[test]
    fn sound_expressions_stay_within_their_limits(text in expression(), now in prop_oneof![Just(590_i64), 0..700_i64, -60_000_000_000..60_000_000_000_i64]) {
        ask(&text, now)?;
    }
}

#[test]
fn most_made_expressions_are_sound() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let all: Vec<String> =
        (0..500).map(|_| expression().new_tree(&mut runner).expect("an expression").current()).collect();
    let read = all.iter().filter(|text| ask(text, 590).expect("it holds")).count();
    assert!(read * 10 >= all.len() * 7, "{read} of {} were read", all.len());
}
