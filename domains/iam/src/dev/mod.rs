//! The development login: an OpenID Provider within the broker, for a bare
//! machine. Whoever reaches it is whom they choose, so it serves loopback alone.
//!
//! Pure: a request goes in, an answer comes out; it knows no server. Metadata,
//! ID tokens and keys are built on openidconnect's provider-side types.

mod authorize;
mod device;
mod keys;
mod message;
mod pages;
pub mod people;
mod state;
#[cfg(test)]
mod tests;
mod token;

pub use message::{DevRequest, DevResponse};

use crate::{IamError, IssuerOptions, oidc::Algorithm};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::ambient::SharedClock;
use keys::Key;
use openidconnect::{
    AuthUrl, DeviceAuthorizationUrl, IssuerUrl, JsonWebKeySetUrl, PrivateSigningKey as _, ResponseTypes, Scope,
    TokenUrl, UserInfoUrl,
    core::{
        CoreClientAuthMethod, CoreGrantType, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::Serialize;
use serde_json::json;
use state::State;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use url::Url;

/// Where it lies below the broker's URL.
pub const PATH: &str = "/dev/oidc";
/// Its id among the issuers.
const ID: &str = "dev";
/// The client of the portal.
const WEB: &str = "hansa";
/// The client of the command line.
const CLI: &str = "hansa-cli";
/// How long the tokens for programs are good.
const PROGRAM_LIFE: TimeDelta = TimeDelta::hours(24);

/// The development login. Clones are the same.
#[derive(Debug, Clone)]
pub struct DevProvider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Where the broker is: `http://127.0.0.1:8080`.
    base: String,
    issuer: String,
    clock: SharedClock,
    key: Key,
    state: Mutex<State>,
}

/// A token of a person for programs on this machine.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DevToken {
    /// What is sent as `Authorization: Bearer …`.
    pub token: crate::Secret,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

impl DevProvider {
    /// A provider for the broker at `base`, with a key of its own that nobody keeps.
    ///
    /// # Errors
    /// When `base` is not on loopback, or no key can be made.
    pub fn new(base: &Url, clock: SharedClock) -> Result<Self, IamError> {
        if !crate::oidc::is_loopback(base) {
            return Err(IamError::invalid(
                "auth.dev_login",
                "it lets whoever comes be whom they choose, and serves loopback alone",
            ));
        }
        let base = base.as_str().trim_end_matches('/').to_owned();
        let issuer = format!("{base}{PATH}");
        Ok(Self(Arc::new(Inner { base, issuer, clock, key: Key::new()?, state: Mutex::default() })))
    }

    /// How the broker trusts it: as any other issuer.
    #[must_use]
    pub fn issuer_options(&self) -> IssuerOptions {
        IssuerOptions {
            id: ID.to_owned(),
            name: "Development login".to_owned(),
            url: self.0.issuer.clone(),
            // The port may differ from start to start, the people don't.
            account_issuer: Some("urn:hansa:dev-login".to_owned()),
            client_id: WEB.to_owned(),
            client_secret: None,
            cli_client_id: Some(CLI.to_owned()),
            audiences: BTreeSet::from([WEB.to_owned()]),
            algorithms: BTreeSet::from([Algorithm::ES256]),
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            userinfo: true,
            rules: people::rules(),
            grants: Vec::new(),
        }
    }

    /// Answers a request.
    #[must_use]
    pub fn handle(&self, request: &DevRequest) -> DevResponse {
        let answered = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => self.metadata(),
            ("GET", "/jwks") => self.jwks(),
            ("GET", "/style.css") => Ok(pages::style()),
            ("GET", "/authorize") => self.authorize(request),
            ("POST", "/authorize") => self.authorized(request),
            ("POST", "/token") => self.token(request),
            ("GET" | "POST", "/userinfo") => Ok(self.userinfo(request)),
            ("POST", "/device_authorization") => self.device_begin(request),
            ("GET", "/device") => Ok(self.device_page(request)),
            ("POST", "/device") => Ok(self.device_decided(request)),
            ("GET" | "POST", "/logout") => Ok(self.logout(request)),
            _ => Ok(pages::told(404, "There is nothing here", "Go back to where you came from.")),
        };
        answered.unwrap_or_else(|error| {
            tracing::error!(%error, "the development login can't answer");
            DevResponse::json(500, &json!({"error": "server_error"}))
        })
    }

    /// Tokens of everybody, for programs that have no browser. Whoever reads
    /// them is everybody: they belong in a file that its owner alone can read.
    ///
    /// # Errors
    /// When nothing can be signed.
    pub fn tokens(&self) -> Result<BTreeMap<&'static str, DevToken>, IamError> {
        let expires_at = self.now() + PROGRAM_LIFE;
        let token = |person: &'static people::Person| {
            let token = self.access_token(CLI, person, PROGRAM_LIFE)?;
            Ok((person.name, DevToken { token: crate::Secret::new(token), expires_at }))
        };
        people::PEOPLE.iter().map(token).collect()
    }

    fn metadata(&self) -> Result<DevResponse, IamError> {
        let failed = |error: url::ParseError| IamError::Internal(error.to_string());
        let additional = openidconnect::EmptyAdditionalProviderMetadata::default();
        let metadata = CoreProviderMetadata::new(
            IssuerUrl::new(self.0.issuer.clone()).map_err(failed)?,
            AuthUrl::new(self.endpoint("/authorize")).map_err(failed)?,
            JsonWebKeySetUrl::new(self.endpoint("/jwks")).map_err(failed)?,
            vec![ResponseTypes::new(vec![CoreResponseType::Code])],
            vec![CoreSubjectIdentifierType::Public],
            vec![CoreJwsSigningAlgorithm::EcdsaP256Sha256],
            additional,
        )
        .set_token_endpoint(Some(TokenUrl::new(self.endpoint("/token")).map_err(failed)?))
        .set_userinfo_endpoint(Some(UserInfoUrl::new(self.endpoint("/userinfo")).map_err(failed)?))
        .set_scopes_supported(Some(["openid", "profile", "email"].map(|name| Scope::new(name.to_owned())).to_vec()))
        .set_grant_types_supported(Some(vec![
            CoreGrantType::AuthorizationCode,
            CoreGrantType::RefreshToken,
            CoreGrantType::DeviceCode,
        ]))
        .set_token_endpoint_auth_methods_supported(Some(vec![CoreClientAuthMethod::None]));
        let device = DeviceAuthorizationUrl::new(self.endpoint("/device_authorization")).map_err(failed)?;
        let mut told = serde_json::to_value(metadata).map_err(|error| IamError::Internal(error.to_string()))?;
        if let Some(told) = told.as_object_mut() {
            told.insert("device_authorization_endpoint".to_owned(), device.as_str().into());
            told.insert("end_session_endpoint".to_owned(), self.endpoint("/logout").into());
            told.insert("code_challenge_methods_supported".to_owned(), json!(["S256"]));
            told.insert("authorization_response_iss_parameter_supported".to_owned(), true.into());
        }
        Ok(DevResponse::json(200, &told))
    }

    fn jwks(&self) -> Result<DevResponse, IamError> {
        let set = CoreJsonWebKeySet::new(vec![self.0.key.as_verification_key()]);
        let set = serde_json::to_value(set).map_err(|error| IamError::Internal(error.to_string()))?;
        Ok(DevResponse::json(200, &set))
    }

    fn issuer(&self) -> &str {
        &self.0.issuer
    }

    fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0.issuer)
    }

    /// Letter by letter (RFC 9700, section 2.1).
    fn is_redirect(&self, client: &str, redirect: &str) -> bool {
        client == WEB && redirect == format!("{}/login/callback/{ID}", self.0.base)
    }

    fn is_home(&self, home: &str) -> bool {
        home == format!("{}/login", self.0.base)
    }

    /// A form of another site's page is not taken.
    fn is_own_origin(&self, request: &DevRequest) -> bool {
        request.origin.as_deref().is_none_or(|origin| origin == self.0.base)
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn key(&self) -> &Key {
        &self.0.key
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
