//! OpenStack's Keystone: a login, the token that it gives, and where the
//! services are. The token is kept in memory only, renewed before it expires,
//! and once where a service does not accept it any more.

mod api;
mod catalogue;
mod credential;
mod login;
mod microversion;
#[cfg(test)]
mod tests;

pub use api::{OpenStackApi, kind_of_words};
pub use microversion::Microversion;

use super::http::{HttpAnswer, HttpCall, HttpSystem};
use catalogue::Token;
use credential::Credential;
use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind, SystemSecret};
use reqwest::{Method, StatusCode, Url};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A refused login is not repeated before this: accounts are locked after some.
const REFUSED: Duration = Duration::from_secs(20);
/// A token is renewed this long before it expires, or after nine tenths of its life.
const BEFORE: Duration = Duration::from_secs(300);

/// An account at a Keystone.
#[derive(Debug)]
pub struct Keystone {
    http: HttpSystem,
    base: Url,
    credential: Credential,
    state: tokio::sync::Mutex<State>,
}

/// What is known of the last login.
#[derive(Debug, Default)]
struct State {
    session: Option<Arc<Session>>,
    refused: Option<(Instant, SystemError)>,
}

/// A login that succeeded.
#[derive(Debug)]
struct Session {
    secret: SystemSecret,
    token: Token,
    renew_at: Instant,
}

impl Keystone {
    /// The account of a connection. Nothing is asked yet.
    ///
    /// # Errors
    /// `Invalid` when the address is no URL or the trust anchors are no
    /// certificates; `Unauthenticated` when the credential can't be read.
    pub fn new(connection: &SystemConnection) -> Result<Self, SystemError> {
        let http = HttpSystem::new(connection)?;
        let base = identity_base(&connection.system.address).map_err(|said| {
            http.complaint(
                "read its address",
                SystemErrorKind::Invalid,
                said,
                "give the address of Keystone, such as https://cloud.example:5000/v3",
            )
        })?;
        Ok(Self { http, base, credential: Credential::read(connection)?, state: tokio::sync::Mutex::default() })
    }

    /// The client below.
    #[must_use]
    pub const fn http(&self) -> &HttpSystem {
        &self.http
    }

    /// The version of the Identity API: `v3.14`.
    ///
    /// # Errors
    /// What Keystone says.
    pub async fn version(&self) -> Result<String, SystemError> {
        let call = HttpCall::new(Method::GET, self.base.clone(), "ask Keystone for its version");
        let value: serde_json::Value = self.http.json(&call).await?;
        Ok(value.pointer("/version/id").and_then(serde_json::Value::as_str).unwrap_or("v3").to_owned())
    }

    /// Makes a request as this account. A token that is not accepted any more
    /// is renewed once: the refused request had no effect, so it is made again.
    ///
    /// # Errors
    /// As [`HttpSystem::send`]; `Unauthenticated` when Keystone refuses the login.
    pub async fn send(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let session = self.session().await?;
        let answer = self.http.send(&session.signed(call)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let session = self.renewed(&session).await?;
        self.http.send(&session.signed(call)).await
    }

    /// Where a service is, by the first of these types that the catalogue has.
    /// None: the cloud has no such service.
    ///
    /// # Errors
    /// What Keystone says; `Invalid` when the service is not in the region, or
    /// its address would carry the token unprotected.
    pub async fn endpoint(&self, types: &[&str]) -> Result<Option<Url>, SystemError> {
        let session = self.session().await?;
        let Credential { region, interface, .. } = &self.credential;
        let action = format!("look up {} in the service catalogue", types.first().unwrap_or(&"a service"));
        let found = session.token.endpoint(types, region.as_deref(), interface).map_err(|elsewhere| {
            let said = format!(
                "there is no {interface} endpoint of it{}; there is: {elsewhere}",
                region.as_ref().map(|region| format!(" in the region {region}")).unwrap_or_default()
            );
            self.http.complaint(&action, SystemErrorKind::Invalid, said, "set `region` and `interface` of the system")
        })?;
        let Some(text) = found else { return Ok(None) };
        let wrong = |said: String| {
            let remedy = "correct the endpoint in the service catalogue, or choose another `interface`";
            self.http.complaint(&action, SystemErrorKind::Invalid, said, remedy)
        };
        let url = catalogue::base(&text).map_err(wrong)?;
        if self.base.scheme() == "https" && url.scheme() != "https" {
            return Err(wrong(format!(
                "{url} is not https, as Keystone is: the token would cross the net unprotected"
            )));
        }
        Ok(Some(url))
    }

    /// The project that the account works in.
    ///
    /// # Errors
    /// What Keystone says.
    pub async fn project(&self) -> Result<Option<String>, SystemError> {
        Ok(self.session().await?.token.project.as_ref().map(|project| project.id.clone()))
    }

    /// Who the account is, for people: `hansa in demo, roles member, reader`.
    ///
    /// # Errors
    /// What Keystone says.
    pub async fn whoami(&self) -> Result<String, SystemError> {
        let session = self.session().await?;
        let name = |named: &catalogue::Named| named.name.clone().unwrap_or_else(|| named.id.clone());
        let project = session.token.project.as_ref().map_or_else(|| "no project".to_owned(), name);
        let roles: Vec<&str> = session.token.roles().collect();
        Ok(format!("{} in {project}, roles {}", name(&session.token.user), roles.join(", ")))
    }

    async fn session(&self) -> Result<Arc<Session>, SystemError> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_ref().filter(|session| Instant::now() < session.renew_at) {
            return Ok(Arc::clone(session));
        }
        self.logged_in(&mut state).await
    }

    /// Another session than this one, which is not accepted any more.
    async fn renewed(&self, stale: &Arc<Session>) -> Result<Arc<Session>, SystemError> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_ref().filter(|session| !Arc::ptr_eq(session, stale)) {
            return Ok(Arc::clone(session));
        }
        state.session = None;
        self.logged_in(&mut state).await
    }

    async fn logged_in(&self, state: &mut State) -> Result<Arc<Session>, SystemError> {
        if let Some((_, error)) = state.refused.as_ref().filter(|(at, _)| at.elapsed() < REFUSED) {
            return Err(error.clone());
        }
        match login::login(&self.http, &self.base, &self.credential).await {
            Ok((token, secret)) => {
                let lifetime = token.lifetime();
                let good = lifetime.saturating_sub(BEFORE).max(lifetime.mul_f64(0.9));
                let session = Arc::new(Session { secret, token, renew_at: Instant::now() + good });
                *state = State { session: Some(Arc::clone(&session)), refused: None };
                Ok(session)
            }
            Err(error) => {
                if error.kind == SystemErrorKind::Unauthenticated {
                    state.refused = Some((Instant::now(), error.clone()));
                }
                Err(error)
            }
        }
    }
}

impl Session {
    fn signed(&self, call: &HttpCall) -> HttpCall {
        call.clone().secret("x-auth-token", self.secret.text().unwrap_or_default())
    }
}

/// The root of the Identity API v3: an address without a version is meant as that of v3.
fn identity_base(address: &str) -> Result<Url, String> {
    let url = catalogue::base(address)?;
    if url.path().ends_with("/v3/") {
        return Ok(url);
    }
    url.join("v3/").map_err(|error| error.to_string())
}
