//! Somebody wants to be warned: tests a rule, keeps it, sees it fire, and says who is told.

use crate::{
    browser::{Browser, Look},
    harness::{Broker, single},
    people::{self, UMA},
};
use reqwest::Method;

fn comes_to(browser: &Browser, path: &str, words: &str) {
    browser.wait(words, || {
        browser.go(path);
        let text = browser.text();
        if text.contains(words) { Ok(()) } else { Err(text) }
    });
}

fn sleeps(broker: &Broker) {
    let path = "/api/v1/applications?project=acme/web";
    broker.done(&broker.call_as("uma", Method::POST, path).json(&single("sleeper", &["sleep"])).send());
}

#[test]
fn a_rule_is_tested_kept_fires_and_somebody_is_told() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    sleeps(&broker);
    browser.press("Alerts");
    browser.reads("There is no rule yet");
    browser.is_right("alerts-none");
    browser.press("New alert rule");
    browser.fill("Name", "works");
    browser.fill("Expression", "hansa_workload_healthy ==");
    browser.press("Test");
    browser.wait("what is wrong stands at its field", || {
        browser.element("#f-expr-error").map(|_| ()).ok_or_else(|| browser.text())
    });
    browser.complaints();
    browser.fill("Expression", "hansa_workload_healthy == 1");
    browser.choose("Severity", "critical");
    browser.fill("Summary", "an instance works");
    browser.press("Test");
    browser.reads("What it holds for now");
    browser.reads("pod=web-0");
    browser.is_right("alerts-tested");
    browser.press("Keep this rule");
    browser.reads("The rule works is kept.");
    comes_to(&browser, "/alerts", "fires");
    browser.reads("an instance works");
    browser.press("works");
    browser.reads("Fires since");
    browser.is_right("alerts-rule");
    is_told(&browser);

    browser.go("/alerts");
    browser.press("works");
    browser.press("Remove");
    browser.reads("The rule works is removed.");
    browser.reads("There is no rule yet");
}

fn is_told(browser: &Browser) {
    browser.go("/alerts");
    browser.fill("Name", "pager");
    browser.fill("Webhook: address", "https://hooks.invalid/a-secret");
    browser.press("Have somebody told");
    browser.reads("The secret is shown this once");
    browser.go("/alerts");
    browser.reads("hooks.invalid");
    assert!(!browser.text().contains("a-secret"), "{}", browser.text());
    browser.press("Send a test");
    browser.reads("The test for pager did not arrive");
    browser.complaints();
    browser.is_right("alerts");
    browser.press("Remove");
    browser.reads("Nobody is told");
}

#[test]
fn rules_are_stated_without_scripts_and_by_the_keyboard() {
    let broker = people::broker();
    let look = Look { scripts: false, ..Look::default() };
    let Some(browser) = people::browser_of(&broker, UMA, &look) else { return };
    browser.go("/alerts/new");
    browser.fill("Name", "down");
    browser.fill("Expression", "hansa_workload_healthy == 0");
    browser.tab_to("Test");
    browser.enter();
    browser.reads("Keep this rule");
    browser.tab_to("Keep this rule");
    browser.enter();
    browser.reads("The rule down is kept.");
}
