//! Somebody moves an instance, puts machines together, leads callers to a
//! revision that waits, and sees which job waits: each shown before it is done.

use crate::{
    browser::{Browser, Look},
    harness::{Broker, Options, set_replicas, set_variable, three_tier},
    people::{self, UMA},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A broker with a second site, `far`, which moves nothing by itself.
fn broker() -> Broker {
    let more = "  - id: urn:hansa:site:far\n    name: far\n    nodes:\n      - name: far\n        cpu: 4\n        \
                memory: 4Gi\n        disk: 8Gi\n        capabilities: [application, database, proxy, public-ip]\n\
                moving: { consolidate: false, improve: false }\n"
        .to_owned();
    Broker::start(Options { dev_login: true, more, ..Options::default() }).unwrap()
}

fn submit(broker: &Broker, model: &Value) -> String {
    let path = "/api/v1/applications?project=acme/web";
    let accepted = broker.call_as("uma", Method::POST, path).json(model).send();
    broker.done(&accepted);
    let page = broker.call_as("uma", Method::GET, "/api/v1/applications").send().ok();
    let all = page["items"].as_array().unwrap();
    let id = &all.iter().find(|one| one["name"] == model["name"]).unwrap()["id"];
    format!("/applications/{}", id.as_str().unwrap())
}

/// Waits until a part of the page says so, by itself.
fn says(browser: &Browser, part: &str, words: &str) {
    browser.wait(&format!("{part} says `{words}`"), || {
        let script = format!("return document.querySelector('{part}')?.innerText ?? ''");
        let said = browser.script(&script, Vec::new());
        let said = said.as_str().unwrap_or_default().to_owned();
        if said.contains(words) { Ok(()) } else { Err(said) }
    });
}

#[test]
fn an_instance_is_moved_and_machines_are_put_together() {
    let broker = broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let path = submit(&broker, &three_tier("shop"));
    browser.go(&path);
    browser.press("Move");
    browser.reads("What is to move");
    browser.press("Show what would happen");
    browser.reads("Choose what is to move.");
    browser.complaints();
    browser.tick("application#0");
    let elsewhere = if site_of(&broker, &path) == "urn:hansa:site:far" { "Test" } else { "far" };
    browser.choose("Where to", &format!("site {elsewhere}"));
    browser.is_right("move-ask");
    browser.press("Show what would happen");
    browser.reads("Who goes where");
    browser.reads("nobody: each replacement works before its instance goes");
    browser.is_right("move-preview");
    let kinds = broker.call_as("uma", Method::GET, "/api/v1/events?kind=application.mov").send().ok();
    assert_eq!(kinds["items"], json!([]), "a preview is no move");
    browser.press("Move");
    browser.reads("shop moves.");
    let goes_to = if elsewhere == "Test" { "urn:hansa:site:local" } else { "urn:hansa:site:far" };
    browser.wait("it is there", || {
        let site = site_of(&broker, &path);
        if site == goes_to { Ok(()) } else { Err(site) }
    });
    are_put_together(&broker, &browser);
}

/// Where the first instance of the application's middle runs.
fn site_of(broker: &Broker, path: &str) -> String {
    let page = broker.call_as("uma", Method::GET, &format!("/api/v1{path}/workloads")).send().ok();
    let of = |one: &&Value| one["component"] == "application" && one["state"] == "running";
    let all = page["items"].as_array().unwrap();
    all.iter().find(of).map_or_else(String::new, |one| one["site"].as_str().unwrap().to_owned())
}

/// Three machines that would fit into two: who would move is shown, and moved when it is asked for.
fn are_put_together(broker: &Broker, browser: &Browser) {
    let mut model = three_tier("wide");
    set_replicas(&mut model, "application", 3);
    let free = model.clone();
    model["rules"] = json!([{ "spread": { "component": "application", "max": 1 } }]);
    let path = submit(broker, &model);
    broker.done(&broker.call_as("uma", Method::PUT, &format!("/api/v1{path}")).json(&free).send());
    browser.go(&path);
    browser.press("Consolidate");
    browser.reads("Put the machines of wide together?");
    browser.reads("Who goes where");
    browser.is_right("consolidate");
    browser.press("Consolidate");
    browser.reads("The machines of wide are put together.");
    browser.wait("two machines are left", || {
        let page = broker.call_as("uma", Method::GET, &format!("/api/v1{path}")).send().ok();
        match page["machines"].as_array().unwrap().len() {
            2 => Ok(()),
            more => Err(more.to_string()),
        }
    });
}

#[test]
fn callers_are_led_to_the_new_by_a_person() {
    let broker = broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let mut model = three_tier("shop");
    model["update"] = json!({ "strategy": "blue-green", "settle": "1s", "promote": "manual" });
    set_variable(&mut model, "proxy", "GENERATION", "one");
    let path = submit(&broker, &model);
    browser.go(&path);
    assert!(!browser.can_press("Promote"), "nothing waits");
    set_variable(&mut model, "proxy", "GENERATION", "two");
    let update = broker.call_as("uma", Method::PUT, &format!("/api/v1{path}")).json(&model).send();
    broker.done(&update);
    says(&browser, "#app-update", "waits until somebody promotes it");
    says(&browser, "#app-update", "proxy#0");
    browser.is_right("update-waits");
    browser.press("Promote");
    browser.reads("Lead callers of shop to the new revision?");
    browser.is_right("update-promote");
    browser.press("Promote");
    browser.reads("are being led to the new revision");
    says(&browser, "#app-update", "Callers are led to the new; the old is kept");
    assert!(!browser.can_press("Promote"), "it doesn't wait any more");
    browser.shoot("update-switched");
}

#[test]
fn a_job_that_waits_is_told_and_its_application_is_not_called_running() {
    let broker = broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let path = submit(
        &broker,
        &json!({
            "hansa": 1, "name": "night",
            "components": { "report": {
                "package": { "process": { "command": ["sleep", "3"] } }, "run": "once",
                "resources": { "cpu": "50m", "memory": "32Mi" },
                "defer": { "earliest": "5h", "deadline": "9h", "duration": "30m" }
            } }
        }),
    );
    browser.go(&path);
    says(&browser, "#app-jobs", "report");
    says(&browser, "#app-state", "waiting");
    browser.is_right("job-waits");
    browser.go("/applications?phase=waiting");
    browser.reads("night");
    browser.reads("waiting");
    browser.is_right("applications-waiting");
}
