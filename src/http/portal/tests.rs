//! The portal over real HTTP, against a whole broker in a temporary directory.

use crate::{demo, metrics::Metrics, portal::Language, wiring};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use std::sync::Arc;
use tempfile::TempDir;
use wiring::RunningBroker;

struct Portal {
    running: RunningBroker,
    http: Client,
    _directory: TempDir,
}

/// What a browser sends back: its cookies, and the token of the form it saw.
struct Visitor {
    cookie: String,
    token: String,
}

impl Portal {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = demo::demo_settings(directory.path(), 0).unwrap();
        let running = wiring::start(settings, Arc::new(Metrics::new())).await.unwrap();
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let portal = Self { running, http, _directory: directory };
        let offers = portal.http.post(portal.url("/admin/v1/offers/import")).header("Content-Type", "text/turtle");
        let offers = offers.body(demo::OFFERS).send().await.unwrap();
        assert_eq!(offers.status(), StatusCode::OK);
        portal
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path)).header("Accept", "text/html")
    }

    fn post(&self, path: &str, visitor: &Visitor, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut all = vec![("csrf", visitor.token.as_str())];
        all.extend_from_slice(fields);
        let body: String =
            all.iter().map(|(name, value)| format!("{name}={}&", super::visit::encoded(value))).collect();
        let form = self.http.post(self.url(path)).header("Accept", "text/html").header("Cookie", &visitor.cookie);
        form.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    async fn visitor(&self) -> Visitor {
        let page = self.get("/applications/new").send().await.unwrap();
        let cookie = set_cookies(&page).into_iter().find(|cookie| cookie.contains("-visitor=")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let token = after(&page.text().await.unwrap(), "name=\"csrf\" value=\"");
        Visitor { cookie: cookie.split(';').next().unwrap().to_owned(), token }
    }

    async fn applications(&self) -> usize {
        let list = self.http.get(self.url("/api/v1/applications?includeRemoved=true")).send().await.unwrap();
        list.json::<serde_json::Value>().await.unwrap()["items"].as_array().unwrap().len()
    }
}

fn set_cookies(response: &Response) -> Vec<String> {
    response.headers().get_all("Set-Cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn after(text: &str, mark: &str) -> String {
    text.split_once(mark).unwrap().1.split('"').next().unwrap().to_owned()
}

const MODEL: &str = "hansa: 1\nname: quiet\ncomponents:\n  idle:\n    package:\n      process: { command: [hansa, sample, sleep] }\n    constraints: { capabilities: [application] }\n";

#[tokio::test]
async fn every_page_is_strict_about_what_it_loads() {
    let portal = Portal::open().await;
    for (path, status) in [
        ("/", 200),
        ("/applications", 200),
        ("/applications?phase=degraded&name=x&order=price&page=9", 200),
        ("/applications/new", 200),
        ("/applications/new?example=three-tier", 200),
        ("/login", 200),
        ("/applications/nope", 404),
        ("/nope", 404),
    ] {
        let page = portal.get(path).send().await.unwrap();
        assert_eq!(page.status().as_u16(), status, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        assert_eq!(page.headers()["cache-control"], "no-store", "{path}");
        let text = page.text().await.unwrap();
        for bad in [" style=", "<style", "<script>", " onclick=", "javascript:"] {
            assert!(!text.contains(bad), "{path}: {bad}");
        }
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(text.contains("<html lang=\"en\""), "{path}");
    }
    portal.running.stop().await;
}

#[tokio::test]
async fn a_form_that_this_visitor_did_not_see_changes_nothing() {
    let portal = Portal::open().await;
    let (one, other) = (portal.visitor().await, portal.visitor().await);
    let fields = [("model", MODEL), ("project", ""), ("key", "k")];
    let stolen = Visitor { cookie: one.cookie.clone(), token: other.token };
    let none = Visitor { cookie: one.cookie.clone(), token: String::new() };
    let no_cookie = Visitor { cookie: "a=b".to_owned(), token: one.token.clone() };
    let mut refused = vec![
        portal.post("/applications", &stolen, &fields),
        portal.post("/applications", &none, &fields),
        portal.post("/applications", &no_cookie, &fields),
    ];
    for (name, value) in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        refused.push(portal.post("/applications", &one, &fields).header(name, value));
    }
    for request in refused {
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(portal.applications().await, 0);
    portal.running.stop().await;
}

#[tokio::test]
async fn a_session_that_somebody_brings_along_is_not_taken_up() {
    let portal = Portal::open().await;
    let port = portal.running.url.rsplit(':').next().unwrap();
    let brought = format!("hansa-{port}-session=brought-by-an-attacker; hansa-{port}-visitor=");
    let page = portal.get("/").header("Cookie", brought).send().await.unwrap();
    assert!(set_cookies(&page).iter().all(|cookie| !cookie.contains("session=")), "{:?}", set_cookies(&page));
    assert!(!page.text().await.unwrap().contains("brought-by-an-attacker"));
    portal.running.stop().await;
}

#[tokio::test]
async fn a_plan_writes_nothing_and_one_deployment_is_one_application() {
    let portal = Portal::open().await;
    let visitor = portal.visitor().await;
    let plan = portal.post("/applications/new", &visitor, &[("model", MODEL)]).send().await.unwrap();
    assert_eq!(plan.status(), StatusCode::OK);
    assert_eq!(portal.applications().await, 0);
    let text = plan.text().await.unwrap();
    let key = text.split_once("<textarea name=\"key\" hidden>\n").unwrap().1.split('<').next().unwrap().to_owned();
    let fields = [("model", MODEL), ("project", ""), ("key", key.as_str())];
    let mut places = Vec::new();
    for _ in 0..2 {
        let answer = portal.post("/applications", &visitor, &fields).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        places.push(answer.headers()["location"].to_str().unwrap().to_owned());
    }
    assert_eq!(places.first(), places.last());
    assert_eq!(portal.applications().await, 1);
    let page = portal.get(places.first().unwrap()).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("quiet"));
    // The name is taken: the form again, with the API's words.
    let again = [("model", MODEL), ("project", ""), ("key", "another")];
    let answer = portal.post("/applications", &visitor, &again).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert!(answer.text().await.unwrap().contains("<textarea id=\"f-model\""));
    portal.running.stop().await;
}

#[tokio::test]
async fn faults_stand_beside_the_text_and_hostile_text_is_only_text() {
    let portal = Portal::open().await;
    let visitor = portal.visitor().await;
    let text = "hansa: 1\nname: \"<script>alert(1)</script>\"\ncomponents: {}\n";
    let answer = portal.post("/applications/new", &visitor, &[("model", text)]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Line 2, column"), "{page}");
    assert!(!page.contains("<script>"), "{page}");
    portal.running.stop().await;
}

#[tokio::test]
async fn a_choice_of_language_and_theme_is_kept_and_leads_nowhere_else() {
    let portal = Portal::open().await;
    let visitor = portal.visitor().await;
    let fields = [("language", "de"), ("theme", "dark"), ("return", "//evil.example/")];
    let answer = portal.post("/preferences", &visitor, &fields).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/");
    let kept: Vec<String> =
        set_cookies(&answer).iter().map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    let page = portal.get("/applications").header("Cookie", kept.join("; ")).header("Accept-Language", "fr");
    let text = page.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("<html lang=\"de\" data-theme=\"dark\">"));
    assert!(text.contains(&Language::German.t("nav-applications")));
    portal.running.stop().await;
}

#[tokio::test]
async fn files_are_kept_for_good_and_pages_are_small() {
    let portal = Portal::open().await;
    let page = portal.get("/").header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let text = portal.get("/").send().await.unwrap().text().await.unwrap();
    let style = after(&text, "<link rel=\"stylesheet\" href=\"");
    let file = portal.get(&style).send().await.unwrap();
    assert!(file.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let tag = file.headers()["etag"].to_str().unwrap().to_owned();
    let weight = text.len() + file.text().await.unwrap().len();
    assert!(weight < 60_000, "{weight} bytes");
    let again = portal.get(&style).header("If-None-Match", tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(portal.get("/assets/portal-0.css").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert!(crate::portal::assets::SCRIPT.content.len() < 6_000);
    portal.running.stop().await;
}
