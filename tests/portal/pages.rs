//! Every page, for those who may see it: accessible, without complaint, within
//! the screen, in four languages, light and dark, from the phone to the wall.

use crate::{
    browser::{Browser, Look, PHONE},
    harness::{Broker, Options, repository_file, three_tier},
    people::{self, ADA, UMA},
};
use reqwest::Method;

/// Pages of whoever has a role in a project.
const TENANT: [&str; 14] = [
    "/",
    "/applications",
    "/applications/new",
    "/applications/new?example=three-tier",
    "/offers",
    "/sites",
    "/projects",
    "/costs",
    "/carbon",
    "/carbon/compare",
    "/promises",
    "/alerts",
    "/alerts/new",
    "/account",
];
/// Pages of those who run the broker.
const OWNER: [&str; 9] =
    ["/", "/infrastructure", "/offers", "/sites", "/partners", "/agreements", "/orders", "/settlements", "/audit"];

/// A file's name of a page's path.
fn named(path: &str, person: &str) -> String {
    let name: String = path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("{person}{}", name.trim_end_matches('-'))
}

/// With an application that runs, and offers of several providers.
fn lively() -> Broker {
    let broker = people::broker();
    let offers = std::fs::read_to_string(repository_file("examples/offers/demo.ttl")).unwrap();
    broker.call(Method::POST, "/admin/v1/offers/import").body("text/turtle", offers).send().ok();
    let model = three_tier("shop");
    let accepted = broker.call_as("uma", Method::POST, "/api/v1/applications?project=acme/web").json(&model).send();
    broker.done(&accepted);
    broker
}

#[track_caller]
pub(crate) fn looks_right(browser: &Browser, path: &str, look: &Look) {
    browser.go(path);
    browser.fits();
    browser.is_accessible(look);
    browser.is_content();
}

fn all(person: &str, short: &str, pages: &[&str]) {
    let broker = lively();
    let look = Look::default();
    let Some(browser) = people::browser_of(&broker, person, &look) else { return };
    let id = broker.call_as("uma", Method::GET, "/api/v1/applications").send().ok()["items"][0]["id"].clone();
    let application = format!("/applications/{}", id.as_str().unwrap());
    let pages = pages.iter().map(|path| (*path).to_owned()).chain([application]);
    for path in pages {
        let name = if path.contains(id.as_str().unwrap()) { named("/application", short) } else { named(&path, short) };
        looks_right(&browser, &path, &look);
        browser.shoot(&name);
        browser.look(&Look { dark: true, ..look });
        browser.shoot(&format!("{name}-dark"));
        browser.look(&PHONE);
        looks_right(&browser, &path, &PHONE);
        browser.shoot(&format!("{name}-phone"));
        let wall = Look { width: 2560, height: 1400, ..look };
        browser.look(&wall);
        browser.fits();
        browser.look(&look);
    }
}

#[test]
fn every_page_of_a_tenant_looks_right() {
    all(UMA, "tenant", &TENANT);
}

#[test]
fn every_page_of_an_owner_looks_right() {
    all(ADA, "owner", &OWNER);
}

#[test]
fn the_sign_in_page_and_problems_look_right() {
    let broker = people::broker();
    let look = Look::default();
    let Some(browser) = Browser::open(&broker.url(), &look) else { return };
    looks_right(&browser, "/login", &look);
    browser.look(&PHONE);
    looks_right(&browser, "/login", &PHONE);
    browser.sign_in(UMA);
    for path in ["/applications/00000000-0000-4000-8000-000000000000", "/nowhere", "/partners", "/infrastructure"] {
        browser.go(path);
        browser.fits();
        browser.is_accessible(&PHONE);
        browser.shoot(&named(path, "problem"));
        // That such a page is refused is all that a browser may complain of.
        let complaints = browser.complaints();
        assert!(complaints.iter().all(|text| text.contains("Failed to load resource")), "{path}: {complaints:#?}");
    }
}

#[test]
fn without_login_the_portal_is_there_at_once() {
    let broker = Broker::start(Options::default()).unwrap();
    let look = Look::default();
    let Some(browser) = Browser::open(&broker.url(), &look) else { return };
    for path in ["/", "/applications", "/applications/new", "/offers", "/sites", "/infrastructure", "/partners"] {
        looks_right(&browser, path, &look);
    }
    assert!(!browser.can_press("Sign out"));
}

#[test]
fn the_portal_speaks_four_languages() {
    let broker = people::broker();
    for (languages, words) in [
        ("en", ["Applications", "Sign in"]),
        ("de", ["Anwendungen", "Anmelden"]),
        ("fr", ["Applications", "Se connecter"]),
        ("es", ["Aplicaciones", "Iniciar sesión"]),
    ] {
        let look = Look { languages, ..Look::default() };
        let Some(browser) = Browser::open(&broker.url(), &look) else { return };
        browser.go("/login");
        assert_eq!(browser.script("return document.documentElement.lang", Vec::new()), languages);
        assert!(browser.title().contains(words[1]), "{languages}: {}", browser.title());
        browser.press("Development login");
        browser.press(UMA);
        browser.reads(words[0]);
        browser.go("/applications/new?example=three-tier");
        browser.fits();
        browser.shoot(&format!("application-new-{languages}"));
        browser.is_content();
        // The switch in the page goes before what the browser asks for, and is kept.
        browser.press("Español");
        browser.reads("Aplicaciones");
        browser.reload();
        assert_eq!(browser.script("return document.documentElement.lang", Vec::new()), "es");
    }
}
