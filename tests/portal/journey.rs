//! The newcomer: logs in, deploys, watches it come up, scales it, reads what it
//! costs, updates it, reads what it prints, removes it.

use crate::{
    browser::{Browser, Look},
    harness::{Broker, repository_file, three_tier},
    people::{self, UMA},
};
use std::fs;

/// The application of the journey.
const NAME: &str = "three-tier";

impl Browser {
    /// Waits until the application's page says so of its state, by itself: the page is not loaded again.
    #[track_caller]
    fn comes_to(&self, state: &str) {
        self.wait(&format!("the state is `{state}`"), || {
            let said = self.script("return document.querySelector('#app-state')?.innerText ?? ''", Vec::new());
            let said = said.as_str().unwrap_or_default().to_owned();
            if said.starts_with(state) { Ok(()) } else { Err(said) }
        });
    }

    /// Marks the page, so that one can see whether it was loaded again.
    fn mark(&self) {
        self.script("window.marked = true", Vec::new());
    }

    #[track_caller]
    fn is_still_the_same_page(&self) {
        assert_eq!(self.script("return window.marked === true", Vec::new()), true, "the page was loaded again");
    }

    /// How many instances work, of how many: `3/3`.
    #[track_caller]
    fn instances(&self, wanted: &str) {
        self.wait(&format!("{wanted} instances"), || {
            let said = self.script("return document.querySelector('#app-cost dd')?.innerText ?? ''", Vec::new());
            if said == wanted { Ok(()) } else { Err(said.to_string()) }
        });
    }
}

#[test]
fn a_newcomer_deploys_watches_scales_updates_and_removes() {
    let broker = people::broker();
    let look = Look::default();
    let Some(browser) = Browser::open(&broker.url(), &look) else { return };
    browser.go("/");
    browser.reads("Sign in");
    browser.shoot("sign-in");
    browser.sign_in(UMA);
    browser.reads("Nothing runs yet");
    browser.shoot("overview-empty");

    starts_from_an_example(&browser);
    comes_up_live(&browser);
    scales(&browser);
    updates(&browser);
    browser.go("/");
    browser.reads(NAME);
    browser.shoot("overview");
    is_removed(&broker, &browser);
    browser.is_content();
}

fn starts_from_an_example(browser: &Browser) {
    browser.press("New application");
    browser.press(NAME);
    assert!(browser.value("Description (YAML or JSON)").contains("three-tier"), "the example is in the form");
    browser.shoot("application-new");
    browser.press("Show the plan");
    browser.reads("Nothing has been done yet");
    for word in ["an hour", "proved optimal", "€", "Why so and not otherwise"] {
        browser.reads(word);
    }
    browser.shoot("application-plan");
}

fn comes_up_live(browser: &Browser) {
    browser.press("Deploy");
    browser.wait("the application's page", || {
        if browser.path().starts_with("/applications/") && !browser.path().ends_with("/new") {
            Ok(())
        } else {
            Err(browser.path())
        }
    });
    browser.mark();
    browser.comes_to("running");
    browser.instances("3/3");
    browser.is_still_the_same_page();
    let workloads = browser.text_of("#app-workloads");
    for component in ["proxy", "application", "database"] {
        assert!(workloads.contains(component), "{workloads}");
    }
    assert!(browser.text_of("#app-cost").contains("€"), "{}", browser.text_of("#app-cost"));
    browser.reads("listens on 127.0.0.1");
    browser.shoot("application");
}

fn scales(browser: &Browser) {
    browser.fill("application", "3");
    browser.press("Show the plan");
    browser.reads("Scale three-tier?");
    browser.shoot("application-scale");
    browser.press("Scale");
    browser.instances("5/5");
    browser.comes_to("running");
    browser.shoot("application-scaled");
}

fn updates(browser: &Browser) {
    browser.press("Update");
    let text = browser.value("Description (YAML or JSON)");
    assert!(text.contains("components"), "the description in force is in the form: {text}");
    browser.fill("Description (YAML or JSON)", &text.replace("description: \"", "description: \"Second revision. "));
    browser.press("Show the plan");
    browser.reads("Update three-tier?");
    browser.shoot("application-update");
    browser.press("Update");
    browser.reads("Second revision");
    browser.comes_to("running");
}

fn is_removed(broker: &Broker, browser: &Browser) {
    browser.press(NAME);
    browser.press("Remove");
    browser.reads("This can’t be undone");
    browser.shoot("application-remove");
    browser.press("Remove it for good");
    browser.wait("nothing runs", || {
        if broker.running().is_empty() { Ok(()) } else { Err(format!("{:?}", broker.running())) }
    });
    broker.nothing_left();
    browser.go("/");
    browser.reads("Nothing runs yet");
}

#[test]
fn a_description_is_pasted_uploaded_and_its_faults_are_shown_at_their_lines() {
    let broker = people::broker();
    let Some(browser) = people::browser_of(&broker, UMA, &Look::default()) else { return };
    let field = "Description (YAML or JSON)";

    browser.go("/applications/new");
    browser.fill(field, "hansa: 1\nname: faulty\ncomponents:\n  web:\n    pakage: {}\n");
    browser.press("Show the plan");
    browser.reads("pakage");
    browser.reads("Line 5");
    assert!(browser.value(field).contains("pakage"), "what was typed is still there");
    browser.shoot("application-faults");
    browser.complaints();

    let pasted = three_tier("pasted").to_string();
    browser.fill(field, &pasted);
    browser.press("Show the plan");
    browser.reads("Plan of pasted");

    let file = broker.file("uploaded.json", &three_tier("uploaded").to_string());
    browser.go("/applications/new");
    browser.upload("Or upload a file", &file);
    browser.press("Show the plan");
    browser.reads("Plan of uploaded");
    browser.press("Deploy");
    browser.comes_to("running");

    let sovereign = fs::read_to_string(repository_file("examples/sovereign.yaml")).unwrap();
    browser.go("/applications/new");
    browser.fill(field, &sovereign);
    browser.press("Show the plan");
    browser.reads("Nothing fits");
    browser.shoot("application-conflict");
}
