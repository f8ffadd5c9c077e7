//! An application whose number policies decide, and which has service levels:
//! what its page says of that.

use crate::{
    browser::{Look, PHONE},
    pages::looks_right,
    people::{self, UMA},
};
use reqwest::Method;
use serde_json::{Value, json};

/// One more after 2 s, and another after 4 s; then it wants more than its bounds allow.
const RULE: &str = "if m_userdata is None:
  m_userdata = time()
m_container_count = 1 + min(3, floor((time() - m_userdata) / 2))";

fn model() -> Value {
    let serve = ["python3", "-m", "http.server", "${PORT_HTTP}", "--bind", "127.0.0.1"];
    json!({
        "hansa": 1,
        "name": "growing",
        "components": {
            "worker": {
                "package": { "process": { "command": ["sleep", "600"] } },
                "resources": { "cpu": "50m", "memory": "32Mi" },
                "scaling": { "min": 1, "max": 3, "policies": [{ "name": "by the clock", "rule": { "text": RULE } }] }
            },
            "web": {
                "package": { "process": { "command": serve } },
                "resources": { "cpu": "50m", "memory": "32Mi" },
                "ports": { "http": {} }
            }
        },
        "serviceLevels": {
            "there": { "availability": { "component": "web", "target": 99.9, "every": "1s" } },
            "quick": { "latency": {
                "component": "web", "probe": { "http": { "port": "http" } }, "below": "5s",
                "target": 95, "window": "day", "every": "1s"
            } },
            "dreamt": { "query": { "promql": "sum(nobody_tells_this)", "atLeast": 1.5, "target": 99, "every": "1s" } }
        }
    })
}

#[test]
fn the_page_shows_what_policies_decided_and_why() {
    let broker = people::broker();
    let offers = std::fs::read_to_string(crate::harness::repository_file("examples/offers/demo.ttl")).unwrap();
    broker.call(Method::POST, "/admin/v1/offers/import").body("text/turtle", offers).send().ok();
    let look = Look::default();
    let Some(browser) = people::browser_of(&broker, UMA, &look) else { return };
    let model = model();
    let accepted = broker.call_as("uma", Method::POST, "/api/v1/applications?project=acme/web").json(&model).send();
    broker.done(&accepted);
    let id = broker.call_as("uma", Method::GET, "/api/v1/applications").send().ok()["items"][0]["id"].clone();
    let path = format!("/applications/{}", id.as_str().unwrap());
    browser.go(&path);
    // By itself: the page is not loaded again.
    let steps = "return document.querySelectorAll('#app-scaling svg.steps circle').length";
    browser.wait("two changes are drawn", || {
        let drawn = browser.script(steps, Vec::new());
        if drawn == 2 { Ok(()) } else { Err(drawn.to_string()) }
    });
    let rows = "return document.querySelectorAll('#scaling-changes-0 tbody tr').length";
    assert_eq!(browser.script(rows, Vec::new()), 2, "the table says what the drawing shows");
    for words in ["Scaling", "of 1 to 3", "by the clock: the rule assigned 4", "What holds the number"] {
        browser.reads(words);
    }
    browser.wait("both that can be are measured", || {
        let kept = browser.script("return document.querySelectorAll('#app-levels .state.good').length", Vec::new());
        if kept == 2 { Ok(()) } else { Err(kept.to_string()) }
    });
    for words in
        ["Service levels", "web answers within 5s", "99.9% of a month", "not measured", "measures no such series"]
    {
        browser.reads(words);
    }
    browser.script("for (const it of document.querySelectorAll('#app-scaling details')) it.open = true", Vec::new());
    browser.shoot("scaling");
    looks_right(&browser, &path, &look);
    browser.look(&PHONE);
    looks_right(&browser, &path, &PHONE);
    browser.script("for (const it of document.querySelectorAll('#app-scaling details')) it.open = true", Vec::new());
    browser.fits();
    browser.shoot("scaling-phone");
}
