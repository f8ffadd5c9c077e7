//! Alert rules and who is told, over real HTTP, against a whole broker.

use super::pages_tests::{Portal, values};
use reqwest::{Response, StatusCode};

/// What only the receiver of a webhook shall know.
const SECRET_PATH: &str = "path-that-is-secret";
const EXPR: &str = "hansa_workload_healthy == 0";

/// A visitor with the cookies of the first page.
struct Visitor {
    portal: Portal,
    cookies: String,
}

impl Visitor {
    async fn come() -> Self {
        let portal = Portal::open().await;
        let (_, _, cookies) = portal.get("/alerts", "en").await;
        Self { portal, cookies }
    }

    /// Sends a form with the token of a page for these cookies.
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().get(self.portal.address("/alerts/new"));
        let page = request.header("Accept", "text/html").header("Cookie", &self.cookies).send().await.unwrap();
        let page = page.text().await.unwrap();
        let token = values(&page, "name=\"csrf\" value=\"").first().copied().unwrap().to_owned();
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.portal.post(path, &self.cookies, &all).await
    }

    /// What a form answers, with this status.
    async fn told(&self, path: &str, fields: &[(&str, &str)], status: StatusCode) -> String {
        let answer = self.send(path, fields).await;
        let (found, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(found, status, "{path}: {text}");
        text
    }

    /// A form that is right: where it leads.
    async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(path, fields).await;
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}: {}", answer.text().await.unwrap());
        to.unwrap()
    }
}

fn rule<'a>(step: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("step", step), ("name", "down"), ("expr", EXPR), ("for", "2m"), ("severity", "critical")];
    fields.extend_from_slice(more);
    fields
}

#[tokio::test]
async fn a_rule_is_tested_before_it_is_kept_and_is_changed_and_removed() {
    let visitor = Visitor::come().await;
    let rules = "/alerts/rules";
    let tested = visitor.told(rules, &rule("test", &[]), StatusCode::OK).await;
    // Nothing runs, and nothing is measured: that is said, and is no answer.
    assert!(tested.contains("nothing here is measured as hansa_workload_healthy now"), "{tested}");
    assert!(tested.contains("Keep this rule"), "{tested}");
    assert!(visitor.portal.page("/alerts").await.contains("There is no rule yet"), "a test keeps nothing");

    let broken = [("step", "test"), ("name", "Down!"), ("expr", "sum(")];
    let refused = visitor.told(rules, &broken, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(refused.contains("aria-invalid=\"true\"") && !refused.contains("Keep this rule"), "{refused}");

    let to = visitor.done(rules, &rule("save", &[("enabled", "yes")])).await;
    assert!(to.starts_with("/alerts/rules/down?project="), "{to}");
    let page = visitor.portal.page(&to).await;
    assert!(page.contains(EXPR) && page.contains("critical"), "{page}");
    let list = visitor.portal.page("/alerts").await;
    assert!(list.contains(&to.replace('&', "&amp;")), "{list}");
    // Another of the name would take its place: that is no new rule.
    let taken = visitor.told(rules, &rule("save", &[("summary", "x")]), StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(taken.contains("there is a rule `down` already"), "{taken}");

    let version = values(&page, "name=\"version\" value=\"").first().copied().unwrap().to_owned();
    let change = [("changed", "yes"), ("version", version.as_str()), ("enabled", "no")];
    visitor.done(rules, &rule("save", &change)).await;
    assert!(visitor.portal.page("/alerts").await.contains("off"));
    let stale = [("changed", "yes"), ("version", version.as_str()), ("enabled", "yes")];
    let stale = visitor.send(rules, &rule("save", &stale)).await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);

    let forged = visitor.portal.post("/alerts/rules/down/remove", &visitor.cookies, &[("csrf", "forged")]).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    visitor.done("/alerts/rules/down/remove", &[]).await;
    assert!(visitor.portal.page("/alerts").await.contains("There is no rule yet"));
    visitor.portal.running.stop().await;
}

#[tokio::test]
async fn who_is_told_is_listed_without_its_secrets_and_a_test_says_what_came_of_it() {
    let visitor = Visitor::come().await;
    let notifications = "/alerts/notifications";
    let url = format!("https://hooks.invalid/{SECRET_PATH}");
    let mail = [("name", "people"), ("address", "ops@example.org"), ("kinds", "alert.")];
    let refused = visitor.told(notifications, &mail, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(refused.contains("id=\"f-address-error\""), "{refused}");

    let hook = [("name", "hook"), ("url", url.as_str()), ("kinds", "alert., fault."), ("severity", "major")];
    let made = visitor.told(notifications, &hook, StatusCode::OK).await;
    assert!(made.contains("The secret is shown this once"), "{made}");
    let again = visitor.told(notifications, &hook, StatusCode::CONFLICT).await;
    assert!(!again.contains("The secret is shown this once") && !again.contains(SECRET_PATH), "{again}");
    let list = visitor.portal.page("/alerts").await;
    assert!(list.contains("hooks.invalid") && list.contains("alert., fault."), "{list}");
    assert!(!list.contains(SECRET_PATH), "{list}");

    let page = visitor.portal.page("/alerts/notifications/hook").await;
    assert!(page.contains("Nothing was sent yet") && !page.contains(SECRET_PATH), "{page}");

    let tried = visitor.told("/alerts/notifications/hook/test", &[], StatusCode::OK).await;
    assert!(tried.contains("The test for hook did not arrive"), "{tried}");
    visitor.done("/alerts/notifications/hook/remove", &[]).await;
    assert!(visitor.portal.page("/alerts").await.contains("Nobody is told"));
    visitor.portal.running.stop().await;
}

#[tokio::test]
async fn a_comparison_is_there_as_a_file_too() {
    let visitor = Visitor::come().await;
    let (status, file, _) = visitor.portal.get("/carbon/compare/export?by=site&format=csv", "en").await;
    assert_eq!(status, StatusCode::OK);
    assert!(file.starts_with("site,name,processor_hours,"), "{file}");
    let (_, file, _) = visitor.portal.get("/carbon/compare/export?by=site&format=json", "en").await;
    assert_eq!(file, "[]");
    let (status, ..) = visitor.portal.get("/carbon/compare/export?format=xml", "en").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, ..) = visitor.portal.get("/carbon/compare?month=2026-13", "en").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    visitor.portal.running.stop().await;
}
