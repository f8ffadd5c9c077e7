//! A device without a browser logs in (RFC 8628): this side is the command line's.

use super::{
    discovery::Metadata,
    http::{Http, is_secure},
};
use crate::{IamError, Secret};
use openidconnect::http::{Method, Request};
use serde::Deserialize;
use std::time::Duration;
use url::{Url, form_urlencoded};

/// How long is waited between two questions where the issuer doesn't say (RFC 8628, section 3.2).
const INTERVAL: u64 = 5;
/// What `slow_down` adds (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Logs a command line in.
#[derive(Debug, Clone)]
pub struct DeviceClient {
    http: Http,
}

/// A login that waits for its person.
#[derive(Debug, Clone)]
pub struct DeviceLogin {
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub page: Url,
    /// The same with the code in it, where the issuer has that.
    pub page_with_code: Option<Url>,
    /// How long they may take.
    pub expires_in: Duration,
    /// How long to wait before each question.
    pub interval: Duration,
    /// Where tokens are renewed later.
    pub token_endpoint: Url,
    client_id: String,
    device_code: Secret,
}

/// Tokens of a person, for a program of theirs.
#[derive(Debug, Clone)]
pub struct DeviceTokens {
    /// What the API takes.
    pub bearer: Secret,
    /// What gets the next.
    pub refresh: Option<Secret>,
    /// How long the first is good.
    pub expires_in: Duration,
}

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: Url,
    #[serde(default)]
    verification_uri_complete: Option<Url>,
    expires_in: u64,
    #[serde(default)]
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl DeviceClient {
    /// A client that also trusts the authorities of `roots` (PEM).
    ///
    /// # Errors
    /// When a certificate can't be used.
    pub fn new(roots: &[Vec<u8>]) -> Result<Self, IamError> {
        Ok(Self { http: Http::new(roots)? })
    }

    /// Begins at an issuer.
    ///
    /// # Errors
    /// When it can't be asked, or has no device flow.
    pub async fn begin(&self, issuer: &str, client_id: &str, scopes: &[String]) -> Result<DeviceLogin, IamError> {
        let failed = |reason: String| IamError::Issuer { issuer: issuer.to_owned(), reason };
        if !Url::parse(issuer).is_ok_and(|url| is_secure(&url)) {
            return Err(failed("it is not https, and plain HTTP is for loopback alone".to_owned()));
        }
        let metadata = Metadata::read(&self.http, issuer).await.map_err(failed)?;
        let endpoint = metadata.device_authorization_endpoint.ok_or_else(|| {
            failed("it has no device flow; make a token in the portal and give it in HANSA_TOKEN".to_owned())
        })?;
        let scope = scopes.join(" ");
        let body = self.post(&endpoint, &[("client_id", client_id), ("scope", scope.as_str())]).await;
        let begun: Begun = match body.map_err(failed)? {
            Ok(body) => serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?,
            Err(refused) => return Err(failed(refused.text())),
        };
        Ok(DeviceLogin {
            user_code: begun.user_code,
            page: begun.verification_uri,
            page_with_code: begun.verification_uri_complete,
            expires_in: Duration::from_secs(begun.expires_in),
            interval: Duration::from_secs(begun.interval.unwrap_or(INTERVAL).clamp(1, 60)),
            token_endpoint: metadata.token_endpoint,
            client_id: client_id.to_owned(),
            device_code: Secret::new(begun.device_code),
        })
    }

    /// Asks whether the person has decided. None: not yet; the login's interval says when to ask again.
    ///
    /// # Errors
    /// When they said no, took too long, or the issuer fails.
    pub async fn poll(&self, login: &mut DeviceLogin) -> Result<Option<DeviceTokens>, IamError> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", login.device_code.reveal()),
            ("client_id", login.client_id.as_str()),
        ];
        let answered = match self.post(&login.token_endpoint, &form).await {
            Ok(answered) => answered,
            // The network may come back while the person still looks for their glasses.
            Err(_) => return Ok(None),
        };
        match answered {
            Ok(body) => tokens(&body).map(Some),
            Err(refused) => match refused.error.as_str() {
                "authorization_pending" => Ok(None),
                "slow_down" => {
                    login.interval += SLOWER;
                    Ok(None)
                }
                "access_denied" => {
                    Err(IamError::Forbidden { reason: "the login was refused in the browser".to_owned() })
                }
                "expired_token" => Err(IamError::unauthenticated("nobody confirmed the code in time; log in again")),
                _ => Err(IamError::unauthenticated(refused.text())),
            },
        }
    }

    /// Gets new tokens for an old refresh token, which is used up by that.
    ///
    /// # Errors
    /// When the issuer refuses or fails.
    pub async fn refresh(&self, endpoint: &Url, client_id: &str, token: &Secret) -> Result<DeviceTokens, IamError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.reveal()), ("client_id", client_id)];
        let issuer = endpoint.origin().ascii_serialization();
        match self.post(endpoint, &form).await {
            Ok(Ok(body)) => tokens(&body),
            Ok(Err(refused)) => Err(IamError::unauthenticated(format!("the login has ended ({})", refused.text()))),
            Err(reason) => Err(IamError::Issuer { issuer, reason }),
        }
    }

    async fn post(&self, endpoint: &Url, form: &[(&str, &str)]) -> Result<Result<Vec<u8>, Refused>, String> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(endpoint.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body.into_bytes())
            .map_err(|error| error.to_string())?;
        let answer = self.http.send(request).await.map_err(|failure| failure.to_string())?;
        if answer.status().is_success() {
            return Ok(Ok(answer.into_body()));
        }
        match serde_json::from_slice::<Refused>(answer.body()) {
            Ok(refused) => Ok(Err(refused)),
            Err(_) => Err(format!("it answers {}", answer.status())),
        }
    }
}

impl Refused {
    fn text(&self) -> String {
        let plain = |text: &str| text.chars().filter(|letter| !letter.is_control()).take(200).collect::<String>();
        match &self.error_description {
            Some(told) => format!("{}: {}", plain(&self.error), plain(told)),
            None => plain(&self.error),
        }
    }
}

/// The access token where the API can read it, otherwise the ID token.
fn tokens(body: &[u8]) -> Result<DeviceTokens, IamError> {
    let wrong = |_unread| IamError::unauthenticated("the issuer's answer holds no tokens");
    let given: Given = serde_json::from_slice(body).map_err(wrong)?;
    let is_signed = given.access_token.split('.').count() == 3;
    let bearer = match given.id_token {
        Some(id_token) if !is_signed => id_token,
        _ => given.access_token,
    };
    Ok(DeviceTokens {
        bearer: Secret::new(bearer),
        refresh: given.refresh_token.map(Secret::new),
        expires_in: Duration::from_secs(given.expires_in.unwrap_or(300)),
    })
}
