//! Where people have to log in, instances find their peers by a token of their
//! own, which is good for that and for nothing else, and ends with them.

use crate::{
    harness::{Answer, Broker, Options, eventually, set_variable, single, three_tier},
    rollout::told,
    secrets::files,
};
use reqwest::Method;
use serde_json::Value;
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

fn with_login() -> Broker {
    let more = "log:\n  level: debug\n".to_owned();
    Broker::start(Options { dev_login: true, more, ..Options::default() }).unwrap()
}

/// Submits as somebody and waits until it runs; gives the application's id.
fn deployed(broker: &Broker, who: &str, project: &str, model: &Value) -> String {
    let path = format!("/api/v1/applications?project={project}");
    let accepted = broker.call_as(who, Method::POST, &path).json(model).send();
    broker.done(&accepted);
    accepted.ok()["application"].as_str().unwrap().to_owned()
}

/// The token of an instance, from where the instance reads it.
fn token(broker: &Broker, application: &str, component: &str) -> String {
    let pid = broker.workload(application, component, 0).pid.unwrap();
    let file = told(pid, "HANSA_DISCOVERY_TOKEN_FILE");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::read_to_string(file).unwrap()
}

fn by(broker: &Broker, token: &str, method: Method, path: &str) -> Answer {
    broker.call_unknown(method, path).header("Authorization", &format!("Bearer {token}")).send()
}

fn get(broker: &Broker, token: &str, path: &str) -> Answer {
    by(broker, token, Method::GET, path)
}

#[test]
fn three_tiers_find_each_other_by_the_lookup_alone() {
    let mut broker = with_login();
    let mut model = three_tier("shop");
    set_variable(&mut model, "proxy", "FIND_PEERS", "lookup");
    set_variable(&mut model, "application", "FIND_PEERS", "lookup");
    let shop = deployed(&broker, "ben", "acme/web", &model);
    let page = eventually("the chain works", || broker.page("shop"));
    assert_eq!((page.proxy.as_str(), page.database.as_str()), ("proxy#0", "database#0"));
    let proxy = broker.workload("shop", "proxy", 0).pid.unwrap();
    let url = told(proxy, "HANSA_DISCOVERY_URL");
    let path = url.find("/api/").map(|at| url[at..].to_owned()).unwrap();
    assert_eq!(broker.call_unknown(Method::GET, &path).send().status, 401, "a token is needed");
    // A broker that starts anew takes the tokens of what it adopts.
    let token = token(&broker, "shop", "proxy");
    assert_eq!(get(&broker, &token, &path).ok()["items"].as_array().unwrap().len(), 3);
    broker.kill();
    broker.restart();
    broker.settles("shop", &BTreeMap::from([("proxy", 1), ("application", 1), ("database", 1)]));
    assert_eq!(broker.workload("shop", "proxy", 0).pid, Some(proxy));
    let found = get(&broker, &token, &format!("{path}?component=application")).ok();
    assert_eq!(found["items"][0]["component"], "application", "{found}");
    // Its removal, accepted, is the end of it.
    let removed = broker.call_as("ben", Method::DELETE, &format!("/api/v1/applications/{shop}")).send();
    assert_eq!(removed.status, 202);
    get(&broker, &token, &path).problem(401, "unauthenticated");
    broker.done(&removed);
    get(&broker, &token, &path).problem(401, "unauthenticated");
}

#[test]
fn a_token_is_good_for_the_lookup_of_its_own_application_alone() {
    let broker = with_login();
    let sleeper = |name: &str| single(name, &["sleep"]);
    let own = deployed(&broker, "ben", "acme/web", &sleeper("own"));
    let beside = deployed(&broker, "ben", "acme/web", &sleeper("beside"));
    let other = deployed(&broker, "tess", "globex/shop", &sleeper("other"));
    let token = token(&broker, "own", "web");
    get(&broker, &token, &format!("/api/v1/applications/{own}/endpoints")).ok();
    get(&broker, &token, "/api/v1/applications/own/endpoints").ok();
    for foreign in [&beside, &other, "beside", "other", "00000000-0000-7000-8000-000000000000"] {
        for part in ["", "/endpoints", "/plan", "/workloads", "/events", "/logs"] {
            get(&broker, &token, &format!("/api/v1/applications/{foreign}{part}")).problem(404, "not-found");
        }
        by(&broker, &token, Method::DELETE, &format!("/api/v1/applications/{foreign}")).problem(404, "not-found");
    }
    for part in ["", "/plan", "/workloads", "/events", "/logs"] {
        let refused = get(&broker, &token, &format!("/api/v1/applications/{own}{part}")).problem(403, "forbidden");
        assert!(refused["permission"].as_str().is_some(), "{refused}");
    }
    for (method, path) in [
        (Method::DELETE, format!("/api/v1/applications/{own}")),
        (Method::GET, "/api/v1/applications".to_owned()),
        (Method::GET, "/api/v1/me".to_owned()),
        (Method::GET, "/api/v1/offers".to_owned()),
        (Method::GET, "/api/v1/events".to_owned()),
        (Method::GET, "/api/v1/events/stream".to_owned()),
        (Method::GET, "/api/v1/tokens".to_owned()),
        (Method::POST, "/api/v1/tokens".to_owned()),
        (Method::GET, "/admin/v1/nodes".to_owned()),
        (Method::GET, "/admin/v1/audit".to_owned()),
        (Method::GET, "/metrics".to_owned()),
    ] {
        by(&broker, &token, method, &path).problem(403, "forbidden");
    }
    // No session comes of it, and no other text is one.
    let portal = broker.call_unknown(Method::GET, "/applications").header("Cookie", &format!("hansa_session={token}"));
    assert_ne!(portal.send().status, 200);
    let digest = token.rsplit('_').next().unwrap().to_owned();
    let forged = token.replace(&digest[..8], "00000000");
    get(&broker, &forged, &format!("/api/v1/applications/{own}/endpoints")).problem(401, "unauthenticated");
    // A refusal says who it was; nothing says what was shown.
    let trail = broker.get("/admin/v1/audit?outcome=denied&limit=500");
    assert!(trail.body.contains("\"workload\""), "{}", trail.body);
    let told = [trail.body, broker.log(), broker.get("/api/v1/events?limit=500").body, broker.get("/metrics").body];
    assert!(told.iter().all(|text| !text.contains(&digest)));
    let mut found = Vec::new();
    files(&broker.data(), &mut found);
    let holders: Vec<&String> = (found.iter())
        .filter(|(_, bytes)| bytes.windows(digest.len()).any(|part| part == digest.as_bytes()))
        .map(|(name, _)| name)
        .collect();
    assert!(holders.len() == 1 && holders[0].ends_with("/discovery-token"), "{holders:?}");
}

#[test]
fn an_instance_that_is_taken_away_finds_nothing_any_more() {
    let broker = with_login();
    let own = deployed(&broker, "ben", "acme/web", &single("own", &["sleep"]));
    let token = token(&broker, "own", "web");
    let path = format!("/api/v1/applications/{own}/endpoints");
    get(&broker, &token, &path).ok();
    let scaled = broker.call_as("ben", Method::PATCH, &format!("/api/v1/applications/{own}"));
    broker.done(&scaled.json(&serde_json::json!({ "replicas": { "web": 0 } })).send());
    get(&broker, &token, &path).problem(401, "unauthenticated");
}
