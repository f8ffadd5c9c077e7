//! A blue-green update from outside: visitors find the old or the new, never a mixture and
//! never nobody; a person promotes it, also after the broker was killed, and goes back at once.

use crate::harness::{Broker, eventually, set_variable, three_tier, without_a_gap};
use crate::rollout::told;
use reqwest::Method;
use serde_json::{Value, json};

fn post(broker: &Broker, what: &str) -> crate::harness::Call {
    broker.call(Method::POST, &format!("/api/v1/applications/shop/{what}"))
}

/// The processes of the instances to which callers are led, and of those beside them.
fn proxies(broker: &Broker) -> (Vec<i64>, Vec<i64>) {
    let page = broker.get("/api/v1/applications/shop/workloads").ok();
    let all = page["items"].as_array().unwrap().iter().filter(|one| one["component"] == "proxy");
    let (beside, serving): (Vec<&Value>, Vec<&Value>) = all.partition(|one| one["beside"] == true);
    let pids = |all: Vec<&Value>| all.iter().filter_map(|one| one["pid"].as_i64()).collect();
    (pids(serving), pids(beside))
}

fn stage(broker: &Broker) -> Value {
    broker.application("shop")["update"]["stage"].clone()
}

#[test]
fn visitors_are_led_to_the_new_when_a_person_says_so_and_back_at_once() {
    let mut broker = Broker::usual();
    let mut model = three_tier("shop");
    model["update"] = json!({ "strategy": "blue-green", "settle": "1s", "promote": "manual" });
    set_variable(&mut model, "proxy", "GENERATION", "one");
    broker.done(&broker.submit(&model));
    let (first, _) = proxies(&broker);
    post(&broker, "promote").send().problem(409, "conflict");

    for component in ["proxy", "application"] {
        set_variable(&mut model, component, "GENERATION", "two");
    }
    without_a_gap(|| broker.page("shop"), || broker.done(&broker.update("shop", &model).send()));
    assert_eq!((stage(&broker), proxies(&broker).0), (json!("ready"), first.clone()));
    broker.kill();
    broker.restart();
    assert_eq!((stage(&broker), proxies(&broker).0), (json!("ready"), first.clone()));
    let would = post(&broker, "promote?dryRun=true").send().ok();
    assert_eq!(would["update"]["stage"], "ready");

    without_a_gap(
        || broker.page("shop"),
        || {
            broker.done(&post(&broker, "promote").send());
            eventually("callers are led to the new", || match proxies(&broker) {
                (new, old) if old == first => Ok(new),
                other => Err(format!("{other:?}")),
            });
            let (new, _) = proxies(&broker);
            assert_eq!(told(i32::try_from(new[0]).unwrap(), "GENERATION"), "two");
            assert_eq!(stage(&broker), "switched");
            broker.done(&post(&broker, "rollback").json(&json!({})).send());
            assert_eq!(proxies(&broker).0, first, "what was kept serves again");
        },
    );
    let endpoints = broker.get("/api/v1/applications/shop/endpoints?component=proxy").ok();
    assert_eq!(endpoints["items"].as_array().unwrap().len(), 1, "nobody is told of the other: {endpoints}");
    let kinds: Vec<Value> = broker.events("shop", "update.").iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds[..4], ["begun", "ready", "switched", "switched-back"].map(|kind| json!(format!("update.{kind}"))));
    broker.done(&broker.remove("shop").send());
}
