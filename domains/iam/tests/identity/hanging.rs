//! An issuer that takes connections and never answers, and one that withdraws
//! a key: neither locks out whose key is known, and neither keeps a key for long.

use crate::issuer::{Forge, Keys, Stage};
use chrono::TimeDelta;
use hansa_iam::ErrorKind;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// Far above what an answer from what is known takes, and below what the broker gives one request.
const PATIENT: Duration = Duration::from_secs(8);

fn token(stage: &Stage, prefix: &str) -> String {
    let behaviour = stage.behaviour.lock().unwrap();
    let header = json!({"alg": "ES256", "kid": format!("{prefix}-p256")});
    let mut claims = stage.claims();
    claims["exp"] = json!(claims["iat"].as_i64().unwrap() + 100_000);
    Forge { keys: &behaviour.keys, header, claims }.token()
}

#[tokio::test]
async fn an_issuer_that_hangs_keeps_nobody_out_whose_key_is_known() {
    let stage = Stage::new().await;
    let good = token(&stage, "one");
    stage.iam.authenticate_bearer(&good).await.unwrap();
    stage.behaviour.lock().unwrap().hangs = true;
    for minutes in [6, 60, 600] {
        stage.clock.advance(TimeDelta::minutes(minutes));
        for _ in 0..3 {
            let came = timeout(PATIENT, stage.iam.authenticate_bearer(&good)).await;
            came.expect("it waits for the issuer").expect("the key is known");
        }
    }
    // A login waits no longer for the page to send the browser to.
    timeout(PATIENT, stage.iam.login_begin("corp", "/")).await.expect("it waits").unwrap();
    // The issuer is well again: what it tells is new soon.
    let asked = stage.keys_asked();
    stage.behaviour.lock().unwrap().hangs = false;
    let again = async {
        while stage.keys_asked() == asked {
            stage.clock.advance(TimeDelta::seconds(11));
            stage.iam.authenticate_bearer(&good).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(30), again).await.expect("it is asked again");
}

#[tokio::test]
async fn an_issuer_that_always_hung_is_named_within_a_request() {
    let stage = Stage::new().await;
    let good = token(&stage, "one");
    stage.behaviour.lock().unwrap().hangs = true;
    // Given up before the answer, as a request is: the question goes on.
    assert!(timeout(Duration::from_secs(1), stage.iam.authenticate_bearer(&good)).await.is_err());
    let failed = timeout(Duration::from_secs(20), stage.iam.authenticate_bearer(&good)).await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Issuer);
    // And is not asked again for everybody who comes.
    let failed = timeout(PATIENT, stage.iam.authenticate_bearer(&good)).await.expect("it was asked just now");
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Issuer);
}

#[tokio::test]
async fn a_key_that_the_issuer_withdraws_is_refused_soon() {
    for (minutes, at_once) in [(6, false), (300, true)] {
        let stage = Stage::new().await;
        let old = token(&stage, "one");
        stage.iam.authenticate_bearer(&old).await.unwrap();
        {
            let mut behaviour = stage.behaviour.lock().unwrap();
            (behaviour.keys, behaviour.prefix) = (Keys::new(), "two");
        }
        stage.clock.advance(TimeDelta::minutes(minutes));
        let first = stage.iam.authenticate_bearer(&old).await;
        assert_eq!(first.is_err(), at_once, "{minutes} minutes");
        let refused = async {
            while stage.iam.authenticate_bearer(&old).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), refused).await.expect("it is refused");
    }
}
