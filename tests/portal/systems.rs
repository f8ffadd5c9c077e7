//! The owner connects a real system in the browser: what is wrong is said,
//! what it has is shown, offers are made of it, and it is let go.

use crate::{
    browser::Look,
    people::{self, ADA},
};
use hansa_test_systems::docker;

#[test]
fn an_owner_connects_an_engine_and_sells_places_on_it() {
    let Some(engine) = docker() else { return };
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, ADA, &Look::default()) else { return };
    let flavour = r#"{"name": "place", "kind": "container", "cpuMilli": 200, "memoryMib": 64, "diskMib": 0}"#;
    broker.call(reqwest::Method::POST, "/admin/v1/flavours").body("application/json", flavour).send().ok();
    browser.go("/infrastructure");
    browser.press("Systems");
    browser.reads("No system is connected");
    browser.is_right("owner-systems-none");
    browser.fill("Name", "edge");
    browser.choose("Kind", "docker");
    browser.fill("Address", "unix:///nonexistent/docker.sock");
    browser.fill("Settings", "nonsense");
    browser.press("Connect a system");
    browser.reads("give NAME=VALUE");
    browser.complaints();
    browser.fill("Settings", "");
    browser.press("Connect a system");
    browser.reads("The system edge is connected.");
    browser.reads("This system can’t be used now");
    browser.is_right("owner-system-unreachable");
    browser.fill("Address", &engine.address());
    browser.press("Save");
    browser.reads("The system edge is changed.");
    browser.reads("Hosts");
    browser.fill("Flavours", "nothing");
    browser.press("Make offers");
    browser.reads("neither the system nor this broker has a flavour");
    browser.complaints();
    browser.fill("Flavours", "place");
    browser.fill("Each processor, an hour", "0.01");
    browser.press("Make offers");
    browser.reads("Offers of the system edge are made.");
    browser.reads("edge-place");
    browser.is_right("owner-system");
    browser.press("Ask it now");
    browser.reads("The system edge has answered.");
    browser.press("Disconnect this system");
    browser.reads("withdraw the offer first");
    browser.complaints();
    browser.go("/infrastructure/systems");
    browser.is_right("owner-systems");
    browser.go("/infrastructure");
    browser.reads("edge.");
}
