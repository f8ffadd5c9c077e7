//! The tests' own eyes: a browser that sees nothing wrong must be able to see
//! what is wrong.

use crate::{
    browser::{Browser, Look},
    harness::Broker,
};

/// A page with a script that fails, a picture without words and pale text.
const BAD: &str = "data:text/html,<html lang=en><title>x</title><body><main><h1>x</h1><img src=data:,><p style=color:%23ddd>pale</p><script>nowhere()</script></main>";

#[test]
fn the_browser_sees_what_is_wrong() {
    let broker = Broker::usual();
    let Some(browser) = Browser::open(&broker.url(), &Look::default()) else { return };
    browser.go(BAD);
    let complaints = browser.complaints();
    assert!(complaints.iter().any(|text| text.contains("nowhere")), "{complaints:?}");
    browser.is_content();
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| browser.is_accessible(&Look::default())));
    let text = found.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("image-alt") && text.contains("color-contrast"), "{text}");
}
