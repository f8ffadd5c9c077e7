//! Input that is wrong: every fault is named, at once, in the form of RFC 9457.

use crate::harness::{Answer, Broker, NodeOption, Options, single, three_tier};
use reqwest::Method;
use serde_json::json;

/// Four faults in four places.
const FAULTY: &str = "\
hansa: 1
name: Shop
components:
  web:
    package:
      process:
        command: [hansa, sample, proxy]
    resources: { cpu: lots }
    healht:
      probe:
        tcp: { port: http }
links:
  - { from: web, to: databse }
";

#[test]
fn every_fault_of_a_model_is_named_with_line_and_column() {
    let broker = Broker::usual();
    let answer = broker.call(Method::POST, "/api/v1/applications").body("application/yaml", FAULTY).send();
    let problem = answer.problem(422, "invalid");
    let errors = problem["errors"].as_array().unwrap();
    for (line, column, named) in [(2, 7, "Shop"), (8, 23, "lots"), (9, 5, "healht"), (13, 22, "databse")] {
        let found = errors.iter().any(|error| {
            error["line"] == line
                && error["column"] == column
                && error.to_string().contains(named)
                && error["pointer"].as_str().is_some_and(|pointer| pointer.starts_with('/'))
        });
        assert!(found, "{named} at {line}:{column} in {errors:#?}");
    }
}

#[test]
fn the_command_line_names_file_line_and_column_and_ends_with_2() {
    let broker = Broker::usual();
    let file = broker.file("faulty.yaml", FAULTY);
    for words in [&["app", "submit", &file][..], &["plan", &file], &["model", "check", &file]] {
        let said = broker.cli(words).failed(2);
        for place in ["faulty.yaml:2:7", "faulty.yaml:8:23", "faulty.yaml:9:5", "faulty.yaml:13:22"] {
            assert!(said.contains(place), "{place} in what `{}` says:\n{said}", words.join(" "));
        }
    }
    assert!(broker.cli(&["app", "list"]).ok().contains("there is no application"));
}

#[test]
fn what_is_no_model_at_all_is_refused() {
    let broker = Broker::usual();
    let submit =
        |media_type: &str, body: &str| broker.call(Method::POST, "/api/v1/applications").body(media_type, body).send();
    for (media_type, body) in [
        ("application/yaml", ""),
        ("application/yaml", "[1, 2"),
        ("application/yaml", "\t- x: {"),
        ("application/yaml", "a: &a [*a, *a]"),
        ("application/json", "{\"hansa\": 1,"),
        ("application/json", "null"),
        ("application/json", "{\"hansa\": 1, \"hansa\": 1}"),
    ] {
        let answer = submit(media_type, body);
        assert!(matches!(answer.status, 400 | 422), "{body}: {} {}", answer.status, answer.body);
        let kind = if answer.status == 400 { "malformed" } else { "invalid" };
        assert!(
            !answer.problem(answer.status, kind)["errors"].as_array().unwrap().is_empty(),
            "{body}: {}",
            answer.body
        );
    }
    submit("image/png", "x").problem(415, "unsupported-media-type");
}

#[test]
fn a_model_that_nothing_can_satisfy_names_the_constraints_in_conflict() {
    let broker = Broker::usual();
    let mut model = three_tier("shop");
    // Neither on its own is in the way of anything.
    model["components"]["application"]["resources"] = json!({ "cpu": "2", "memory": "2Gi" });
    model["components"]["application"]["constraints"] = json!({ "maxPricePerHour": 0.000_001 });
    let answer = broker.call(Method::POST, "/api/v1/plans").json(&model).send();
    let problem = answer.problem(422, "infeasible");
    let conflict = problem["conflict"]["constraints"].as_array().unwrap();
    assert!(conflict.iter().any(|part| part["pointer"].as_str().unwrap().contains("maxPricePerHour")), "{problem}");
    assert!(problem["conflict"]["minimal"].as_bool().unwrap(), "{problem}");
    let file = broker.file("infeasible.json", &model.to_string());
    let said = broker.cli(&["plan", &file]).failed(1);
    assert!(said.contains("maxPricePerHour"), "{said}");
}

#[test]
fn an_application_that_finds_no_room_is_blocked_and_says_why() {
    let small = NodeOption { cpu: "500m".to_owned(), ..NodeOption::named("small") };
    let broker = Broker::start(Options { nodes: vec![small], ..Options::default() }).unwrap();
    let mut model = single("large", &["sleep"]);
    model["components"]["web"]["resources"] = json!({ "cpu": "3", "memory": "32Mi" });
    let operation = broker.ended(&broker.submit(&model));
    assert_eq!(operation["state"], "failed", "{operation}");
    let application = broker.application("large");
    assert_eq!(application["phase"]["state"], "blocked");
    assert!(application["phase"]["reason"].as_str().unwrap().contains("3 processors"), "{application}");
    let waiting =
        broker.file("large.json", &json!({"hansa": 1, "name": "other", "components": model["components"]}).to_string());
    let said = broker.cli(&["app", "submit", &waiting, "--wait"]).failed(1);
    assert!(said.contains("3 processors"), "{said}");
}

#[test]
fn a_program_that_does_not_exist_fails_the_operation_and_names_it() {
    let broker = Broker::usual();
    let mut model = single("absent", &["sleep"]);
    model["components"]["web"]["package"] = json!({ "process": { "command": ["no-such-program"] } });
    let operation = broker.ended(&broker.submit(&model));
    assert_eq!(operation["state"], "failed");
    assert!(operation["error"].as_str().unwrap().contains("no-such-program"), "{operation}");
    let mut model = single("crash", &["crash", "0", "3"]);
    let operation = broker.ended(&broker.submit(&model));
    assert!(operation["error"].as_str().unwrap().contains("exited with code 3"), "{operation}");
    // Put right, it runs.
    model["components"]["web"]["package"] = json!({ "process": { "command": ["hansa", "sample", "sleep"] } });
    broker.done(&broker.update("crash", &model).send());
}

#[test]
fn what_is_unknown_is_not_found() {
    let broker = Broker::usual();
    let nobody = "01900000-0000-7000-8000-000000000000";
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/applications",
        "/api/v1/aplications",
        "/api/v1/applications/nobody",
        "/api/v1/applications/nobody/plan",
        "/api/v1/applications/nobody/logs",
        "/api/v1/applications/nobody/workloads",
        "/api/v1/applications/nobody/endpoints",
        "/api/v1/applications/nobody/events",
        "/api/v1/offers/nothing",
        "/api/v1/sites/nowhere",
        "/api/v1/operations/none",
        &format!("/api/v1/operations/{nobody}"),
        &format!("/api/v1/operations/{nobody}/stream"),
        &format!("/api/v1/applications/{nobody}"),
        "/api/v1/events?application=nobody",
        "/api/v1/applications/%ff%fe",
        "/api/v1/applications/..%2f..%2fetc",
    ] {
        broker.get(path).problem(404, "not-found");
    }
    for call in [
        broker.remove("nobody"),
        broker.scale("nobody", "web", 1),
        broker.update("nobody", &single("nobody", &["sleep"])),
    ] {
        call.send().problem(404, "not-found");
    }
    for words in [
        &["app", "show", "nobody"][..],
        &["app", "remove", "nobody"],
        &["app", "logs", "nobody"],
        &["offer", "show", "nothing"],
        &["site", "show", "nowhere"],
        &["operation", "show", nobody],
    ] {
        let said = broker.cli(words).failed(1);
        assert!(said.contains(words[2]), "{said}");
    }
}

#[test]
fn a_method_that_is_not_possible_is_told_which_are() {
    let broker = Broker::usual();
    for (method, path) in [
        (Method::DELETE, "/api/v1/applications"),
        (Method::POST, "/livez"),
        (Method::PUT, "/api/v1/plans"),
        (Method::PATCH, "/api/v1/offers/x"),
    ] {
        let answer = broker.call(method, path).send();
        answer.problem(405, "method-not-allowed");
        assert!(!answer.header("allow").is_empty(), "{path}");
    }
}

#[test]
fn parameters_that_are_unknown_or_wrong_are_refused() {
    let broker = Broker::usual();
    for name in ["one", "two"] {
        broker.done(&broker.submit(&single(name, &["sleep"])));
    }
    for path in [
        "/api/v1/applications?limit=0",
        "/api/v1/applications?limit=501",
        "/api/v1/applications?limit=many",
        "/api/v1/applications?pageToken=%3F%3F",
        "/api/v1/applications?colour=red",
        "/api/v1/events?order=sideways",
        "/api/v1/events?after=soon",
        "/api/v1/offers?limit=-1",
        "/api/v1/applications/one/logs?tail=all",
    ] {
        let answer = broker.get(path);
        assert!(matches!(answer.status, 400 | 422), "{path}: {} {}", answer.status, answer.body);
        answer.problem(answer.status, if answer.status == 400 { "malformed" } else { "invalid" });
    }
    // A token of one list is none of another.
    let page = broker.get("/api/v1/applications?limit=1").ok();
    let token = page["next"].as_str().unwrap();
    let next = broker.get(&format!("/api/v1/applications?limit=1&pageToken={token}")).ok();
    assert_eq!((next["items"][0]["name"].as_str(), next["next"].as_str()), (Some("two"), None));
    let answer = broker.get(&format!("/api/v1/events?pageToken={token}"));
    assert!(matches!(answer.status, 400 | 422), "{}", answer.body);
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    let patch = |body: serde_json::Value| broker.call(Method::PATCH, "/api/v1/applications/sleeper").json(&body).send();
    let fault = |answer: Answer| answer.problem(422, "invalid");
    assert!(fault(patch(json!({ "replicas": { "wed": 2 } }))).to_string().contains("wed"));
    fault(patch(json!({ "replicas": {} })));
    fault(patch(json!({ "replicas": { "web": -1 } })));
    fault(patch(json!({ "replicas": { "web": "two" } })));
    fault(patch(json!({ "replicas": { "web": 1_000_000 } })));
    fault(patch(json!({ "replica": { "web": 1 } })));
    let renamed = fault(broker.update("sleeper", &single("other", &["sleep"])).send());
    assert!(renamed.to_string().contains("/name"), "{renamed}");
    let said = broker.cli(&["app", "scale", "sleeper", "wed=2"]).failed(2);
    assert!(said.contains("wed") && said.contains("web"), "{said}");
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let broker = Broker::start(Options { body_limit: "1Mi".to_owned(), ..Options::default() }).unwrap();
    let large = format!("# {}\n", "x".repeat(1 << 20));
    let answer = broker.call(Method::POST, "/api/v1/applications").body("application/yaml", large).send();
    let problem = answer.problem(413, "too-large");
    assert!(problem["detail"].as_str().unwrap().contains("server.body_limit"), "{problem}");
    broker.done(&broker.submit(&single("small", &["sleep"])));
}

#[test]
fn no_broker_at_all_is_told_with_the_remedy() {
    let mut broker = Broker::usual();
    broker.stop();
    let said = broker.cli(&["app", "list"]).failed(1);
    assert!(said.contains("no broker answers") && said.contains("hansa serve"), "{said}");
}
