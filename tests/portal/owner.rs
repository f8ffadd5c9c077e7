//! The owner of the machines: drafts an offer and publishes it, takes a node
//! out for maintenance and sees first what would move, keeps a credential that
//! nobody sees again, withdraws the offer.

use crate::{
    browser::{Browser, Look, PHONE},
    harness::{Broker, eventually, single},
    people::{self, ADA, INES, NOAH, UMA},
};
use reqwest::Method;

/// A secret that is written once and read by nobody.
const SECRET: &str = "0nly-0nce";

impl Browser {
    /// The page is right for everybody: light and dark, wide and on a phone; pictures of it are kept.
    #[track_caller]
    pub(crate) fn is_right(&self, name: &str) {
        let look = Look::default();
        self.fits();
        self.is_accessible(&look);
        self.shoot(name);
        self.look(&Look { dark: true, ..look });
        self.shoot(&format!("{name}-dark"));
        self.look(&PHONE);
        self.fits();
        self.is_accessible(&PHONE);
        self.shoot(&format!("{name}-phone"));
        self.look(&look);
        self.is_content();
    }
}

/// Where something runs, by the name of the node.
fn node_of(broker: &Broker, id: &str) -> Option<String> {
    let page = broker.call_as("uma", Method::GET, &format!("/api/v1/applications/{id}/workloads")).send().ok();
    let running = page["items"].as_array()?.iter().find(|one| one["state"] == "running")?;
    Some(running["node"].as_str()?.to_owned())
}

#[test]
fn an_owner_sells_maintains_and_keeps_secrets() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, ADA, &Look::default()) else { return };
    let path = "/api/v1/applications?project=acme/web";
    broker.done(&broker.call_as("uma", Method::POST, path).json(&single("sleeper", &["sleep"])).send());
    browser.go("/infrastructure");
    browser.is_right("owner-infrastructure");
    adds_a_flavour(&browser);
    sells(&browser);
    maintains(&broker, &browser);
    keeps_a_secret(&browser);

    browser.go("/infrastructure/offers?state=published");
    browser.press("Tiny in the north");
    browser.press("Withdraw this offer");
    browser.reads("is withdrawn");
    browser.is_right("owner-offer-withdrawn");
    browser.go("/offers?q=tiny");
    assert!(!browser.text().contains("Tiny in the north"), "{}", browser.text());
}

fn adds_a_flavour(browser: &Browser) {
    browser.press("Flavours");
    browser.reads("There are no flavours");
    browser.fill("Name", "tiny");
    browser.fill("Processors, in thousandths", "0");
    browser.fill("Memory (MiB)", "256");
    browser.press("Add a flavour");
    browser.reads("a machine has some processor");
    browser.complaints();
    browser.is_accessible(&Look::default());
    browser.shoot("owner-flavour-refused");
    browser.fill("Processors, in thousandths", "500");
    browser.press("Add a flavour");
    browser.reads("The flavour tiny is there.");
    browser.is_right("owner-flavours");
    browser.press("tiny");
    browser.fill("Disk (MiB)", "128");
    browser.press("Save");
    browser.reads("The flavour tiny is changed.");
    browser.press("tiny");
    browser.is_right("owner-flavour");
}

fn sells(browser: &Browser) {
    browser.go("/infrastructure/offers");
    browser.is_right("owner-offers-none");
    browser.press("Draft an offer");
    browser.is_right("owner-draft");
    browser.choose("Flavour", "tiny");
    browser.fill("Title", "Tiny in the north");
    browser.fill("Price an hour", "dear");
    browser.press("Save the draft");
    browser.reads("amount:");
    browser.complaints();
    browser.is_accessible(&Look::default());
    browser.shoot("owner-draft-refused");
    browser.fill("Price an hour", "0.003 EUR");
    browser.fill("Promised availability in a month, in percent", "99.9");
    browser.press("Save the draft");
    browser.reads("is drafted. Nobody else sees it yet.");
    browser.is_right("owner-offer-draft");
    browser.go("/offers?q=tiny");
    assert!(!browser.text().contains("Tiny in the north"), "{}", browser.text());
    browser.back();
    browser.press("Change the draft");
    assert_eq!(browser.value("Price an hour"), "0.003 EUR");
    browser.is_right("owner-draft-change");
    browser.fill("Price an hour", "0.004 EUR");
    browser.press("Save the draft");
    browser.press("Publish");
    browser.reads("is published.");
    browser.is_right("owner-offer-published");
    browser.go("/infrastructure/offers");
    browser.is_right("owner-offers");
    browser.go("/offers?q=tiny");
    browser.reads("Tiny in the north");
}

fn maintains(broker: &Broker, browser: &Browser) {
    let list = broker.call_as("uma", Method::GET, "/api/v1/applications").send().ok();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let node = eventually("it runs", || node_of(broker, &id).ok_or_else(|| "nowhere".to_owned()));
    browser.go("/infrastructure");
    browser.press("Maintenance");
    browser.reads("Nothing is under maintenance");
    browser.is_right("owner-maintenance-none");
    browser.press("Drain a node or a site");
    browser.is_right("owner-maintenance-new");
    browser.choose("Node or site", &format!("Node {node}"));
    browser.fill("Reason", "a new disk");
    browser.press("Show what would move");
    browser.reads("1 machine is there now. Nothing has happened yet.");
    for word in ["sleeper", "web#0", "moves"] {
        browser.reads(word);
    }
    browser.is_right("owner-maintenance-preview");
    assert_eq!(node_of(broker, &id).as_deref(), Some(node.as_str()), "looking moves nothing");
    browser.press("Begin maintenance");
    browser.reads(&format!("The maintenance of {node} has begun."));
    eventually("it has moved", || match node_of(broker, &id) {
        Some(other) if other != node => Ok(()),
        other => Err(format!("{other:?}")),
    });
    browser.wait("the node is empty", || {
        browser.reload();
        if browser.text().contains("Nothing runs there") { Ok(()) } else { Err(browser.text()) }
    });
    browser.is_right("owner-maintenance");
    browser.go("/infrastructure/maintenance");
    browser.is_right("owner-maintenance-list");
    browser.press(&format!("Node {node}"));
    browser.press("End maintenance");
    browser.reads(&format!("{node} may be used again."));
    browser.reads("Nothing is under maintenance");
}

fn keeps_a_secret(browser: &Browser) {
    browser.go("/infrastructure");
    browser.press("Credentials");
    browser.is_right("owner-credentials-none");
    browser.fill("Name", "openstack-north");
    browser.fill("For", "openstack");
    browser.fill("Secret", SECRET);
    browser.press("Keep a credential");
    browser.reads("openstack-north is kept. Its secret can’t be read again.");
    browser.is_right("owner-credentials");
    browser.press("openstack-north");
    browser.is_right("owner-credential");
    for path in ["/infrastructure/credentials", "/infrastructure/credentials/openstack-north", "/audit", "/"] {
        browser.go(path);
        let source = browser.script("return document.documentElement.outerHTML", Vec::new());
        assert!(!source.as_str().unwrap().contains(SECRET), "{path}");
    }
    browser.go("/infrastructure/credentials/openstack-north");
    browser.fill("Secret", "an0ther");
    browser.press("Replace the secret");
    browser.reads("openstack-north has a new secret.");
    browser.press("openstack-north");
    browser.press("Remove this credential");
    browser.reads("openstack-north is removed.");
}

#[test]
fn who_may_not_do_it_is_not_offered_it() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, INES, &Look::default()) else { return };
    browser.go("/infrastructure");
    assert!(browser.can_press("Credentials") && browser.can_press("Maintenance"), "{}", browser.text());
    let Some(tenant) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    assert!(!tenant.can_press("Infrastructure"));
    for path in ["/infrastructure/maintenance", "/infrastructure/offers", "/infrastructure/credentials"] {
        tenant.go(path);
        tenant.reads("This is not yours to do");
    }
}

#[test]
fn whoever_has_no_project_is_told_the_next_step() {
    let broker = people::broker();
    for (person, told) in [(NOAH, "Ask for one"), (ADA, "Make a project")] {
        let Some(browser) = people::browser_of(&broker, person, &Look::default()) else { return };
        browser.go("/applications/new");
        browser.reads("An application needs a project");
        browser.reads(told);
        assert!(browser.element("textarea").is_none(), "no form that can only fail");
        browser.is_right(&format!("no-project-{}", person.split(' ').next().unwrap().to_lowercase()));
    }
}

#[test]
fn accounts_projects_and_records_look_right() {
    let broker = people::broker();
    let Some(uma) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    for (path, name) in [
        ("/account", "account"),
        ("/projects", "projects"),
        ("/organisations/acme", "organisation"),
        ("/projects/acme/web", "project"),
    ] {
        uma.go(path);
        uma.is_right(name);
    }
    let Some(ada) = people::browser_of(&broker, ADA, &Look::default()) else { return };
    ada.go("/projects");
    ada.is_right("projects-owner");
    ada.go("/audit");
    ada.is_right("audit");
    ada.go("/audit/0");
    ada.is_right("audit-record");
}

/// The descriptions are browsed with somebody else's program: it has to work under the policy that goes with it.
#[test]
fn the_descriptions_can_be_browsed() {
    let broker = people::broker();
    let Some(browser) = Browser::open(&broker.url(), &Look::default()) else { return };
    for (path, word) in [("/docs/", "/api/v1/applications"), ("/admin/docs/", "/admin/v1/maintenance")] {
        browser.go(path);
        browser.reads(word);
        browser.shoot(&format!("description{}", path.trim_end_matches('/').replace('/', "-")));
        browser.is_content();
    }
}
