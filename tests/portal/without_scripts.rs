//! The portal without JavaScript: forms and links are enough.

use crate::{
    browser::Look,
    people::{self, UMA},
};

#[test]
fn the_portal_works_without_scripts() {
    let broker = people::broker();
    let look = Look { scripts: false, ..Look::default() };
    let Some(browser) = people::browser_of(&broker, UMA, &look) else { return };
    browser.press("New application");
    browser.press("minimal");
    browser.press("Show the plan");
    browser.reads("Nothing has been done yet");
    browser.press("Deploy");
    browser.wait("it runs, when one looks again", || {
        browser.reload();
        let state = browser.text_of("#app-state");
        if state.starts_with("running") { Ok(()) } else { Err(state) }
    });
    browser.press("Remove");
    browser.press("Remove it for good");
    broker.nothing_left();
}
