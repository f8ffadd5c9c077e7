//! Who is kept out, and who isn't: refused proofs of an address, locked accounts.

use super::Border;
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test]
async fn whoever_proves_who_they_are_does_not_wait_for_what_others_sent_from_their_address() {
    let border = Border::open_with(true, |settings| {
        settings.server.limits.failures_per_minute = 1;
        settings.server.limits.failures_burst = 2;
    })
    .await;
    let wrong = async || {
        let request = border.http.get(format!("{}/api/v1/me", border.running.url)).bearer_auth("x");
        request.send().await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(wrong().await.status(), StatusCode::UNAUTHORIZED);
    }
    for _ in 0..3 {
        let told = wrong().await;
        assert_eq!(told.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(told.headers().contains_key("retry-after"));
        assert_eq!(border.send("GET", "/api/v1/me", Some("ben")).await.status(), StatusCode::OK);
        assert_eq!(border.send("GET", "/login", None).await.status(), StatusCode::OK);
        assert_eq!(border.send("GET", "/login/dev", None).await.status(), StatusCode::SEE_OTHER);
    }
    border.running.stop().await;
}

#[tokio::test]
async fn a_locked_account_gets_in_by_nothing_until_it_is_unlocked() {
    let border = Border::open(true).await;
    let json = async |method: &str, path: &str, who: &str, body: &str| -> (StatusCode, Value) {
        let request = border.http.request(method.parse().unwrap(), format!("{}{path}", border.running.url));
        let request = request.bearer_auth(&border.tokens[who]).header("Content-Type", "application/json");
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    };
    let me = async |token: &str| {
        let request = border.http.get(format!("{}/api/v1/me", border.running.url)).bearer_auth(token);
        request.send().await.unwrap().status()
    };
    let (_, made) = json("POST", "/api/v1/tokens", "ben", r#"{"name": "x"}"#).await;
    let token = made["secret"].as_str().or(made["token"].as_str()).unwrap_or_else(|| panic!("{made}")).to_owned();
    let issued = border.tokens["ben"].clone();
    assert_eq!((me(&token).await, me(&issued).await), (StatusCode::OK, StatusCode::OK));

    let (status, found) = json("GET", "/admin/v1/accounts?text=JANSSEN", "ada", "").await;
    assert_eq!((status, found["items"][0]["handle"].as_str()), (StatusCode::OK, Some("ben")), "{found}");
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let (_, mailed) = json("GET", "/admin/v1/accounts?text=ben@example", "ada", "").await;
    assert_eq!(mailed["items"].as_array().unwrap().len(), 1);
    let (_, none) = json("GET", "/admin/v1/accounts?text=%25", "ada", "").await;
    assert_eq!(none["items"].as_array().unwrap().len(), 0, "a sign of patterns is itself");
    assert_eq!(json("POST", "/admin/v1/accounts/ben/lock", "otto", "{}").await.0, StatusCode::FORBIDDEN);
    assert_eq!(json("POST", "/admin/v1/accounts/ada/lock", "ada", "{}").await.0, StatusCode::CONFLICT);

    let (_, would) = json("POST", "/admin/v1/accounts/ben/lock?dryRun=true", "ada", "{}").await;
    assert_eq!(would["state"], "locked");
    assert_eq!(me(&token).await, StatusCode::OK, "a dry run changes nothing");
    let (status, locked) = json("POST", "/admin/v1/accounts/ben/lock", "ada", r#"{"reason": "lost laptop"}"#).await;
    assert_eq!((status, locked["reason"].as_str()), (StatusCode::OK, Some("lost laptop")), "{locked}");
    assert_eq!((me(&token).await, me(&issued).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    let id = locked["id"].as_str().unwrap();
    let (_, shown) = json("GET", &format!("/admin/v1/accounts/{id}"), "otto", "").await;
    assert_eq!(shown, locked);

    let (status, unlocked) = json("POST", "/admin/v1/accounts/ben/unlock", "ada", "").await;
    assert_eq!((status, unlocked["state"].as_str()), (StatusCode::OK, Some("active")), "{unlocked}");
    assert_eq!((me(&token).await, me(&issued).await), (StatusCode::OK, StatusCode::OK));
    let (_, revoked) = json("DELETE", "/admin/v1/accounts/ben/tokens", "ada", "").await;
    assert_eq!(revoked["ended"], 1, "{revoked}");
    assert_eq!((me(&token).await, me(&issued).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    let (status, _) = json("DELETE", "/admin/v1/accounts/ben/sessions", "ada", "").await;
    assert_eq!(status, StatusCode::OK);

    border.running.broker.iam.trail().seal_now().await.unwrap();
    let (_, trail) = json("GET", "/admin/v1/audit?limit=100", "otto", "").await;
    let written = trail.to_string();
    assert!(written.contains("/admin/v1/accounts/ben/lock") && written.contains("account.write"), "{written}");
    border.running.stop().await;
}
