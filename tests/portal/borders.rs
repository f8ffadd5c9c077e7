//! What nobody may: another tenant's things, another's session, a form from elsewhere.

use crate::{
    browser::{Browser, Look},
    harness::{Broker, single},
    people::{self, NOAH, TESS, UMA},
};
use reqwest::Method;
use serde_json::Value;

/// The session's cookie.
#[track_caller]
fn session(browser: &Browser) -> Value {
    let cookies = browser.cookies();
    let found = cookies.iter().find(|cookie| cookie["name"].as_str().is_some_and(|name| name.ends_with("-session")));
    found.unwrap_or_else(|| panic!("no session in {cookies:#?}")).clone()
}

fn application(broker: &Broker, person: &str, project: &str) -> String {
    let path = format!("/api/v1/applications?project={project}");
    let accepted = broker.call_as(person, Method::POST, &path).json(&single("secret-plan", &["sleep"])).send();
    broker.done(&accepted);
    let list = broker.call_as(person, Method::GET, "/api/v1/applications").send().ok();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn two_tenants_see_nothing_of_each_other() {
    let broker = people::broker();
    let Some(uma) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let Some(tess) = people::browser_of(&broker, TESS, &Look::default()) else { return };
    let id = application(&broker, "uma", "acme/web");
    uma.go("/applications");
    uma.reads("secret-plan");
    for path in ["/", "/applications", "/projects", "/account"] {
        tess.go(path);
        tess.reads("Applications");
        assert!(!tess.text().contains("secret-plan") && !tess.text().contains("acme"), "{path}: {}", tess.text());
    }
    // Another's is told apart from nothing by no letter.
    let told = |path: &str| {
        tess.go(path);
        let number = tess.script("return document.querySelector('main').innerText", Vec::new());
        let text: String =
            number.as_str().unwrap_or_default().lines().filter(|line| !line.contains("urn:uuid")).collect();
        text
    };
    for rest in ["", "/update", "/remove"] {
        let theirs = told(&format!("/applications/{id}{rest}"));
        let nothing = told(&format!("/applications/01900000-0000-7000-8000-000000000000{rest}"));
        let plain = |text: &str| text.replace(&id, "ID").replace("01900000-0000-7000-8000-000000000000", "ID");
        assert_eq!(plain(&theirs), plain(&nothing), "{rest}");
        assert!(!theirs.contains("secret-plan"), "{theirs}");
    }
    let Some(noah) = people::browser_of(&broker, NOAH, &Look::default()) else { return };
    noah.go("/applications");
    assert!(!noah.text().contains("secret-plan"));
}

#[test]
fn a_session_ends_and_does_not_come_back() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let cookie = session(&browser);
    assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&true.into(), &"Lax".into()), "{cookie}");
    assert_eq!(cookie["session"], true, "it ends with the browser");
    browser.press("Sign out");
    browser.wait("signed out", || if browser.path().starts_with("/log") { Ok(()) } else { Err(browser.path()) });
    browser.go("/applications");
    browser.reads("Sign in");
    browser.back();
    browser.back();
    browser.wait("nothing of the session", || {
        let text = browser.text();
        if text.contains("Nothing runs yet") { Err(text) } else { Ok(()) }
    });
    // A stolen cookie of a session that has ended opens nothing.
    browser.set_cookie(cookie["name"].as_str().unwrap(), cookie["value"].as_str().unwrap());
    browser.go("/applications");
    browser.reads("Sign in");
}

#[test]
fn a_session_that_somebody_planted_is_not_taken_over() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, TESS, &Look::default()) else { return };
    let planted = session(&browser);
    let (name, value) = (planted["name"].as_str().unwrap(), planted["value"].as_str().unwrap());
    let Some(victim) = Browser::open(&broker.url(), &Look::default()) else { return };
    victim.set_cookie(name, value);
    victim.sign_in(UMA);
    assert_ne!(session(&victim)["value"], value, "the login makes a session of its own");
    browser.go("/account");
    assert!(!browser.text().contains(UMA), "who planted it is not the victim: {}", browser.text());
}

#[test]
fn a_form_from_elsewhere_changes_nothing() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let cookie = session(&browser);
    let cookie = format!("{}={}", cookie["name"].as_str().unwrap(), cookie["value"].as_str().unwrap());
    let id = application(&broker, "uma", "acme/web");
    let remove = |headers: &[(&str, &str)], form: &str| {
        let mut call =
            broker.call_unknown(Method::POST, &format!("/applications/{id}/remove")).header("Cookie", &cookie);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call.body("application/x-www-form-urlencoded", form).send().status
    };
    let own = broker.url();
    for (headers, form) in [
        (&[("Origin", own.as_str())][..], "version=1"),
        (&[("Origin", own.as_str())][..], "version=1&csrf=1.00"),
        (&[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")][..], "version=1"),
        (&[("Origin", "null")][..], "version=1"),
    ] {
        assert_eq!(remove(headers, form), 403, "{headers:?} {form}");
    }
    // Even with the right token, not from another site.
    browser.go(&format!("/applications/{id}/remove"));
    let token = browser.script("return document.querySelector('input[name=csrf]').value", Vec::new());
    let form = format!("version=1&csrf={}", token.as_str().unwrap());
    assert_eq!(remove(&[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")], &form), 403);
    // And the API takes no cookie at all.
    let path = format!("/api/v1/applications/{id}");
    assert_eq!(broker.call_unknown(Method::DELETE, &path).header("Cookie", &cookie).send().status, 401);
    assert_eq!(broker.running().len(), 1, "it runs on");
}
