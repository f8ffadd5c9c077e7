//! Going back to an earlier revision: the history only grows, what worked is
//! there again, and nothing is served badly meanwhile.

use crate::harness::{Broker, Call, Page, set_variable, single, three_tier, without_a_gap};
use crate::rollout::told;
use reqwest::Method;
use serde_json::{Value, json};

fn rollback(broker: &Broker, name: &str, query: &str, body: &Value) -> Call {
    broker.call(Method::POST, &format!("/api/v1/applications/{name}/rollback{query}")).json(body)
}

fn revisions(broker: &Broker, name: &str) -> Vec<Value> {
    broker.get(&format!("/api/v1/applications/{name}/revisions")).ok()["items"].as_array().unwrap().clone()
}

/// The generation that the application server was told.
fn generation(broker: &Broker) -> String {
    told(broker.workload("shop", "application", 0).pid.unwrap(), "GENERATION")
}

#[test]
fn back_to_what_ran_last_without_a_gap() {
    let mut broker = Broker::usual();
    let mut model = three_tier("shop");
    for generation in ["one", "two"] {
        set_variable(&mut model, "application", "GENERATION", generation);
        match generation {
            "one" => broker.done(&broker.submit(&model)),
            _ => broker.done(&broker.update("shop", &model).send()),
        }
    }
    set_variable(&mut model, "application", "GENERATION", "three");
    model["components"]["application"]["package"] =
        json!({ "process": { "command": ["hansa", "sample", "crash", "0", "7"] } });
    assert_eq!(broker.ended(&broker.update("shop", &model).send())["state"], "failed");

    let would = rollback(&broker, "shop", "?dryRun=true", &json!({})).send().ok();
    assert!(would["machines"].is_array(), "a plan: {would}");
    assert_eq!(revisions(&broker, "shop").len(), 3, "a dry run");

    let entrance = broker.entrance("shop");
    without_a_gap(
        || Page::fetch(entrance),
        || {
            broker.done(&rollback(&broker, "shop", "", &json!({})).send());
            assert_eq!(generation(&broker), "two", "the third never ran");
            broker.done(&rollback(&broker, "shop", "", &json!({ "to": 1 })).send());
            assert_eq!(generation(&broker), "one");
        },
    );
    let all = revisions(&broker, "shop");
    let restored: Vec<Option<i64>> = all.iter().map(|one| one["restores"].as_i64()).collect();
    assert_eq!(restored, [Some(1), Some(2), None, None, None]);
    let ran: Vec<bool> = all.iter().map(|one| one["ranAt"].is_string()).collect();
    assert_eq!(ran, [true, true, false, true, true]);
    let changed = &all[3]["changes"][0];
    assert_eq!(changed["pointer"], "/components/application/environment/GENERATION");
    assert_eq!((&changed["before"], &changed["after"]), (&json!("one"), &json!("two")));
    assert_eq!(all[4]["changes"], json!([]));
    let told = broker.events("shop", "application.rolled-back");
    assert_eq!(told[0]["message"], "shop was rolled back to revision 2 (revision 4)");
    assert_eq!(told[1]["data"]["restores"], 1);

    // Again without a number: back to the last one that ran and was something else, whatever dies meanwhile.
    let call = rollback(&broker, "shop", "", &json!({})).header("Idempotency-Key", "again");
    let accepted = call.send();
    broker.kill();
    broker.restart();
    let repeated = rollback(&broker, "shop", "", &json!({})).header("Idempotency-Key", "again").send();
    assert_eq!((repeated.status, repeated.json()), (202, accepted.json()), "one effect");
    broker.done(&accepted);
    assert_eq!((generation(&broker).as_str(), revisions(&broker, "shop").len()), ("two", 6));
    broker.done(&broker.remove("shop").send());
}

#[test]
fn what_can_not_be_gone_back_to_is_refused_and_named() {
    let broker = Broker::usual();
    let mut model = single("sleeper", &["sleep"]);
    broker.done(&broker.submit(&model));
    let refused = rollback(&broker, "sleeper", "", &json!({})).send().problem(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("no earlier revision"), "{refused}");
    for (to, says) in [(1, "has revision 1 already"), (7, "no revision 7; it has 1 to 1"), (0, "no revision 0")] {
        let refused = rollback(&broker, "sleeper", "", &json!({ "to": to })).send().problem(422, "invalid");
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
    }
    rollback(&broker, "sleeper", "", &json!({ "too": 1 })).send().problem(422, "invalid");
    set_variable(&mut model, "web", "GENERATION", "two");
    broker.done(&broker.update("sleeper", &model).send());
    rollback(&broker, "sleeper", "", &json!({})).header("If-Match", "\"1\"").send().problem(412, "precondition-failed");
    let page = broker.get("/api/v1/applications/sleeper/revisions?limit=1").ok();
    let next = page["next"].as_str().unwrap();
    let rest = broker.get(&format!("/api/v1/applications/sleeper/revisions?pageToken={next}")).ok();
    assert_eq!((&page["items"][0]["number"], &rest["items"][0]["number"]), (&json!(2), &json!(1)));
    assert!(rest.get("next").is_none(), "{rest}");
    broker.done(&broker.remove("sleeper").send());
    rollback(&broker, "sleeper", "", &json!({})).send().problem(404, "not-found");
}
