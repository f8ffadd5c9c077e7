//! Jobs wait for better hours, in time and across the end of a broker; what that
//! saved is told; plans go by the series that are stated.

use crate::harness::{Broker, eventually};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::ambient::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A service, and a job that may wait as this says.
fn model(name: &str, defer: &Value) -> Value {
    let resources = json!({ "cpu": "50m", "memory": "32Mi" });
    json!({
        "hansa": 1, "name": name,
        "components": {
            "web": { "package": { "process": { "command": ["sleep", "600"] } }, "resources": resources },
            "report": {
                "package": { "process": { "command": ["sleep", "3"] } }, "run": "once", "resources": resources,
                "defer": defer
            }
        }
    })
}

/// The hour that runs, and those around it.
fn hour(more: i64) -> DateTime<Utc> {
    let now = SystemClock.now().timestamp().div_euclid(3_600) * 3_600;
    DateTime::from_timestamp(now, 0).unwrap() + TimeDelta::hours(more)
}

fn put(broker: &Broker, standing: &str, from: DateTime<Utc>, values: &[u32]) {
    let site = broker.site();
    let mut text = "time,zone,intensity,standing\n".to_owned();
    for (number, value) in (0..).zip(values) {
        let time = (from + TimeDelta::hours(number)).format("%Y-%m-%dT%H:%M:%SZ");
        writeln!(text, "{time},{site},{value},{standing}").unwrap();
    }
    let put = broker.call(Method::PUT, "/admin/v1/intensities?format=csv&source=the%20grid");
    put.body("text/csv", text).send().ok();
}

fn job(broker: &Broker, name: &str) -> Value {
    broker.application(name)["deferred"][0].clone()
}

fn count(broker: &Broker, name: &str, component: &str) -> usize {
    broker.workloads(name).iter().filter(|workload| workload.component == component).count()
}

fn told(broker: &Broker, name: &str, kind: &str) -> Value {
    eventually(kind, || match broker.events(name, kind).first() {
        Some(event) => Ok(event.clone()),
        None => Err(job(broker, name).to_string()),
    })
}

fn moment(of: &Value) -> DateTime<Utc> {
    of.as_str().unwrap_or_else(|| panic!("{of} is no time")).parse().unwrap()
}

fn number(of: &Value) -> f64 {
    of.as_str().map_or_else(|| of.as_f64().unwrap(), |text| text.parse().unwrap())
}

#[test]
fn a_job_waits_for_the_clean_hour_and_begins_when_another_is_better() {
    let mut broker = Broker::usual();
    put(&broker, "recorded", hour(-72), &[400; 72]);
    let clean = hour(3);
    put(&broker, "forecast", clean - TimeDelta::hours(3), &[400, 400, 400, 50, 400, 400, 400, 400, 400, 400]);
    broker.done(&broker.submit(&model("night", &json!({ "deadline": "9h", "duration": "30m" }))));
    let waits = told(&broker, "night", "job.deferred");
    assert!(waits["message"].as_str().unwrap().contains("50 g/kWh instead of 400 at once"), "{waits}");
    assert!(number(&waits["data"]["savesMicrograms"]) > 0.0, "{waits}");
    let waiting = job(&broker, "night");
    assert_eq!((&waiting["state"], moment(&waiting["begin"])), (&json!("waiting"), clean), "{waiting}");
    assert_eq!((count(&broker, "night", "web"), count(&broker, "night", "report")), (1, 0));
    let latest = moment(&waiting["deadline"]) - TimeDelta::minutes(40);
    assert_eq!(moment(&waiting["latest"]), latest, "{waiting}");
    assert!(broker.cli(&["app", "show", "night"]).ok().contains("waiting"));

    // A broker that was killed goes on with what was decided, and decides nothing twice.
    broker.kill();
    broker.restart();
    eventually("the service runs again", || match broker.application("night")["phase"]["state"].as_str() {
        Some("running") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(job(&broker, "night"), waiting);
    assert_eq!((broker.events("night", "job.").len(), count(&broker, "night", "report")), (1, 0));

    // Another forecast: now is better than anything to come.
    put(&broker, "forecast", hour(0), &[10, 10, 400, 400, 400, 400, 400, 400, 400, 400]);
    let begun = told(&broker, "night", "job.begun");
    let done = told(&broker, "night", "job.done");
    assert_eq!((&begun["data"]["component"], &job(&broker, "night")["state"]), (&json!("report"), &json!("done")));
    assert!(moment(&done["at"]) < latest, "{done}");
    saved(&broker);
}

/// What its hours saved: nothing, for it began in the hour in which it was ready.
fn saved(broker: &Broker) {
    put(broker, "recorded", hour(-1), &[20, 20]);
    let one = eventually("what it drew is counted", || {
        let item = broker.get("/api/v1/carbon/savings?application=night").ok()["items"][0].clone();
        if number(&item["energyKwh"]) > 0.0 { Ok(item) } else { Err(item.to_string()) }
    });
    let emitted = number(&one["emittedGrams"]);
    assert!(emitted > 0.0 && (number(&one["atOnceGrams"]) - emitted).abs() <= 1e-6, "{one}");
    assert!(number(&one["achievedGrams"]).abs() <= 1e-6 && one["expectedGrams"].is_string(), "{one}");
    assert_eq!((&one["component"], &one["applicationName"]), (&json!("report"), &json!("night")), "{one}");
    let listed = broker.cli(&["carbon", "savings"]).ok();
    assert!(listed.contains("report") && listed.contains("ACHIEVED G"), "{listed}");
}

#[test]
fn where_nothing_is_known_a_job_begins_at_once_but_never_before_it_may() {
    let broker = Broker::usual();
    let refused = broker.submit(&model("never", &json!({ "deadline": "9h", "duration": "1m", "interruptible": true })));
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(refused.body.contains("stops no job"), "{refused:?}");
    let refused = broker.submit(&model("never", &json!({ "deadline": "tomorrow", "duration": "1m" })));
    assert!(refused.status == 422 && refused.body.contains("RFC 3339"), "{refused:?}");
    broker.done(&broker.submit(&model("now", &json!({ "deadline": "9h", "duration": "1m" }))));
    let begun = told(&broker, "now", "job.begun");
    assert!(begun["message"].as_str().unwrap().contains("no carbon intensity is stated"), "{begun}");
    broker.done(&broker.submit(&model("soon", &json!({ "earliest": "6s", "deadline": "9h", "duration": "1m" }))));
    let submitted = moment(&broker.application("soon")["createdAt"]);
    let begun = told(&broker, "soon", "job.begun");
    let after = moment(&begun["at"]) - submitted;
    assert!(after >= TimeDelta::seconds(6) && after < TimeDelta::minutes(1), "{begun}");
    assert_eq!(moment(&begun["data"]["job"]["ready"]), submitted + TimeDelta::seconds(6));
    told(&broker, "soon", "job.done");
    // Done it stays done, and a change beside it begins nothing.
    let mut other = model("soon", &json!({ "earliest": "6s", "deadline": "9h", "duration": "1m" }));
    other["components"]["web"]["replicas"] = 2.into();
    broker.done(&broker.update("soon", &other).send());
    assert_eq!((broker.events("soon", "job.begun").len(), broker.events("soon", "job.done").len()), (1, 1));
    // As another job it waits and begins anew.
    other["components"]["report"]["package"]["process"]["command"] = json!(["sleep", "1"]);
    other["components"]["report"]["defer"]["earliest"] = json!("1s");
    broker.done(&broker.update("soon", &other).send());
    eventually("it is begun and done again", || match broker.events("soon", "job.done").len() {
        2 => Ok(()),
        _ => Err(job(&broker, "soon").to_string()),
    });
}

#[test]
fn plans_go_by_the_series_that_are_stated() {
    let broker = Broker::usual();
    let mut wish = model("green", &json!({ "deadline": "9h", "duration": "1m" }));
    wish["constraints"] = json!({ "maxCarbonIntensity": 100 });
    wish["objective"] = json!("carbon");
    let plan = |broker: &Broker| broker.call(Method::POST, "/api/v1/plans").json(&wish).send();
    put(&broker, "recorded", hour(-72), &[700; 72]);
    let refused = plan(&broker);
    assert!(refused.status == 422 && refused.body.contains("the mean of the coming 24 hours"), "{refused:?}");
    assert!(refused.body.contains("700 g/kWh"), "{refused:?}");
    // One day and one hour, should the hour be over meanwhile.
    put(&broker, "forecast", hour(0), &[40; 25]);
    let good = plan(&broker).ok();
    assert_eq!(number(&good["carbonIntensity"]), 40.0, "{good}");
    let notes = good["notes"].to_string();
    assert!(notes.contains("the grid, forecast") && notes.contains("in the place of"), "{notes}");
}
