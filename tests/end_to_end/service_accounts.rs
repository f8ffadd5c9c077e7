//! Service accounts of organisations and of projects, by the command line, as
//! programs use them; and what becomes of their streams.

use crate::harness::{Broker, Ended, Options, hansa, single};
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, Instant};

fn uma(broker: &Broker, arguments: &[&str]) -> Ended {
    let (server, token) = (broker.url(), broker.token("uma").unwrap());
    hansa(broker.folder(), arguments, &[("HANSA_SERVER", &server), ("HANSA_TOKEN", &token)])
}

fn by(broker: &Broker, token: &str, method: Method, path: &str) -> u16 {
    broker.call_unknown(method, path).header("Authorization", &format!("Bearer {token}")).send().status
}

fn lives_in(place: &str, path: &str) {
    let broker = Broker::start(Options { dev_login: true, ..Options::default() }).unwrap();
    let submitted = broker.call_as("ben", Method::POST, "/api/v1/applications?project=acme/web");
    let submitted = submitted.json(&single("sleeper", &["echo"])).send();
    broker.done(&submitted);
    let account = |words: &[&str]| uma(&broker, &[&["service-account"], words].concat());
    let dry = account(&["create", place, "ci", "--role", "use-case-user", "--dry-run"]).ok();
    assert!(dry.contains(&format!("ci@{place}")), "{dry}");
    assert!(account(&["list", place]).ok().contains("there is no service account"));
    account(&["create", place, "ci", "--role", "use-case-user"]).ok();
    assert!(account(&["create", place, "ci", "--role", "use-case-user"]).failed(1).contains("there is or was"));
    assert!(account(&["create", place, "boss", "--role", "cloud-edge-administrator"]).failed(2).contains("/role"));
    assert!(account(&["list", place]).ok().contains(&format!("ci@{place}")));
    assert!(account(&["show", place, "ci"]).ok().contains("use-case-user"));
    let first = account(&["token", "create", place, "ci", "deploys", "--expires", "1h"]).ok().trim().to_owned();
    assert!(first.starts_with("hansa_sat_"), "{first}");
    assert_eq!(by(&broker, &first, Method::GET, "/api/v1/applications/sleeper"), 200);
    let listed: Value = serde_json::from_str(&account(&["-o", "json", "token", "list", place, "ci"]).ok()).unwrap();
    let id = listed[0]["id"].as_str().unwrap();
    let second = account(&["token", "rotate", place, "ci", id]).ok().trim().to_owned();
    assert_eq!(by(&broker, &first, Method::GET, "/api/v1/me"), 401);
    assert_eq!(by(&broker, &second, Method::GET, "/api/v1/me"), 200);
    // Output that is followed, and events, end with the token.
    let follow = |path: &str| {
        let call = broker.call_unknown(Method::GET, path).header("Authorization", &format!("Bearer {second}"));
        call.open()
    };
    let logs = follow("/api/v1/applications/sleeper/logs?follow=true");
    let events = follow("/api/v1/events/stream?after=0");
    let listed: Value = serde_json::from_str(&account(&["-o", "json", "token", "list", place, "ci"]).ok()).unwrap();
    let active = listed.as_array().unwrap().iter().find(|token| token["state"] == "active").unwrap();
    account(&["token", "revoke", place, "ci", active["id"].as_str().unwrap()]).ok();
    let begun = Instant::now();
    assert!(logs.rest().contains("HANSA_COMPONENT=web") && events.rest().contains("sleeper"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // Nobody else's, and gone for good.
    let status = |who: &str, method: Method| broker.call_as(who, method, &format!("{path}/ci")).send().status;
    assert_eq!((status("tess", Method::GET), status("tess", Method::DELETE)), (404, 404));
    account(&["remove", place, "ci"]).ok();
    account(&["show", place, "ci"]).failed(1);
    assert!(account(&["create", place, "ci", "--role", "use-case-user"]).failed(1).contains("there is or was"));
}

#[test]
fn a_service_account_of_an_organisation() {
    lives_in("acme", "/api/v1/organisations/acme/service-accounts");
}

#[test]
fn a_service_account_of_a_project() {
    lives_in("acme/web", "/api/v1/projects/acme/web/service-accounts");
}
