//! Moving what runs: because somebody asks, because it fits into fewer
//! machines, because it can be had for less or with less carbon. Replacement first, whatever dies.

use crate::carbon::series;
use crate::harness::{Broker, Call, Options, Page, eventually, set_replicas, single, three_tier, without_a_gap};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread};

/// A broker with a second site, `far`, and these settings of what it moves by itself.
fn broker(moving: &str) -> Broker {
    let far = "  - id: urn:hansa:site:far\n    name: far\n    nodes:\n      - name: far\n        cpu: 4\n        \
               memory: 4Gi\n        disk: 8Gi\n        capabilities: [application, database, proxy, public-ip]\n";
    Broker::start(Options { more: format!("{far}moving: {moving}\n"), ..Options::default() }).unwrap()
}

/// Moves nothing by itself.
const QUIET: &str = "{ consolidate: false, improve: false }";

fn post(broker: &Broker, what: &str, body: &Value) -> Call {
    broker.call(Method::POST, &format!("/api/v1/applications/{what}")).json(body)
}

fn wanted(applications: u32) -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("proxy", 1), ("application", applications), ("database", 1)])
}

/// How many machines are rented for an application.
fn machines(broker: &Broker, name: &str) -> usize {
    broker.application(name)["machines"].as_array().unwrap().len()
}

#[test]
fn what_is_asked_to_move_moves_without_a_gap_and_stays_there() {
    let mut broker = broker(QUIET);
    let mut model = three_tier("shop");
    set_replicas(&mut model, "application", 2);
    broker.done(&broker.submit(&model));
    let before = broker.settles("shop", &wanted(2));
    let version = broker.application("shop")["version"].clone();

    let body = json!({ "what": ["application#0"], "to": ["far"] });
    let would = post(&broker, "shop/move?dryRun=true", &body).send().ok();
    assert_eq!(would["moves"].as_array().unwrap().len(), 1, "{would}");
    assert_eq!(would["moves"][0]["instance"], "application#0");
    assert_eq!(would["moves"][0]["to"]["site"], "urn:hansa:site:far");
    assert_eq!(would["interruptions"], json!([]));
    assert_eq!(broker.application("shop")["version"], version, "a dry run");

    let entrance = broker.entrance("shop");
    without_a_gap(|| Page::fetch(entrance), || broker.done(&post(&broker, "shop/move", &body).send()));
    assert_eq!(broker.workload("shop", "application", 0).node, "far");
    let after = broker.settles("shop", &wanted(2));
    let stayed = before.iter().filter(|process| after.contains(process)).count();
    assert_eq!(stayed, 3, "all else stays as it is: {before:#?} {after:#?}");
    for kind in ["application.move-requested", "application.moving", "application.moved"] {
        let told = eventually("it is told", || broker.events("shop", kind).pop().ok_or_else(|| kind.to_owned()));
        assert!(told["message"].as_str().unwrap().contains("application#0"), "{told}");
    }

    // It stays there: through a death, and a plan of something else.
    let there = broker.workload("shop", "application", 0).id;
    broker.kill();
    broker.restart();
    broker.done(&broker.scale("shop", "application", 3).send());
    assert_eq!(broker.workload("shop", "application", 0).id, there);
    broker.done(&broker.remove("shop").send());
}

#[test]
fn a_broker_that_dies_in_the_midst_of_a_move_ends_it() {
    let mut broker = broker(QUIET);
    broker.done(&broker.submit(&three_tier("shop")));
    for (round, to) in ["far", "local", "far"].into_iter().enumerate() {
        let body = json!({ "what": ["application#0", "proxy#0"], "to": [to] });
        let key = format!("round-{round}");
        let accepted = post(&broker, "shop/move", &body).header("Idempotency-Key", &key).send();
        thread::sleep(std::time::Duration::from_millis(u64::try_from(round).unwrap() * 120));
        broker.kill();
        broker.none_twice("the broker");
        broker.restart();
        let again = post(&broker, "shop/move", &body).header("Idempotency-Key", &key).send();
        assert_eq!((again.status, again.json()), (202, accepted.json()), "one effect");
        broker.done(&accepted);
        broker.settles("shop", &wanted(1));
        let far = ["application", "proxy"].map(|component| broker.workload("shop", component, 0).node == "far");
        assert_eq!(far, [to == "far"; 2]);
        eventually("the chain works", || broker.page("shop"));
    }
    broker.done(&broker.remove("shop").send());
    broker.nothing_left();
}

#[test]
fn without_a_place_it_stays_and_what_is_lost_is_said_before() {
    let broker = broker(QUIET);
    broker.done(&broker.submit(&three_tier("shop")));
    let before = broker.settles("shop", &wanted(1));
    let visits = broker.page("shop").unwrap().visits;
    let refused = |body: Value, kind: &str, says: &str| {
        let refused = post(&broker, "shop/move", &body).send().problem(422, kind);
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
    };
    refused(json!({ "what": ["application#7"] }), "invalid", "`application#7` is neither an instance of `shop`");
    refused(json!({ "what": [] }), "invalid", "names nothing");
    refused(json!({ "what": ["proxy#0"], "to": ["nowhere"] }), "invalid", "no site or offer `nowhere`");
    let own = broker.application("shop")["machines"][0]["id"].clone();
    refused(json!({ "what": ["proxy#0"], "to": [own] }), "infeasible", "there is no place in machine");
    let database = json!({ "what": ["database#0"], "to": ["far"] });
    let would = post(&broker, "shop/move?dryRun=true", &database).send().ok();
    assert_eq!(would["interruptions"][0]["volumes"], json!([]), "{would}");
    assert_eq!(would["interruptions"][0]["copiedVolumes"], json!(["data"]), "{would}");
    assert!(would["interruptions"][0]["copyBytes"].as_u64().unwrap() > 0, "{would}");
    assert_eq!(would["interruptions"][0]["copySeconds"], json!(1), "{would}");
    assert!(would["interruptions"][0]["text"].as_str().unwrap().contains("is stopped before its replacement"));
    post(&broker, "shop/consolidate", &json!({})).send().problem(422, "infeasible");
    let stale = post(&broker, "shop/move", &json!({ "what": ["proxy#0"] })).header("If-Match", "\"77\"");
    stale.send().problem(412, "precondition-failed");
    assert_eq!(broker.settles("shop", &wanted(1)), before, "nothing was touched");

    let meant = json!({ "what": ["database#0"], "to": ["far"], "leaveVolumes": true });
    broker.done(&post(&broker, "shop/move", &meant).send());
    assert_eq!(broker.workload("shop", "database", 0).node, "far");
    let page = eventually("the chain works", || broker.page("shop"));
    assert!(page.visits <= visits + 1, "it begins with an empty volume: {page:?}");
    broker.done(&broker.remove("shop").send());
}

#[test]
fn a_broker_that_is_killed_while_data_moves_loses_none_of_it() {
    let mut broker = broker(QUIET);
    broker.done(&broker.submit(&three_tier("shop")));
    broker.settles("shop", &wanted(1));
    let mut visits = broker.page("shop").unwrap().visits;
    for (to, pause) in [("far", 0), ("local", 150), ("far", 450), ("local", 900)] {
        let body = json!({ "what": ["database#0"], "to": [to] });
        let accepted = post(&broker, "shop/move", &body).send();
        thread::sleep(std::time::Duration::from_millis(pause));
        broker.kill();
        broker.none_twice("the broker");
        broker.restart();
        broker.done(&accepted);
        broker.settles("shop", &wanted(1));
        assert_eq!(broker.workload("shop", "database", 0).node == "far", to == "far");
        let page = eventually("the chain works", || broker.page("shop"));
        assert!(page.visits > visits, "after {pause} ms: {page:?}, {visits} before");
        visits = page.visits;
    }
    broker.done(&broker.remove("shop").send());
    broker.nothing_left();
}

#[test]
fn two_that_move_at_once_leave_each_instance_once() {
    let broker = broker(QUIET);
    let mut model = single("sleeper", &["sleep"]);
    set_replicas(&mut model, "web", 2);
    broker.done(&broker.submit(&model));
    let answers = thread::scope(|scope| {
        let moves = ["web#0", "web#1"].map(|one| {
            let broker = &broker;
            let body = json!({ "what": [one], "to": ["far"] });
            scope.spawn(move || post(broker, "sleeper/move", &body).send())
        });
        moves.map(|one| one.join().unwrap())
    });
    assert!(answers.iter().any(|answer| answer.status == 202), "{answers:?}");
    for answer in &answers {
        // The other plan may be of a version that is gone by then.
        assert!(matches!(answer.status, 202 | 412), "{} {}", answer.status, answer.body);
    }
    let running = broker.settles("sleeper", &BTreeMap::from([("web", 2)]));
    assert_eq!(running.len(), 2);
    let last =
        answers.iter().filter(|answer| answer.status == 202).max_by_key(|answer| answer.json()["version"].as_i64());
    broker.done(last.unwrap());
    broker.done(&broker.remove("sleeper").send());
}

/// An application on three machines that would fit into one.
fn scattered(broker: &Broker) {
    let mut model = three_tier("shop");
    set_replicas(&mut model, "application", 3);
    let free = model.clone();
    model["rules"] = json!([{ "spread": { "component": "application", "max": 1 } }]);
    broker.done(&broker.submit(&model));
    assert_eq!(machines(broker, "shop"), 3);
    broker.done(&broker.update("shop", &free).send());
    assert_eq!(machines(broker, "shop"), 3, "nothing moves without a reason");
}

#[test]
fn what_has_room_in_fewer_machines_is_consolidated() {
    let broker = broker(QUIET);
    scattered(&broker);
    let would = post(&broker, "shop/consolidate?dryRun=true", &json!({})).send().ok();
    assert_eq!(would["moves"].as_array().unwrap().len(), 1, "{would}");
    let entrance = broker.entrance("shop");
    without_a_gap(
        || Page::fetch(entrance),
        || broker.done(&broker.call(Method::POST, "/api/v1/applications/shop/consolidate").send()),
    );
    assert_eq!(machines(&broker, "shop"), 2);
    broker.settles("shop", &wanted(3));
    let told = eventually("it is told", || {
        broker.events("shop", "application.consolidated").pop().ok_or_else(|| "not yet".to_owned())
    });
    assert!(told["message"].as_str().unwrap().contains("shop costs"), "{told}");
    broker.done(&broker.remove("shop").send());
}

#[test]
fn the_broker_consolidates_by_itself_and_says_what_that_saves() {
    let mut broker = broker("{ improve: false, interval: 1s, pause: 1s }");
    let mut kept = three_tier("shop");
    set_replicas(&mut kept, "application", 3);
    scattered(&broker);
    let told = eventually("it is told before", || {
        broker.events("shop", "application.consolidating").into_iter().next().ok_or_else(|| "not yet".to_owned())
    });
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("the other machines have room") && message.contains("saves 0.01 EUR of"), "{message}");
    broker.kill();
    broker.restart();
    eventually("one machine is left", || match machines(&broker, "shop") {
        1 => Ok(()),
        more => Err(format!("{more} machines")),
    });
    broker.settles("shop", &wanted(3));
    eventually("both are told after", || match broker.events("shop", "application.consolidated").len() {
        2 => Ok(()),
        other => Err(format!("{other}")),
    });

    // Who wants nothing moved is left alone.
    kept["moves"] = json!("asked");
    kept["rules"] = json!([{ "spread": { "component": "application", "max": 1 } }]);
    broker.done(&broker.update("shop", &kept).send());
    kept.as_object_mut().unwrap().remove("rules");
    broker.done(&broker.update("shop", &kept).send());
    thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(machines(&broker, "shop"), 3);
    broker.done(&broker.remove("shop").send());
}

#[test]
fn what_can_be_had_for_less_is_taken_where_that_pays() {
    let mut broker = broker("{ consolidate: false, interval: 1s, pause: 1s, horizon: 1m, overlap: 1h }");
    let mut model = three_tier("shop");
    model["components"]["application"]["resources"] = json!({ "cpu": "1500m", "memory": "1536Mi" });
    model["components"]["database"]["constraints"]["site"] = json!({ "allow": ["far"] });
    model["components"]["application"]["constraints"]["site"] = json!({ "allow": ["local"] });
    model["components"]["proxy"]["constraints"]["site"] = json!({ "allow": ["local"] });
    broker.done(&broker.submit(&model));
    let large = |broker: &Broker| broker.application("shop")["machines"].to_string().contains(":large");
    assert!(large(&broker));
    model["components"]["application"]["resources"] = json!({ "cpu": "50m", "memory": "32Mi" });
    broker.done(&broker.update("shop", &model).send());
    thread::sleep(std::time::Duration::from_secs(4));
    assert!(large(&broker), "an hour of both is more than a minute saves");

    broker.reconfigure(|options| options.more = options.more.replace("horizon: 1m, overlap: 1h", "horizon: 24h"));
    broker.stop();
    broker.restart();
    without_a_gap(
        || broker.page("shop"),
        || {
            eventually("it costs less", || if large(&broker) { Err("not yet".to_owned()) } else { Ok(()) });
        },
    );
    broker.settles("shop", &wanted(1));
    let told = broker.events("shop", "application.improving").remove(0);
    assert!(told["message"].as_str().unwrap().contains("it can be had for less: application#0"), "{told}");
    eventually("it is told after", || {
        broker.events("shop", "application.improved").pop().ok_or_else(|| "not yet".to_owned())
    });
    broker.done(&broker.remove("shop").send());
}

#[test]
fn what_emits_less_elsewhere_goes_there_if_its_model_counts_carbon() {
    let broker = broker("{ consolidate: false, interval: 1s, pause: 1s }");
    for (name, objective) in [("clean", "carbon"), ("cheap", "price")] {
        let mut model = single(name, &["sleep"]);
        model["objective"] = json!(objective);
        // Both begin here.
        model["components"]["web"]["constraints"] = json!({ "site": { "allow": ["local"] } });
        broker.done(&broker.submit(&model));
        model["components"]["web"].as_object_mut().unwrap().remove("constraints");
        broker.done(&broker.update(name, &model).send());
        assert_ne!(broker.workload(name, "web", 0).node, "far");
    }
    let first = broker.workload("cheap", "web", 0).id;
    let now = broker.events("clean", "machine.rented")[0]["at"].as_str().unwrap().parse().unwrap();
    for (site, grams) in [("urn:hansa:site:local", 700), ("urn:hansa:site:far", 70)] {
        let put = broker.call(Method::PUT, "/admin/v1/intensities?format=csv&source=the%20grid");
        put.body("text/csv", series(site, "location", grams, now)).send().ok();
    }
    eventually("it goes where the grid is cleaner", || match broker.workload("clean", "web", 0).node.as_str() {
        "far" => Ok(()),
        other => Err(format!("at {other}")),
    });
    let told = eventually("it is told after", || {
        broker.events("clean", "application.improved").pop().ok_or_else(|| "not yet".to_owned())
    });
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("it emits less elsewhere: web#0") && message.contains("g of CO2e an hour"), "{message}");
    // A tenth of the intensity saves nine tenths.
    let grams = |after: &str| {
        let text = message.split_once(after).unwrap().1.split(' ').next().unwrap();
        text.parse::<f64>().unwrap()
    };
    assert!((grams("saves ") / grams("g of CO2e of ") - 0.9).abs() < 0.01, "{message}");
    // There is nothing better than that, and price asks for nothing else.
    thread::sleep(std::time::Duration::from_secs(4));
    let said = broker.events("clean", "application.improving");
    assert_eq!(said.len(), 1);
    let micrograms = said[0]["data"]["savesMicrogramsPerHour"].as_f64().unwrap();
    assert!((micrograms / 1e6 - grams("saves ")).abs() < 0.001, "{message}: {micrograms}");
    assert_eq!(broker.workload("cheap", "web", 0).id, first);
    for name in ["clean", "cheap"] {
        broker.done(&broker.remove(name).send());
    }
}
