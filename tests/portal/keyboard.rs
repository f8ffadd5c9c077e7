//! Everything without a mouse.

use crate::{
    browser::{Browser, Look},
    people::{self, UMA},
};

#[test]
fn the_whole_journey_by_keyboard_alone() {
    let broker = people::broker();
    let Some(browser) = Browser::open(&broker.url(), &Look::default()) else { return };
    let go = |name: &str| {
        browser.tab_to(name);
        browser.enter();
    };
    browser.go("/login");
    go("Sign in with");
    browser.reads(UMA);
    go(UMA);
    browser.reads("Overview");
    // The first stop of each page leads past the menu.
    assert_eq!(browser.stops().first().map(String::as_str), Some("Skip to the content"));
    go("New application");
    browser.reads("Start from an example");
    go("minimal");
    browser.reads("Show the plan");
    go("Show the plan");
    browser.reads("Nothing has been done yet");
    go("Deploy");
    browser.reads("Instances working");
    browser.wait("it runs", || {
        let state = browser.text_of("#app-state");
        if state.starts_with("running") { Ok(()) } else { Err(state) }
    });
    go("Remove");
    browser.reads("can’t be undone");
    go("Remove it for good");
    broker.nothing_left();
    go("Sign out");
    browser.wait("signed out", || if browser.path().starts_with("/log") { Ok(()) } else { Err(browser.path()) });
}
