//! Versions and idempotency keys: a change is made on what its caller saw, and once.

use crate::harness::{Broker, set_replicas, single};
use reqwest::Method;

#[test]
fn a_change_made_for_another_version_is_refused() {
    let broker = Broker::usual();
    let mut model = single("sleeper", &["sleep"]);
    let accepted = broker.submit(&model);
    broker.done(&accepted);
    assert_eq!(accepted.header("etag"), "\"1\"");
    assert_eq!(broker.get("/api/v1/applications/sleeper").header("etag"), "\"1\"");
    set_replicas(&mut model, "web", 2);
    for change in [broker.update("sleeper", &model), broker.scale("sleeper", "web", 2), broker.remove("sleeper")] {
        let problem = change.header("If-Match", "\"7\"").send().problem(412, "precondition-failed");
        assert!(problem["detail"].as_str().unwrap().contains('7'), "{problem}");
    }
    broker.update("sleeper", &model).header("If-Match", "three").send().problem(400, "malformed");
    let accepted = broker.update("sleeper", &model).header("If-Match", "\"1\"").send();
    assert_eq!((accepted.status, accepted.header("etag")), (202, "\"2\""));
    broker.done(&accepted);
    broker.scale("sleeper", "web", 1).header("If-Match", "\"1\"").send().problem(412, "precondition-failed");
}

#[test]
fn the_same_key_twice_is_one_application_and_another_body_is_refused() {
    let broker = Broker::usual();
    let submit = |model: &serde_json::Value| {
        broker.call(Method::POST, "/api/v1/applications").header("Idempotency-Key", "\"once\"").json(model).send()
    };
    let model = single("sleeper", &["sleep"]);
    let (first, second) = (submit(&model), submit(&model));
    assert_eq!((first.status, first.json()), (second.status, second.json()));
    broker.done(&first);
    // Also when everything is done and a broker later.
    assert_eq!(submit(&model).json(), first.json());
    let problem = submit(&single("another", &["sleep"])).problem(422, "idempotency-key-reused");
    assert!(problem["detail"].as_str().unwrap().contains("once"), "{problem}");
    let listed = broker.get("/api/v1/applications").ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(broker.running().len(), 1);
}

#[test]
fn a_key_is_remembered_over_a_restart() {
    let mut broker = Broker::usual();
    let model = single("sleeper", &["sleep"]);
    let submit = |broker: &Broker| {
        broker.call(Method::POST, "/api/v1/applications").header("Idempotency-Key", "k").json(&model).send()
    };
    let first = submit(&broker);
    broker.done(&first);
    broker.kill();
    broker.restart();
    assert_eq!(submit(&broker).json(), first.json());
}

#[test]
fn requests_at_the_same_time_under_one_key_are_one_application() {
    let broker = Broker::usual();
    let model = single("sleeper", &["sleep"]);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    broker.call(Method::POST, "/api/v1/applications").header("Idempotency-Key", "k").json(&model).send()
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let first = &answers[0];
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.json() == first.json()), "{answers:#?}");
    broker.done(first);
}

#[test]
fn a_name_that_is_taken_is_refused_and_free_again_after_removal() {
    let broker = Broker::usual();
    let model = single("sleeper", &["sleep"]);
    broker.done(&broker.submit(&model));
    let problem = broker.submit(&model).problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("sleeper"), "{problem}");
    broker.done(&broker.remove("sleeper").send());
    broker.done(&broker.submit(&model));
}

#[test]
fn a_dry_run_writes_nothing() {
    let broker = Broker::usual();
    let events = || broker.get("/api/v1/events?limit=500").ok()["items"].as_array().unwrap().len();
    let before = events();
    let model = single("sleeper", &["sleep"]);
    let plan = broker.call(Method::POST, "/api/v1/applications?dryRun=true").json(&model).send().ok();
    assert_eq!(plan["machines"].as_array().unwrap().len(), 1, "{plan}");
    broker.call(Method::POST, "/api/v1/plans").json(&model).send().ok();
    assert_eq!(events(), before);
    assert_eq!(broker.get("/api/v1/applications").ok()["items"].as_array().unwrap().len(), 0);

    broker.done(&broker.submit(&model));
    let before = events();
    broker
        .call(Method::PATCH, "/api/v1/applications/sleeper?dryRun=true")
        .json(&serde_json::json!({"replicas": {"web": 3}}))
        .send()
        .ok();
    broker.call(Method::DELETE, "/api/v1/applications/sleeper?dryRun=true").send().ok();
    assert_eq!(events(), before);
    assert_eq!(broker.running().len(), 1);
}
