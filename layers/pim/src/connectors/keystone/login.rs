//! The exchange that gives a token.

use super::{
    catalogue::{Token, TokenAnswer},
    credential::{Access, Credential, Endpoint, Identity, Scope},
};
use crate::connectors::http::{HttpCall, HttpSystem};
use hansa_repository::system::{SystemError, SystemErrorKind, SystemSecret};
use reqwest::{
    Method, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};

/// Where Keystone puts the token (Identity API v3).
const SUBJECT: &str = "x-subject-token";

/// Logs in.
pub(super) async fn login(
    http: &HttpSystem,
    base: &Url,
    credential: &Credential,
) -> Result<(Token, SystemSecret), SystemError> {
    let identity = match &credential.identity {
        Identity::Password { user, password } => {
            let mut user = user.clone();
            put(&mut user, "password", password);
            json!({ "methods": ["password"], "password": { "user": user } })
        }
        Identity::Application { which, secret } => {
            let mut which = which.clone();
            put(&mut which, "secret", secret);
            json!({ "methods": ["application_credential"], "application_credential": which })
        }
        Identity::Federated { provider, protocol, access } => {
            let unscoped = federated(http, base, provider, protocol, access).await?;
            if credential.scope == Scope::Implied {
                return scoped(http, base, &unscoped).await;
            }
            let mut token = json!({});
            put(&mut token, "id", &unscoped);
            json!({ "methods": ["token"], "token": token })
        }
    };
    let mut auth = json!({ "identity": identity });
    if let (Scope::Given(scope), Some(fields)) = (&credential.scope, auth.as_object_mut()) {
        fields.insert("scope".to_owned(), scope.clone());
    }
    // A login may be repeated: it makes nothing but a token.
    let call = HttpCall::new(Method::POST, below(base, &["auth", "tokens"]), "log in at Keystone");
    let call = HttpCall { may_repeat: true, ..call.json(&json!({ "auth": auth })) };
    answered(http, &call).await
}

fn put(object: &mut Value, key: &str, secret: &SystemSecret) {
    if let (Some(fields), Some(text)) = (object.as_object_mut(), secret.text()) {
        fields.insert(key.to_owned(), Value::String(text.to_owned()));
    }
}

fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

async fn answered(http: &HttpSystem, call: &HttpCall) -> Result<(Token, SystemSecret), SystemError> {
    let answer = http.ok(call).await.map_err(|error| match error.kind {
        // An application credential that was deleted is a 404, other than the interface documents.
        SystemErrorKind::NotFound => http.error(call, SystemErrorKind::Unauthenticated, error.said),
        _ => error,
    })?;
    let failed = |said: String| http.error(call, SystemErrorKind::Failed, said);
    let secret = answer.headers.get(SUBJECT).ok_or_else(|| failed("its answer has no X-Subject-Token".to_owned()))?;
    let token: TokenAnswer = serde_json::from_slice(&answer.body)
        .map_err(|error| failed(format!("its answer is not what the Identity API documents: {error}")))?;
    Ok((token.token, SystemSecret::new(secret.as_bytes().to_vec())))
}

/// The unscoped token as it stands: where no project was named.
async fn scoped(http: &HttpSystem, base: &Url, unscoped: &SystemSecret) -> Result<(Token, SystemSecret), SystemError> {
    let text = unscoped.text().unwrap_or_default();
    let call = HttpCall::new(Method::GET, below(base, &["auth", "tokens"]), "look at the token at Keystone")
        .secret("x-auth-token", text)
        .secret(SUBJECT, text);
    let answer: TokenAnswer = http.json(&call).await?;
    Ok((answer.token, unscoped.clone()))
}

/// OS-FEDERATION, "Request an unscoped OS-FEDERATION token", with the access token as bearer.
async fn federated(
    http: &HttpSystem,
    base: &Url,
    provider: &str,
    protocol: &str,
    access: &Access,
) -> Result<SystemSecret, SystemError> {
    let token = match access {
        Access::Token(token) => token.clone(),
        Access::Asked { at, client, form } => asked(http, at, client, form).await?,
    };
    let path = ["OS-FEDERATION", "identity_providers", provider, "protocols", protocol, "auth"];
    let url = below(base, &path);
    let call = HttpCall { may_repeat: true, ..HttpCall::new(Method::POST, url, "log in at Keystone by federation") }
        .secret("authorization", &format!("Bearer {}", token.text().unwrap_or_default()));
    let answer = http.ok(&call).await.map_err(|error| match error.kind {
        SystemErrorKind::Unauthenticated if matches!(access, Access::Token(_)) => {
            SystemError { remedy: "give a new access token, or a client that may ask for one".to_owned(), ..error }
        }
        _ => error,
    })?;
    let secret = answer.headers.get(SUBJECT).ok_or_else(|| {
        // A page to log in by hand answers so: the provider wants a browser.
        let said = format!("{} without an X-Subject-Token", answer.status);
        http.error(&call, SystemErrorKind::Unauthenticated, said)
    })?;
    Ok(SystemSecret::new(secret.as_bytes().to_vec()))
}

/// An access token of the OpenID provider (RFC 6749, section 4.4; the client by section 2.3.1).
async fn asked(
    http: &HttpSystem,
    at: &Endpoint,
    client: &(String, SystemSecret),
    form: &[(String, SystemSecret)],
) -> Result<SystemSecret, SystemError> {
    let action = "ask the identity provider for an access token";
    let endpoint = match at {
        Endpoint::Token(url) => url.clone(),
        Endpoint::Discovery(url) => {
            let call = HttpCall::new(Method::GET, url.clone(), "read the identity provider's configuration");
            let configuration: Value = http.json(&call).await?;
            let told = configuration.get("token_endpoint").and_then(Value::as_str).unwrap_or_default();
            told.parse().map_err(|error| {
                let said = format!("its token_endpoint `{told}`: {error}");
                http.error(&call, SystemErrorKind::Failed, said)
            })?
        }
    };
    let mut call = HttpCall::new(Method::POST, endpoint, action);
    call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    call.body = Some(written(client, form));
    call.may_repeat = true;
    let answer = http.send(&call).await?;
    if !answer.status.is_success() {
        let error = http.refusal(&call, &answer);
        // RFC 6749, section 5.2: a wrong client or grant is a 400 or a 401.
        let refused = matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let kind = if refused { SystemErrorKind::Unauthenticated } else { error.kind };
        return Err(http.error(&call, kind, error.said));
    }
    let value: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| http.error(&call, SystemErrorKind::Failed, error.to_string()))?;
    let token = value.get("access_token").and_then(Value::as_str);
    let missing = || http.error(&call, SystemErrorKind::Failed, "its answer has no access_token".to_owned());
    Ok(SystemSecret::new(token.ok_or_else(missing)?.as_bytes().to_vec()))
}

/// The request of a token (RFC 6749, appendix B).
fn written((id, secret): &(String, SystemSecret), form: &[(String, SystemSecret)]) -> Vec<u8> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in form {
        body.append_pair(name, value.text().unwrap_or_default());
    }
    body.append_pair("client_id", id);
    if let Some(secret) = secret.text().filter(|text| !text.is_empty()) {
        body.append_pair("client_secret", secret);
    }
    body.finish().into_bytes()
}
