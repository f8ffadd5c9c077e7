//! What runs is metered from the event log, and shown with what it costs so far.

use crate::harness::{Broker, eventually};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

fn model(name: &str) -> Value {
    json!({
        "hansa": 1, "name": name,
        "components": { "sleeper": {
            "package": { "process": { "command": ["sleep", "600"] } },
            "resources": { "cpu": "50m", "memory": "32Mi" }
        } }
    })
}

/// So many of a meter.
fn used(broker: &Broker, query: &str, meter: &str) -> u64 {
    let rows = broker.get(&format!("/api/v1/usage?{query}")).ok()["items"].clone();
    let of = |row: &&Value| row["of"]["meter"] == meter;
    rows.as_array().unwrap().iter().filter(of).map(|row| row["quantity"].as_u64().unwrap()).sum()
}

#[track_caller]
fn until(broker: &Broker, what: &str, least: u64) -> u64 {
    eventually(what, || match used(broker, "application=first", "machine-seconds") {
        enough if enough >= least => Ok(enough),
        less => Err(less.to_string()),
    })
}

/// When the first machine of an application was rented, or no more.
fn at(broker: &Broker, application: &str, kind: &str) -> DateTime<Utc> {
    let event = &broker.events(application, kind)[0];
    event["at"].as_str().unwrap().parse().unwrap()
}

#[test]
fn what_runs_is_metered_and_costs() {
    let (mut broker, begun) = (Broker::usual(), Instant::now());
    for name in ["first", "second"] {
        broker.done(&broker.submit(&model(name)));
    }
    let first = broker.application("first")["id"].as_str().unwrap().to_owned();
    let before = until(&broker, "it is metered", 3);

    // A broker that was killed meters on, and nothing twice: the machine ran all the while.
    broker.kill();
    thread::sleep(Duration::from_secs(2));
    broker.restart();
    until(&broker, "it is metered on", before + 4);
    let now = used(&broker, "application=first", "machine-seconds");
    let most = begun.elapsed().as_secs() + 1;
    assert!(now <= most, "{now} s are more than the {most} s since it was submitted");

    // What it costs is what its rental says, to the micro-unit.
    let costs = broker.get("/api/v1/costs?by=application,meter").ok();
    assert_eq!((&costs["timeZone"], &costs["total"]["currency"]), (&json!("UTC"), &json!("EUR")), "{costs}");
    let rows = costs["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{costs}");
    let row = rows.iter().find(|row| row["of"]["application"] == first.as_str()).unwrap();
    assert!(row["net"]["amount"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{row}");

    broker.done(&broker.remove("first").send());
    let rented = at(&broker, &first, "machine.rented");
    let whole = (at(&broker, &first, "machine.rental-ended") - rented).num_seconds().unsigned_abs();
    let all = || used(&broker, &format!("application={first}"), "machine-seconds");
    let ended = eventually("all of it is metered", || match all() {
        all if all.abs_diff(whole) <= 1 => Ok(all),
        other => Err(format!("{other}, not {whole}")),
    });
    thread::sleep(Duration::from_secs(2));
    assert_eq!(all(), ended, "nothing runs on");

    let shown = broker.cli(&["usage", "cost", "--by", "day,application"]).ok();
    assert!(shown.contains("first") && shown.contains("before tax; days are those of UTC"), "{shown}");
    let shown = broker.cli(&["usage", "list", "--by", "resource"]).ok();
    assert!(shown.contains("machine-seconds") && shown.contains("workload"), "{shown}");
    assert!(broker.cli(&["usage", "list", "--from", "2020-01-01", "--through", "2020-01-31"]).ok().contains("nothing"));

    for (query, status, said) in [
        ("by=colour", 400, "by: unknown variant `colour`"),
        ("from=2026-02-30", 400, "from: `2026-02-30` is no day"),
        ("through=%2B262142-12-31", 400, "through: `+262142-12-31` is no day"),
        ("from=2026-03-01&through=2026-02-01", 422, "through: must be 2026-03-01 or later"),
        ("from=1990-01-01", 422, "ask for less at once"),
        ("application=nobody", 404, "nobody"),
        ("pageToken=x", 400, "pageToken"),
    ] {
        for list in ["usage", "costs"] {
            let answer = broker.get(&format!("/api/v1/{list}?{query}"));
            assert_eq!(answer.status, status, "{list}?{query}: {answer:?}");
            assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{list}?{query}: {answer:?}");
        }
    }
}
