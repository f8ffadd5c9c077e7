//! The token endpoint and what it gives out; userinfo.

use super::{
    CLI, DevProvider, WEB,
    message::{DevRequest, DevResponse, Parameters},
    people::{CLAIM, Person, person},
    state::{Decided, REFRESH_LIFE, Refresh},
};
use crate::{IamError, oidc::s256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, EndUserEmail, EndUserName, EndUserUsername, IdToken, IdTokenClaims,
    IssuerUrl, Nonce, StandardClaims, SubjectIdentifier,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long tokens of the flows are good.
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How often a device may ask (RFC 8628, section 3.5).
pub(super) const INTERVAL: TimeDelta = TimeDelta::seconds(2);
/// The grant of devices (RFC 8628, section 3.4).
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The roles of a person, beside the standard claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Roles {
    hansa_roles: Vec<String>,
}

impl AdditionalClaims for Roles {}

type DevIdToken = IdToken<Roles, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

impl DevProvider {
    /// Exchanges a code, a device's code or a refresh token.
    pub(super) fn token(&self, request: &DevRequest) -> Result<DevResponse, IamError> {
        let Some(given) = Parameters::read(&request.form) else {
            return Ok(DevResponse::error("invalid_request", "a parameter stands twice"));
        };
        let Some(client) = given.get("client_id").filter(|client| [WEB, CLI].contains(client)) else {
            return Ok(DevResponse::error("invalid_client", "the client is not known"));
        };
        match given.get("grant_type") {
            Some("authorization_code") => self.by_code(client, &given),
            Some("refresh_token") => self.by_refresh(client, &given),
            Some(DEVICE_GRANT) => self.by_device(client, &given),
            _ => Ok(DevResponse::error("unsupported_grant_type", "codes, device codes and refresh tokens are taken")),
        }
    }

    fn by_code(&self, client: &str, given: &Parameters) -> Result<DevResponse, IamError> {
        let now = self.now();
        // Taken out whatever comes: a code that was shown once is worth nothing more.
        let found = given.get("code").and_then(|code| self.state().codes.take(code, now));
        let proved = found.filter(|code| {
            let verifier = given.get("code_verifier").unwrap_or_default();
            code.asked.client == client
                && given.get("redirect_uri") == Some(code.asked.redirect.as_str())
                && (43..=128).contains(&verifier.len())
                && crate::secret::same(&s256(verifier), &code.asked.challenge)
        });
        match proved {
            Some(code) => self.granted(client, code.person, code.asked.nonce.as_deref()),
            None => Ok(DevResponse::error("invalid_grant", "the code is not known, was used, or is somebody else's")),
        }
    }

    fn by_refresh(&self, client: &str, given: &Parameters) -> Result<DevResponse, IamError> {
        let now = self.now();
        // Each is good once, and gives the next (RFC 9700, section 4.14.2).
        let found = given.get("refresh_token").and_then(|token| self.state().refreshes.take(token, now));
        match found.filter(|refresh| refresh.client == client) {
            Some(refresh) => self.granted(client, refresh.person, None),
            None => {
                Ok(DevResponse::error("invalid_grant", "the refresh token is not known, or was used; log in again"))
            }
        }
    }

    fn by_device(&self, client: &str, given: &Parameters) -> Result<DevResponse, IamError> {
        let now = self.now();
        let code = given.get("device_code").unwrap_or_default();
        let decided = {
            let mut state = self.state();
            let Some(device) = state.devices.get_mut(code, now).filter(|device| device.client == client) else {
                return Ok(DevResponse::error(
                    "expired_token",
                    "the device code is not known, or too old; log in again",
                ));
            };
            let early = device.polled_at.is_some_and(|at| now.signed_duration_since(at) < INTERVAL);
            device.polled_at = Some(now);
            match device.decided {
                None if early => return Ok(DevResponse::error("slow_down", "wait longer between two questions")),
                None => return Ok(DevResponse::error("authorization_pending", "nobody has decided yet")),
                Some(decided) => {
                    state.devices.take(code, now);
                    decided
                }
            }
        };
        match decided {
            Decided::Allowed(person) => self.granted(client, person, None),
            Decided::Refused => Ok(DevResponse::error("access_denied", "the person said no")),
        }
    }

    fn granted(&self, client: &str, person: &'static Person, nonce: Option<&str>) -> Result<DevResponse, IamError> {
        let now = self.now();
        let access = self.access_token(client, person, TOKEN_LIFE)?;
        let mut answer = json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE.num_seconds(),
            "id_token": self.id_token(client, person, nonce, &access)?,
            "scope": "openid profile email",
        });
        if client == CLI {
            let refresh = Refresh { client: client.to_owned(), person };
            let token = self.state().refreshes.put(refresh, now + REFRESH_LIFE, now)?;
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("refresh_token".to_owned(), token.reveal().into());
            }
        }
        Ok(DevResponse::json(200, &answer))
    }

    /// An access token (RFC 9068).
    pub(super) fn access_token(&self, client: &str, person: &Person, life: TimeDelta) -> Result<String, IamError> {
        let now = self.now();
        let claims = json!({
            "iss": self.issuer(),
            "sub": person.name,
            "aud": WEB,
            "client_id": client,
            "jti": crate::Secret::random()?.reveal(),
            "iat": now.timestamp(),
            "exp": (now + life).timestamp(),
            "name": person.full_name,
            "preferred_username": person.name,
            "email": email(person),
            CLAIM: person.roles,
        });
        self.key().token("at+jwt", &claims)
    }

    fn id_token(&self, client: &str, person: &Person, nonce: Option<&str>, access: &str) -> Result<String, IamError> {
        let now = self.now();
        let failed = |error: &dyn std::fmt::Display| IamError::Internal(format!("no ID token can be made: {error}"));
        let standard = StandardClaims::new(SubjectIdentifier::new(person.name.to_owned()))
            .set_name(Some(EndUserName::new(person.full_name.to_owned()).into()))
            .set_preferred_username(Some(EndUserUsername::new(person.name.to_owned())))
            .set_email(Some(EndUserEmail::new(email(person))));
        let claims = IdTokenClaims::new(
            IssuerUrl::new(self.issuer().to_owned()).map_err(|error| failed(&error))?,
            vec![Audience::new(client.to_owned())],
            now + TOKEN_LIFE,
            now,
            standard,
            Roles { hansa_roles: person.roles.iter().map(|&role| role.to_owned()).collect() },
        )
        .set_nonce(nonce.map(|nonce| Nonce::new(nonce.to_owned())))
        .set_auth_time(Some(now));
        let access = AccessToken::new(access.to_owned());
        let algorithm = CoreJwsSigningAlgorithm::EcdsaP256Sha256;
        let token = DevIdToken::new(claims, self.key(), algorithm, Some(&access), None);
        token.map(|token| token.to_string()).map_err(|error| failed(&error))
    }

    /// Claims of whoever comes with an access token of ours.
    pub(super) fn userinfo(&self, request: &DevRequest) -> DevResponse {
        let token = request.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        let person = token.and_then(|token| self.subject(token)).and_then(|subject| person(&subject));
        match person {
            Some(person) => DevResponse::json(
                200,
                &json!({
                    "sub": person.name,
                    "name": person.full_name,
                    "preferred_username": person.name,
                    "email": email(person),
                    CLAIM: person.roles,
                }),
            ),
            None => {
                let mut refused =
                    DevResponse::error("invalid_token", "the access token is not of this issuer, or too old");
                refused.status = 401;
                refused.headers.push(("WWW-Authenticate", "Bearer error=\"invalid_token\"".to_owned()));
                refused
            }
        }
    }

    /// Who an access token of ours is of.
    fn subject(&self, token: &str) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, claims) = signed.split_once('.')?;
        if !self.key().made(signed, signature) {
            return None;
        }
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let expires = claims.get("exp")?.as_i64()?;
        (expires > self.now().timestamp()).then(|| claims.get("sub")?.as_str().map(str::to_owned))?
    }
}

fn email(person: &Person) -> String {
    format!("{}@example.org", person.name)
}
