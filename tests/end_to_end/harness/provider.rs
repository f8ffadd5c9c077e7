//! An OpenID provider that is not ours: npm's `oidc-provider`, certified, with
//! pages of our own. What it can be told is in `tests/fixtures/oidc-provider`.

use super::{Call, attempt, npm_fixture, say};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{LazyLock, Once},
    time::Duration,
};
use tempfile::TempDir;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

static INSTALLED: LazyLock<Result<std::path::PathBuf, String>> = LazyLock::new(|| npm_fixture("oidc-provider"));

/// A provider that runs while this lives.
pub(crate) struct Provider {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Provider {
    /// A provider with these settings: `name`, `audience`, `clients`,
    /// `accounts`, `clientClaims`, `ttl`. None, loudly, where it can't be had; a
    /// failure where `HANSA_TEST_OIDC=required` says that it has to be.
    pub(crate) fn start(settings: &Value) -> Option<Self> {
        static SAID: Once = Once::new();
        let program = match &*INSTALLED {
            Ok(folder) => folder.join("provider.mjs"),
            Err(reason) => {
                let required = std::env::var("HANSA_TEST_OIDC").is_ok_and(|value| value == "required");
                assert!(!required, "HANSA_TEST_OIDC=required, but oidc-provider can't be had: {reason}");
                SAID.call_once(|| {
                    say(&format!(
                        "!!!! npm's oidc-provider can't be had: every test with a foreign OpenID provider is SKIPPED: {reason} !!!!"
                    ));
                });
                return None;
            }
        };
        let folder = tempfile::Builder::new().prefix("hansa-oidc-").tempdir().unwrap();
        let configuration = folder.path().join("configuration.json");
        fs::write(&configuration, settings.to_string()).unwrap();
        let (said, log) = (folder.path().join("said"), folder.path().join("log"));
        let mut node = Command::new("node");
        node.arg(program).arg(&configuration).env("OIDC_TRACE", "1").env("NODE_NO_WARNINGS", "1");
        // It ends when its standard input does, however this process ends.
        node.stdin(Stdio::piped());
        node.stdout(Stdio::from(File::create(&said).unwrap())).stderr(Stdio::from(File::create(&log).unwrap()));
        let process = node.spawn().unwrap();
        let found = attempt(START, || {
            let text = fs::read_to_string(&said).unwrap_or_default();
            let url = text.lines().find_map(|line| line.strip_prefix("listening http://"));
            url.and_then(|address| address.parse().ok()).ok_or_else(|| fs::read_to_string(&log).unwrap_or_default())
        });
        let address = found.unwrap_or_else(|log| panic!("the OpenID provider doesn't start: {log}"));
        Some(Self { process, address, folder })
    }

    /// Its issuer, as tokens have it.
    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request to it.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(method, self.address, path)
    }

    /// Tells it something while it runs: `rotate`, `claims`, `lock`, `clients`, …
    #[track_caller]
    pub(crate) fn control(&self, what: &str, input: &Value) -> Value {
        self.call(Method::POST, &format!("/control/{what}")).json(input).send().ok()
    }

    /// A token, right or forged, as `mint.mjs` says.
    #[track_caller]
    pub(crate) fn mint(&self, how: &Value) -> String {
        self.control("mint", how)["token"].as_str().unwrap().to_owned()
    }

    /// The access token of a client that acts for itself.
    #[track_caller]
    pub(crate) fn client_token(&self, client: &str, secret: &str) -> String {
        let body = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        let answer = self.call(Method::POST, "/token").body("application/x-www-form-urlencoded", body).send().ok();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// What it wrote into its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        if std::thread::panicking() {
            say(&format!("--- log of the OpenID provider\n{}---", self.log()));
        }
    }
}

/// A client that logs people in and sends them back to the broker at this URL,
/// which knows the provider by this id.
pub(crate) fn web_client(id: &str, secret: &str, broker: &str, issuer: &str) -> Value {
    json!({
        "client_id": id,
        "client_secret": secret,
        "client_name": "Hansa's portal",
        "redirect_uris": [format!("{broker}/login/callback/{issuer}")],
        "post_logout_redirect_uris": [format!("{broker}/"), format!("{broker}/login"), format!("{broker}/logout/done")],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
    })
}

/// The command line, which asks people to go elsewhere for their login.
pub(crate) fn device_client(id: &str) -> Value {
    json!({
        "client_id": id,
        "client_name": "Hansa's command line",
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    })
}

/// A program that acts for itself.
pub(crate) fn robot_client(id: &str, secret: &str) -> Value {
    json!({
        "client_id": id,
        "client_secret": secret,
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
    })
}
