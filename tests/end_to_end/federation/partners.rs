//! How brokers become partners and part again, by the command line.

use super::{
    Owners,
    owners::{known, partners, spread},
};
use crate::harness::eventually;

#[test]
fn two_owners_agree_exchange_offers_and_part() {
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR")]);
    let (north, south) = (owners.get("north"), owners.get("south"));

    let listed = north.cli(&["partner", "list"]).ok();
    assert!(listed.contains("south") && listed.contains("ACTIVE"), "{listed}");
    let offers = north.cli(&["offer", "list"]).ok();
    assert!(offers.lines().any(|line| line.contains("south") && line.contains("fresh")), "{offers}");
    let shown = north.cli(&["federation", "show"]).ok();
    assert!(shown.contains("did:web:127.0.0.1%3A"), "{shown}");

    // On hold: what runs goes on, nothing new is planned there.
    let name = partners(north).unwrap()[0]["name"].as_str().unwrap().to_owned();
    north.cli(&["partner", "suspend", &name, "--reason", "a look at the books"]).ok();
    assert_eq!(partners(north).unwrap()[0]["state"], "SUSPENDED");
    let away = spread("away", &[("application", "south")]);
    let refused = north.call(reqwest::Method::POST, "/api/v1/plans").json(&away).send();
    refused.problem(422, "infeasible");
    north.cli(&["partner", "resume", &name]).ok();
    eventually("the partner's offers are planned with again", || {
        let plan = north.call(reqwest::Method::POST, "/api/v1/plans").json(&away).try_send()?;
        if plan.status == 200 { Ok(()) } else { Err(plan.body) }
    });

    // Apart: the offers are gone on both sides, for good.
    north.cli(&["partner", "terminate", &name, "--reason", "we part as friends"]).ok();
    for (broker, other) in [(north, "south"), (south, "north")] {
        eventually("the other's offers vanish", || {
            let known = known(broker);
            if known == 3 { Ok(()) } else { Err(format!("{known} offers, though {other} has parted")) }
        });
        eventually("both know that they have parted", || {
            let partners = partners(broker)?;
            if partners[0]["state"] == "TERMINATED" { Ok(()) } else { Err(format!("{partners:?}")) }
        });
    }
}

#[test]
fn an_invitation_is_good_once_and_only_as_it_was_written() {
    let owners = Owners::apart(&[("north", "DE"), ("south", "FR"), ("west", "NL")]);
    let line = owners.get("north").cli(&["partner", "invite"]).ok();
    let line = line.trim();
    let mut altered = line.to_owned();
    let last = altered.pop().unwrap();
    altered.push(if last == 'A' { 'B' } else { 'A' });
    altered.insert(60, 'x');
    owners.get("south").cli(&["partner", "accept", &altered]).failed(2);
    assert!(partners(owners.get("south")).unwrap().is_empty(), "a dead invitation makes no partner");
    owners.get("south").cli(&["partner", "accept", line]).ok();
    eventually("the first is a partner", || {
        let partners = partners(owners.get("south"))?;
        if partners[0]["state"] == "ACTIVE" { Ok(()) } else { Err(format!("{partners:?}")) }
    });
    // The same line again, by somebody else, who has read it on the way.
    owners.get("west").cli(&["partner", "accept", line]);
    eventually("the thief is refused, and that is told", || {
        let events = owners.get("north").get("/api/v1/events?kind=federation.refused&limit=500").ok();
        if events["items"].as_array().is_some_and(|all| !all.is_empty()) { Ok(()) } else { Err(events.to_string()) }
    });
    assert!(partners(owners.get("west")).unwrap().iter().all(|partner| partner["state"] != "ACTIVE"));
    eventually("the first is a partner", || {
        let partners = partners(owners.get("north"))?;
        let active = partners.iter().filter(|partner| partner["state"] == "ACTIVE").count();
        if active == 1 { Ok(()) } else { Err(format!("{partners:?}")) }
    });
}

#[test]
fn keys_are_rotated_without_a_lost_message() {
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR")]);
    let (north, south) = (owners.get("north"), owners.get("south"));
    let before = partners(south).unwrap()[0]["keys"].clone();
    north.cli(&["key", "rotate"]).ok();
    eventually("the partner has pinned the new key", || {
        let now = partners(south)?[0]["keys"].clone();
        if now == before { Err(now.to_string()) } else { Ok(()) }
    });
    north.done(&north.submit(&spread("after", &[("proxy", "north"), ("application", "south"), ("database", "south")])));
}
