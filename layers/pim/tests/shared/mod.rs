//! What the tests of the OpenStack connectors share.
#![allow(dead_code, reason = "each test takes what it needs")]

use serde_json::{Value, json};
use std::time::Duration;

/// The system as its operator sees it: requests of another client than ours.
pub(crate) struct Operator {
    pub(crate) address: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    client: reqwest::Client,
}

impl Operator {
    pub(crate) fn new(address: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { address: address.trim_end_matches('/').to_owned(), headers, client: reqwest::Client::new() }
    }

    /// An account of a Keystone.
    pub(crate) async fn of(keystone: &str, address: &str, password: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut this = Self::new(address, headers);
        let domain = json!({ "id": "default" });
        let auth = json!({ "auth": {
            "identity": { "methods": ["password"],
                "password": { "user": { "name": "admin", "domain": domain, "password": password } } },
            "scope": { "project": { "name": "admin", "domain": domain } } } });
        let answer = this.client.post(format!("{keystone}/auth/tokens")).json(&auth).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
        this.headers.push(("x-auth-token", token));
        this
    }

    pub(crate) async fn asked(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.address);
        let mut request = self.client.request(method.parse().unwrap(), url).timeout(Duration::from_secs(60));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, value) = self.asked("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {value}");
        value
    }

    pub(crate) async fn does(&self, method: &str, path: &str, body: Value) -> Value {
        let mut tries = 0;
        loop {
            let (status, value) = self.asked(method, path, (!body.is_null()).then(|| body.clone())).await;
            // What looks after a node by itself holds it for a moment, and an operator asks again.
            if status == 409 && value.to_string().contains("locked") && tries < 50 {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            // Ironic repeats by itself what SQLite's lock has cut off, and meets what it wrote.
            if status == 409 && method == "POST" && value.to_string().contains("already exists") {
                return self.get(&format!("{path}/{}", body["name"].as_str().unwrap_or_default())).await;
            }
            assert!((200..300).contains(&status), "{method} {path}: {status} {value}");
            return value;
        }
    }
}
