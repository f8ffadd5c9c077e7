//! The pages of the market over real HTTP, against a whole broker: every page
//! in every language, hostile names, filters, pages of lists, forms.

use crate::{demo, metrics::Metrics, wiring};
use reqwest::{Client, Method, StatusCode, redirect::Policy};
use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};
use tempfile::TempDir;
use wiring::RunningBroker;

/// What an owner of a hostile mind calls an offer.
const HOSTILE: &str = "<script>alert('x')</script>{{7*7}}";

pub(super) struct Portal {
    pub(super) running: RunningBroker,
    http: Client,
    _directory: TempDir,
}

impl Portal {
    /// A broker with the demo's catalogue, and 60 more offers, one of them with a hostile name.
    pub(super) async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = demo::demo_settings(directory.path(), 0).unwrap();
        let running = wiring::start(settings, Arc::new(Metrics::new())).await.unwrap();
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let portal = Self { running, http, _directory: directory };
        let import = portal.http.post(portal.address("/admin/v1/offers/import")).header("Content-Type", "text/turtle");
        let answer = import.body(catalogue()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
        portal
    }

    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    /// A page, with the cookies that came with it.
    pub(super) async fn get(&self, path: &str, language: &str) -> (StatusCode, String, String) {
        let request = self.http.request(Method::GET, self.address(path));
        let answer = request.header("Accept", "text/html").header("Accept-Language", language).send().await.unwrap();
        let cookies: Vec<String> = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned())
            .collect();
        (answer.status(), answer.text().await.unwrap(), cookies.join("; "))
    }

    pub(super) async fn page(&self, path: &str) -> String {
        let (status, page, _) = self.get(path, "en").await;
        assert_eq!(status, StatusCode::OK, "{path}: {page}");
        page
    }

    pub(super) async fn post(&self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let request = self.http.post(self.address(path)).header("Accept", "text/html").header("Cookie", cookies);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.body(body.extend_pairs(fields).finish()).send().await.unwrap()
    }
}

fn catalogue() -> String {
    let (first, rest) = demo::OFFERS.split_once("<https://nordlys-cloud.example/offers/nl-nano>").unwrap();
    let (block, _) = rest.split_once("\n<").unwrap();
    let mut text = format!("{first}<https://nordlys-cloud.example/offers/nl-nano>{rest}");
    for number in 0..60 {
        let title = if number == 0 { HOSTILE.to_owned() } else { format!("Numbered {number:02}") };
        let copy = block.replacen("\"Nordlys nano\"", &format!("\"{title}\""), 1);
        write!(text, "\n<https://nordlys-cloud.example/offers/copy-{number:02}>{copy}\n").unwrap();
    }
    text
}

/// What stands in the value of every element of this name in a page.
pub(super) fn values<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

const PAGES: [&str; 13] = [
    "/offers",
    "/offers/nl-nano",
    "/offers/copy-00",
    "/offers/compare?pick=https%3A%2F%2Fnordlys-cloud.example%2Foffers%2Fcopy-00&pick=urn%3Anothing",
    "/sites",
    "/sites/stockholm",
    "/infrastructure",
    "/partners",
    "/partners/quarantine",
    "/agreements",
    "/orders",
    "/settlements",
    "/orders/holds",
];

#[tokio::test]
async fn every_page_says_what_it_is_in_every_language_and_nothing_breaks_out() {
    let portal = Portal::open().await;
    for path in PAGES.into_iter().chain([
        "/audit",
        "/costs",
        "/costs?by=kind&month=2020-02",
        "/carbon?by=site",
        "/promises?show=missed",
        "/faults?state=resolved",
        "/alerts",
        "/alerts/new",
        "/carbon/compare",
        "/carbon/compare?by=site&month=2020-02",
        "/infrastructure/faults",
    ]) {
        for language in ["en", "de", "fr", "es"] {
            let (status, page, _) = portal.get(path, language).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
            assert_eq!(page.matches("<h1").count(), 1, "{path}");
            assert!(page.contains("<details class=\"also\""), "{path} does not tell its commands");
            assert!(!page.contains("<script>alert"), "{path}");
            assert!(!page.contains(" style="), "{path}: the Content-Security-Policy refuses style attributes");
        }
    }
    let (status, page, _) = portal.get("/offers/nothing-of-this-name", "de").await;
    assert!(status == StatusCode::NOT_FOUND && page.contains("<html lang=\"de\""));
    portal.running.stop().await;
}

#[tokio::test]
async fn a_list_of_offers_is_filtered_sorted_and_paged_by_its_address() {
    let portal = Portal::open().await;
    let (mut seen, mut path) = (BTreeSet::new(), "/offers?q=nordlys-cloud+copy&sort=-price".to_owned());
    for page_number in 0..3 {
        let page = portal.page(&path).await;
        let offers = values(&page, "name=\"pick\" value=\"");
        assert_eq!(offers.len(), [25, 25, 10][page_number], "{path}");
        assert!(offers.iter().all(|iri| seen.insert((*iri).to_owned())), "an offer stands on two pages");
        assert!(page.contains("of 60 offers"));
        let token = values(&page, "name=\"page\" value=\"").last().map(|token| (*token).to_owned());
        path = format!("/offers?q=nordlys-cloud+copy&sort=-price&page={}", token.unwrap_or_default());
    }
    assert_eq!(seen.len(), 60);
    // A token belongs to its order.
    let (status, ..) = portal.get(&path.replace("sort=-price", "sort=price"), "en").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let containers = portal.page("/offers?kind=container&price=x").await;
    assert!(containers.contains("aria-invalid") && !containers.contains("virtual machine</p>"));
    let picked = portal.page("/offers?pick=https%3A%2F%2Fnordlys-cloud.example%2Foffers%2Fcopy-07&q=numbered+08").await;
    assert!(
        picked.contains("<input type=\"hidden\" name=\"pick\" value=\"https://nordlys-cloud.example/offers/copy-07\"")
    );
    portal.running.stop().await;
}

#[tokio::test]
async fn a_form_needs_its_token_and_leads_on() {
    let portal = Portal::open().await;
    let path = "/offers/https%3A%2F%2Fnordlys-cloud.example%2Foffers%2Fcopy-01";
    let (_, page, cookies) = portal.get(path, "en").await;
    let token = values(&page, "name=\"csrf\" value=\"").first().copied().unwrap().to_owned();
    let withdraw = format!("{path}/withdraw");
    assert_eq!(portal.post(&withdraw, &cookies, &[("csrf", "forged")]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(portal.post(&withdraw, "", &[("csrf", &token)]).await.status(), StatusCode::FORBIDDEN);
    assert!(portal.page(path).await.contains("Numbered 01"));
    let answer = portal.post(&withdraw, &cookies, &[("csrf", &token)]).await;
    assert_eq!((answer.status(), answer.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/offers"));
    assert_eq!(portal.get(path, "en").await.0, StatusCode::NOT_FOUND);

    // What is wrong in a form is told at its field, with what was entered.
    let document = "<urn:x> a <https://w3id.org/hansa/ns#Provider> .";
    let fields = [("csrf", token.as_str()), ("document", document)];
    let answer = portal.post("/infrastructure/import", &cookies, &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("&#60;urn:x&#62;"), "{page}");
    portal.running.stop().await;
}
