//! Moves, consolidation and promotion over real HTTP, against a whole broker.

use super::pages_tests::{Portal, values};
use reqwest::StatusCode;
use std::time::Duration;

const MODEL: &str = "hansa: 1\nname: quiet\ncomponents:\n  idle:\n    package:\n      process: { command: [hansa, sample, sleep] }\n    constraints: { capabilities: [application] }\n";

/// Deploys an application, and waits until it has a plan: its page's address.
async fn planned(portal: &Portal) -> String {
    let request = reqwest::Client::builder().no_proxy().build().unwrap().post(portal.address("/api/v1/applications"));
    let answer = request.header("Content-Type", "application/yaml").body(MODEL).send().await.unwrap();
    let accepted: serde_json::Value = answer.json().await.unwrap();
    let path = format!("/applications/{}", accepted["application"].as_str().unwrap());
    for _ in 0..600 {
        if portal.page(&format!("{path}/move")).await.contains("value=\"idle#0\"") {
            return path;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there is no plan");
}

#[tokio::test]
async fn a_move_is_shown_before_it_is_begun_and_what_cannot_be_is_told() {
    let portal = Portal::open().await;
    let path = planned(&portal).await;
    for language in ["en", "de", "fr", "es"] {
        for rest in ["/move", "/consolidate", "/promote"] {
            let (status, page, _) = portal.get(&format!("{path}{rest}"), language).await;
            assert_eq!(status, StatusCode::OK, "{rest}: {page}");
            assert!(page.contains(&format!("<html lang=\"{language}\"")) && page.matches("<h1").count() == 1, "{rest}");
        }
    }
    let (status, page, _) = portal.get(&format!("{path}/move?to="), "en").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("Choose what is to move."), "{page}");
    let (status, page, _) = portal.get(&format!("{path}/move?what=nobody%230&to="), "en").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("This can’t be done"), "{page}");

    let (status, page, cookies) = portal.get(&format!("{path}/move?what=idle%230&to="), "en").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Who goes where") && page.contains(", rented anew"), "{page}");
    assert!(page.contains("value=\"idle#0\" checked"), "what was chosen is still chosen: {page}");
    let value = |name: &str| values(&page, &format!("name=\"{name}\" value=\"")).first().copied().unwrap().to_owned();
    let (csrf, version, key) = (value("csrf"), value("version"), value("key"));
    let move_to = format!("{path}/move");
    let fields = [("csrf", csrf.as_str()), ("version", &version), ("key", &key), ("what", "idle#0"), ("to", "")];
    let forged = [("csrf", "forged"), ("version", &version), ("key", &key), ("what", "idle#0"), ("to", "")];
    assert_eq!(portal.post(&move_to, &cookies, &forged).await.status(), StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let answer = portal.post(&move_to, &cookies, &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    }
    let events = portal.get("/api/v1/events?kind=application.move-requested", "en").await.1;
    assert_eq!(events.matches("\"application.move-requested\"").count(), 1, "the same form is done once: {events}");

    // Nothing waits to be promoted: that is said, and done to nobody.
    let answer = portal.post(&format!("{path}/promote"), &cookies, &[("csrf", &csrf), ("version", &version)]).await;
    assert!(answer.status().is_client_error(), "{}", answer.status());
    portal.running.stop().await;
}
