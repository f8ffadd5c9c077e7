//! A stream ends with what let it in.

use super::Border;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The longest that a stream may outlive what let it in.
const SOON: Duration = Duration::from_secs(2);

/// Whether a stream ends within this time, as it should: not broken off.
async fn ends(stream: &mut Response, within: Duration) -> bool {
    let begun = Instant::now();
    while let Some(left) = within.checked_sub(begun.elapsed()) {
        match tokio::time::timeout(left, stream.chunk()).await {
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => return true,
            Ok(Err(error)) => panic!("broken off: {error:?}"),
            Err(_) => return false,
        }
    }
    false
}

impl Border {
    async fn stream(&self, token: &str, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.running.url)).bearer_auth(token);
        let stream = request.send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK, "{path}");
        stream
    }

    async fn json(&self, method: &str, path: &str, who: &str, body: &Value) -> Response {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.running.url));
        request.bearer_auth(&self.tokens[who]).json(body).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let border = Border::open(true).await;
    // What the last login claimed counts for one's tokens.
    border.session("ben").await;
    let made = border.json("POST", "/api/v1/tokens", "ben", &json!({ "name": "for a test" })).await;
    let made: Value = made.json().await.unwrap();
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let mut events = border.stream(secret, "/api/v1/events/stream?after=0").await;
    let mut others = border.stream(&border.tokens["ben"], "/api/v1/events/stream?after=0").await;
    assert!(!ends(&mut events, Duration::from_secs(2)).await, "as long as the token counts");
    let revoked = border.send("DELETE", &format!("/api/v1/tokens/{id}"), Some("ben")).await;
    assert!(revoked.status().is_success(), "{}", revoked.status());
    assert!(ends(&mut events, SOON).await, "with the token");
    assert!(!ends(&mut others, Duration::from_secs(1)).await, "and no other does");
    let again = border.http.get(format!("{}/api/v1/events/stream", border.running.url)).bearer_auth(secret);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    border.running.stop().await;
}

#[tokio::test]
async fn a_live_page_ends_with_its_session() {
    let border = Border::open(true).await;
    let own = border.submit("ben", "acme/web", "shop").await;
    let session = border.session("ben").await;
    let mut live = border.visit("GET", &format!("/applications/{}/live", own.application), &session).await;
    assert_eq!(live.status(), StatusCode::OK);
    assert!(!ends(&mut live, Duration::from_secs(2)).await);
    let sessions: Value = border.send("GET", "/api/v1/sessions", Some("ben")).await.json().await.unwrap();
    let id = sessions["items"][0]["id"].as_str().unwrap();
    let ended = border.send("DELETE", &format!("/api/v1/sessions/{id}"), Some("ben")).await;
    assert!(ended.status().is_success(), "{}", ended.status());
    assert!(ends(&mut live, SOON).await);
    border.running.stop().await;
}

#[tokio::test]
async fn a_stream_ends_when_rights_are_taken_away() {
    let border = Border::open(true).await;
    let member = "/api/v1/projects/acme/web/members/noah";
    border.send("GET", "/api/v1/me", Some("noah")).await;
    let added = border.json("PUT", member, "uma", &json!({ "roles": ["use-case-user"] })).await;
    assert!(added.status().is_success(), "{}", added.text().await.unwrap());
    let mut events = border.stream(&border.tokens["noah"], "/api/v1/events/stream").await;
    assert!(!ends(&mut events, Duration::from_secs(2)).await);
    let gone = border.send("DELETE", member, Some("uma")).await;
    assert!(gone.status().is_success(), "{}", gone.status());
    assert!(ends(&mut events, SOON).await);
    border.running.stop().await;
}
