//! What runs is counted in energy and carbon, by the intensities that are stated.

use crate::harness::{Broker, eventually};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

fn model(name: &str) -> Value {
    json!({
        "hansa": 1, "name": name,
        "components": { "sleeper": {
            "package": { "process": { "command": ["sleep", "600"] } },
            "resources": { "cpu": "50m", "memory": "32Mi" }
        } }
    })
}

fn number(of: &Value) -> f64 {
    of.as_str().map_or_else(|| of.as_f64().unwrap(), |text| text.parse().unwrap())
}

/// Two years of hours before a moment and a day behind it, in g/kWh.
pub(crate) fn series(zone: &str, method: &str, grams: u32, now: DateTime<Utc>) -> String {
    let begin = DateTime::from_timestamp(now.timestamp().div_euclid(3_600) * 3_600, 0).unwrap() - TimeDelta::days(730);
    let mut text = "time,zone,intensity,method\n".to_owned();
    for hour in 0..(731 * 24) {
        let time = (begin + TimeDelta::hours(hour)).format("%Y-%m-%dT%H:%M:%SZ");
        writeln!(text, "{time},{zone},{grams},{method}").unwrap();
    }
    text
}

/// Two years of hours of both methods, each in one call.
fn intensities(broker: &Broker, site: &str) {
    let now = broker.events("first", "machine.rented")[0]["at"].as_str().unwrap().parse().unwrap();
    for (method, grams) in [("location", 400), ("market", 10)] {
        let put = broker.call(Method::PUT, "/admin/v1/intensities?format=csv&source=the%20grid");
        let put = put.body("text/csv", series(site, method, grams, now)).send().ok();
        assert_eq!((&put["items"][0]["zone"], &put["items"][0]["variant"]), (&json!(site), &json!(method)), "{put}");
    }
}

fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

fn report(broker: &Broker, query: &str) -> Value {
    broker.get(&format!("/api/v1/carbon?{query}")).ok()
}

#[test]
fn what_runs_is_counted_and_unknown_is_never_zero() {
    let mut broker = Broker::usual();
    for name in ["first", "second"] {
        broker.done(&broker.submit(&model(name)));
    }
    let total = |broker: &Broker| report(broker, "application=first")["total"].clone();
    let before = eventually("energy is counted", || match number(&total(&broker)["energyKwh"]) {
        some if some > 0.0 => Ok(some),
        _ => Err("none yet".to_owned()),
    });
    // Nobody states a market-based intensity: that is no zero.
    let figures = total(&broker);
    assert_eq!(
        (number(&figures["marketGrams"]), figures["energyUnknownSeconds"].as_u64()),
        (0.0, Some(0)),
        "{figures}"
    );
    assert!(number(&figures["marketUnknownKwh"]) >= before, "{figures}");
    assert!(number(&figures["embodiedGrams"]) > 0.0, "{figures}");

    let site = broker.site();
    intensities(&broker, &site);
    let report = report(&broker, "by=site,application,component");
    let figures = &report["total"];
    let energy = number(&figures["energyKwh"]);
    for (grams, of) in [(400.0, "locationGrams"), (10.0, "marketGrams")] {
        let emitted = number(&figures[of]);
        assert!((emitted - energy * grams).abs() <= emitted * 0.01 + 1e-5, "{of}: {report}");
    }
    assert_eq!((number(&figures["marketUnknownKwh"]), number(&figures["locationUnknownKwh"])), (0.0, 0.0), "{report}");
    assert_eq!(report["locationSources"][0]["source"], json!(format!("the grid ({site})")), "{report}");
    let rows = report["items"].as_array().unwrap();
    let named = |row: &Value| row["of"]["component"] == "sleeper" && row["applicationName"] == "first";
    assert!(rows.iter().any(named), "{report}");
    let sum: f64 = rows.iter().map(|row| number(&row["energyKwh"])).sum();
    assert!((sum - energy).abs() < 1e-7, "{report}");

    // A limit that is reached is told once, also by a broker that was killed.
    let limit = broker.call(Method::PUT, "/api/v1/carbon/limits/tiny").json(&json!({ "grams": "0.000001" })).send();
    assert_eq!(limit.ok()["name"], "tiny");
    broker.kill();
    broker.restart();
    let told = || broker.get("/api/v1/events?kind=carbon.").ok()["items"].as_array().unwrap().len();
    eventually("the limit is told", || if told() == 1 { Ok(()) } else { Err(format!("{} events", told())) });
    shown(&broker, &site);
}

/// What people see of it.
fn shown(broker: &Broker, site: &str) {
    let sci = broker.get("/api/v1/carbon/sci?application=first&units=10").ok();
    let hand = (number(&sci["operationalGrams"]) + number(&sci["embodiedGrams"])) / 10.0;
    assert!((number(&sci["scoreGrams"]) - hand).abs() < 2e-6, "{sci}");
    let forecast = broker.get(&format!("/admin/v1/intensities/intensity/{}/forecast", encoded(site))).ok();
    assert_eq!((forecast["items"].as_array().unwrap().len(), number(&forecast["items"][47]["value"])), (48, 400.0));
    assert_eq!(broker.get("/api/v1/carbon/advice").ok()["items"], json!([]), "there is one site");

    let list = broker.cli(&["carbon", "list", "--by", "day,application"]).ok();
    assert!(list.contains("first") && list.contains("days are those of UTC"), "{list}");
    let file = broker.file("prices.csv", "time,zone,price,currency\n2026-01-01T00:00:00Z,DE,80,EUR\n");
    for (arguments, said) in [
        (&["carbon", "limit", "list"][..], "tiny"),
        (&["carbon", "limit", "remove", "tiny"], "removed"),
        (&["carbon", "sci", "first", "--units", "10"], "g for each request"),
        (&["carbon", "advice"], "no move"),
        (&["carbon", "compare"], "first"),
        (&["carbon", "compare", "--by", "site"], site),
        (&["intensity", "put", &file, "--format", "prices"], "price"),
        (&["intensity", "list"], "the grid"),
        (&["intensity", "show", site], "400"),
        (&["intensity", "forecast", site], "400"),
        (&["intensity", "remove", site, "--variant", "market"], "removed"),
    ] {
        let text = broker.cli(arguments).ok();
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn what_can_t_be_asked_or_read_is_told() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&model("first")));
    for (query, status, said) in [
        ("?by=colour", 400, "by: unknown variant `colour`"),
        ("?from=2026-02-30", 400, "from: `2026-02-30` is no day"),
        ("?from=2026-03-01&through=2026-02-01", 422, "through: must be 2026-03-01 or later"),
        ("?application=nobody", 404, "nobody"),
        ("/compare?by=site,day", 422, "by: must be one dimension"),
        ("/sci?application=first&units=0", 422, "no `request`"),
    ] {
        let answer = broker.get(&format!("/api/v1/carbon{query}"));
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{query}: {answer:?}");
    }
    for (query, body, status, said) in [
        ("?format=xml", "x", 422, "take one of csv"),
        ("", "x", 400, "format: is missing"),
        ("?format=csv", "time,zone\n", 422, "no column `intensity`"),
        ("?format=csv&timeZone=Atlantis", "time,zone,intensity\n", 422, "Europe/Berlin"),
    ] {
        let answer = broker.call(Method::PUT, &format!("/admin/v1/intensities{query}")).body("text/csv", body).send();
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{query}: {answer:?}");
    }
}
