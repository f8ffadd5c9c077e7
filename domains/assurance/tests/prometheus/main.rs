//! Against a real Prometheus 2.42: the same samples in both, the same queries,
//! the same answers; and its client.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling"
)]

mod client;
mod compare;
mod data;
mod generate;
mod queries;

use compare::{Both, Differences};

/// Both, with the same samples. None: there is no Prometheus here, and that was said.
fn both() -> Option<Both> {
    let real = hansa_test_systems::Prometheus::start()?;
    let data = data::data();
    real.write(&data);
    Some(Both::new(real, &data))
}

#[tokio::test]
async fn written_queries_have_the_answers_of_prometheus() {
    let Some(both) = both() else { return };
    let mut differences = Differences::default();
    for query in queries::ALL {
        for at in data::TIMES {
            differences.add(both.compare(query, *at).await);
        }
    }
    let (asked, answered) = differences.settle("written");
    assert!(asked >= 1_000 && answered * 10 >= asked * 8, "{answered} of {asked} had an answer");
}

#[tokio::test]
async fn generated_queries_have_the_answers_of_prometheus() {
    let Some(both) = both() else { return };
    let mut differences = Differences::default();
    let count = std::env::var("HANSA_TEST_QUERIES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let mut generator = generate::Generator::new(42);
    for number in 0..count {
        let query = generator.query();
        let at = data::TIMES[number % data::TIMES.len()];
        differences.add(both.compare(&query, at).await);
    }
    let (asked, answered) = differences.settle("generated");
    assert!(asked == count && answered * 5 >= asked * 2, "{answered} of {asked} had an answer");
}

#[tokio::test]
async fn what_differs_on_purpose_differs() {
    let Some(both) = both() else { return };
    for (query, why) in queries::ON_PURPOSE {
        let difference = both.compare(query, data::TIMES[0]).await;
        assert!(difference.is_difference(), "{query} no longer differs ({why})");
    }
}
