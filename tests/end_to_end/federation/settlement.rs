//! What owners owe each other: from an order to a statement that both have
//! signed and that anybody verifies offline.

use super::{
    Owners,
    owners::{orders, spread},
};
use crate::harness::{Broker, eventually};
use hansa_repository::ambient::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::Value;

fn list(broker: &Broker, what: &str) -> Vec<Value> {
    broker.get(&format!("/admin/v1/{what}")).ok()["items"].as_array().unwrap().clone()
}

/// The one statement of a broker, once it is agreed.
fn agreed(broker: &Broker) -> Result<Value, String> {
    let all = list(broker, "settlements");
    match all.as_slice() {
        [one] if one["state"] == "AGREED" => Ok(one.clone()),
        _ => Err(format!("{all:?}")),
    }
}

/// Where a broker's DID document is, as a file.
fn keys(north: &Broker, name: &str, broker: &Broker) -> String {
    let document = broker.get("/.well-known/did.json").ok();
    north.file(&format!("{name}.did.json"), &document.to_string())
}

fn seen_in_the_portal(broker: &Broker, id: &str) {
    let page = |path: &str| broker.call(Method::GET, path).header("Accept", "text/html").send();
    let listed = page("/settlements");
    assert!(listed.status == 200 && listed.body.contains(&format!("/settlements/{id}")), "{}", listed.body);
    assert!(listed.body.contains("agreed") && listed.body.contains("No claims"), "{}", listed.body);
    let shown = page(&format!("/settlements/{id}"));
    assert!(shown.status == 200 && shown.body.contains("What both sides signed"), "{}", shown.body);
}

#[test]
fn what_was_delivered_is_settled_once_and_verified_offline() {
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR")]);
    let (north, south) = (owners.get("north"), owners.get("south"));
    let model = spread("shop", &[("proxy", "north"), ("application", "south"), ("database", "north")]);
    north.done(&north.submit(&model));
    assert_eq!(orders(north, "consumer").len(), 1);
    north.done(&north.remove("shop").send());

    for broker in [north, south] {
        eventually("all usage is acknowledged", || {
            let told = broker.get("/api/v1/events?kind=usage.acknowledged").ok();
            if told["items"].as_array().unwrap().is_empty() { Err(told.to_string()) } else { Ok(()) }
        });
    }

    let partner = list(north, "partners")[0]["did"].as_str().unwrap().to_owned();
    let day = SystemClock.now().date_naive().to_string();
    let make = || north.cli(&["settlement", "make", &partner, "--from", &day, "--through", &day]);
    let dry = north.cli(&["settlement", "make", &partner, "--from", &day, "--through", &day, "--dry-run"]).ok();
    assert!(dry.contains("OPEN") && list(north, "settlements").is_empty(), "{dry}");
    let ours = eventually("both have signed", || {
        make().ok();
        agreed(north)
    });
    let theirs = eventually("both know", || agreed(south));
    let id = ours["id"].as_str().unwrap();
    assert_eq!(theirs["id"], ours["id"]);
    let micros = |one: &Value| one["toPay"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(micros(&ours) >= 0.0 && (micros(&ours) + micros(&theirs)).abs() < 1e-9, "{ours} {theirs}");
    let shown = north.cli(&["settlement", "show", id]).ok();
    assert!(shown.contains("delivered") && shown.contains("machine/"), "{shown}");

    for broker in [north, south] {
        eventually("it is booked", || {
            let told = broker.cli(&["ledger", "balance"]).ok();
            if told.contains("settled:did:web:") { Ok(()) } else { Err(told) }
        });
    }

    // Nothing of it is settled again, and it stays as it is.
    make().ok();
    assert_eq!(agreed(north).unwrap(), ours);

    seen_in_the_portal(north, id);

    // Both files say the same, and need no broker.
    let (own, other) = (keys(north, "north", north), keys(north, "south", south));
    let exported = north.cli(&["settlement", "export", id]).ok();
    let file = north.file("statement.json", &exported);
    let there = north.file("theirs.json", &south.cli(&["settlement", "export", id]).ok());
    for file in [&file, &there] {
        let said = north.cli(&["settlement", "verify", file, "--keys", &own, "--keys", &other]).ok();
        assert!(said.contains("genuine") && said.matches("did:web:").count() >= 2, "{said}");
    }
    north.cli(&["settlement", "verify", &file]).ok();
    // One side's key alone doesn't do, and neither does another amount.
    let said = north.cli(&["settlement", "verify", &file, "--keys", &own]).failed(2);
    assert!(said.contains("NOT"), "{said}");
    let forged = north.file("forged.json", &exported.replacen("\\\"quantity\\\":", "\\\"quantity\\\":9", 1));
    let said = north.cli(&["settlement", "verify", &forged]).failed(2);
    assert!(said.contains("NOT"), "{said}");

    assert!(list(north, "claims").is_empty() && list(south, "claims").is_empty(), "nothing was missed");
    let unknown = "0".repeat(64);
    assert!(!north.cli(&["claim", "accept", &unknown]).failed(1).is_empty());
    assert!(list(north, "payments").len() <= 1);
    let tomorrow = "2999-01-01";
    let said = north.cli(&["settlement", "make", &partner, "--from", &day, "--through", tomorrow]).failed(2);
    assert!(said.contains("through"), "{said}");
}
