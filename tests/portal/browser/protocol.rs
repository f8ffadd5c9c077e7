//! What WebDriver has no command for, by way of Chromium's own protocol.

use super::Browser;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

/// A command of chromedriver's own.
#[derive(Debug)]
struct Raw {
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        match &self.body {
            Some(body) => (http::Method::POST, Some(body.to_string())),
            None => (http::Method::GET, None),
        }
    }
}

impl Browser {
    /// The answer to a POST at a path of the session.
    #[track_caller]
    pub(super) fn raw(&self, path: &str, body: Value) -> Value {
        self.run(path, self.client.issue_cmd(Raw { path: path.to_owned(), body: Some(body) }))
    }

    /// The answer to a GET at a path of the session.
    #[track_caller]
    pub(super) fn raw_get(&self, path: &str) -> Value {
        self.run(path, self.client.issue_cmd(Raw { path: path.to_owned(), body: None }))
    }

    /// The answer of the browser's DevTools protocol.
    #[track_caller]
    pub(super) fn protocol(&self, command: &str, parameters: Value) -> Value {
        self.raw("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }
}
