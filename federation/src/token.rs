//! The token of a request: a JWT (RFC 7519) in the shape of a self-issued
//! token, good for one request to one partner. It is bound to method, path with
//! query, and body (the claims `htm` and `htu` as in RFC 9449, and `bh`), so a
//! token that is caught can't be used for anything else, and its `jti` not twice.
//!
//! Time: `exp - iat` is at most [`limits::TOKEN_LIFE`]; it is good from
//! `iat - LEEWAY` to `exp + LEEWAY` by the receiver's clock. Beyond that the
//! receiver answers 401 with the problem type `clock` and a Date field, from
//! which the sender learns the difference and says it with its next token.

use crate::{Did, FederationError, KeyId, KeyStore, json, jws, keys::KeySet, limits};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The header's `typ`.
pub const TYPE: &str = "hansa-request+jwt";
const SCHEME: &str = "Bearer ";

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who sends the request.
    pub iss: Did,
    /// The same.
    pub sub: Did,
    /// Who shall answer it: one DID.
    pub aud: Did,
    /// Different in every token; a UUID by us, any text up to 128 bytes by others.
    pub jti: String,
    /// From when, in seconds since 1970.
    pub iat: i64,
    /// Until when.
    pub exp: i64,
    /// The method, in capitals.
    pub htm: String,
    /// Path and query as sent, from the first `/`.
    pub htu: String,
    /// SHA-256 of the body, base64url; of no bytes where there is no body.
    pub bh: String,
}

impl Claims {
    /// Until when the receiver must remember `jti`: afterwards the token is refused by its time.
    #[must_use]
    pub fn remember_until(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.exp, 0).map(|time| time + limits::LEEWAY)
    }
}

/// The request that a token is for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// As sent.
    pub path_and_query: &'a str,
    /// As sent.
    pub body: &'a [u8],
}

/// Makes the token of a request to `audience`.
///
/// # Errors
/// [`FederationError::KeyFile`] when no key can be used.
pub async fn issue(
    keys: &dyn KeyStore,
    audience: &Did,
    request: Request<'_>,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<String, FederationError> {
    issue_at(keys, audience, request, id, now, now).await
}

/// As [`issue`], for a partner whose clock says `their_now`.
///
/// # Errors
/// As [`issue`].
pub async fn issue_at(
    keys: &dyn KeyStore,
    audience: &Did,
    request: Request<'_>,
    id: Uuid,
    now: DateTime<Utc>,
    their_now: DateTime<Utc>,
) -> Result<String, FederationError> {
    let issued = their_now.timestamp();
    let life = i64::try_from(limits::TOKEN_LIFE.as_secs()).unwrap_or(60);
    let claims = Claims {
        iss: keys.did().clone(),
        sub: keys.did().clone(),
        aud: audience.clone(),
        jti: id.to_string(),
        iat: issued,
        exp: issued + life,
        htm: request.method.to_owned(),
        htu: request.path_and_query.to_owned(),
        bh: json::sha256(request.body),
    };
    let payload = json::encode(&json::write("token", &claims)?);
    let kid = keys.signer(now)?;
    let prepared = jws::prepare(&kid, &payload, TYPE, None)?;
    let signature = keys.sign(&kid, prepared.input.as_bytes()).await?;
    Ok(format!("{}.{}", prepared.input, json::encode(&signature)))
}

/// A token that is read, but not yet verified: enough to look up the keys of whom it names.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    signed: jws::Unverified<'a>,
    claims: Claims,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the field `Authorization: Bearer …`.
    ///
    /// # Errors
    /// [`FederationError::Untrusted`] when it is missing, of another scheme or no
    /// token at all (RFC 6750, section 3.1); otherwise as [`Self::parse`].
    pub fn from_authorization(field: Option<&'a str>) -> Result<Self, FederationError> {
        let token = field.and_then(|field| {
            let (scheme, token) = field.split_at_checked(SCHEME.len())?;
            scheme.eq_ignore_ascii_case(SCHEME).then_some(token)
        });
        let missing = || FederationError::untrusted("the field Authorization: Bearer with a signed token is missing");
        Self::parse(token.ok_or_else(missing)?).map_err(|error| match error {
            FederationError::Invalid { .. } => FederationError::untrusted(error.to_string()),
            other => other,
        })
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`FederationError::TooLarge`], [`FederationError::Invalid`],
    /// [`FederationError::Untrusted`]: see [`jws::Unverified::parse`].
    pub fn parse(text: &'a str) -> Result<Self, FederationError> {
        if text.len() > limits::TOKEN_BYTES {
            return Err(FederationError::bytes("token", limits::TOKEN_BYTES));
        }
        let signed = jws::Unverified::parse(text, TYPE)?;
        let claims: Claims = json::read("token", &json::decode("token", signed.payload)?, limits::TOKEN_BYTES)?;
        Ok(Self { signed, claims })
    }

    /// Who says it sent the request. Nothing is proved by this.
    #[must_use]
    pub const fn issuer(&self) -> &Did {
        &self.claims.iss
    }

    /// Which key says it signed. Nothing is proved by this.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.signed.header.kid
    }

    /// Verifies the token with the issuer's keys, for this request to `audience`.
    /// That its `jti` is new is left to the caller, who has the memory for it.
    ///
    /// # Errors
    /// [`FederationError::UnknownKey`], [`FederationError::Clock`],
    /// [`FederationError::Untrusted`] for all else.
    pub fn verify(
        self,
        keys: &KeySet,
        audience: &Did,
        request: Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Claims, FederationError> {
        let refuse = |reason: &str| Err(FederationError::untrusted(reason));
        let claims = self.claims;
        let key = self.signed.verify(self.signed.payload, keys)?;
        if claims.iss != keys.did || claims.sub != claims.iss {
            return refuse("the token's iss and sub are not both the DID that signed it");
        }
        if claims.aud != *audience {
            return refuse("the token's aud is not this broker's DID");
        }
        if claims.htm != request.method || claims.htu != request.path_and_query {
            return refuse("the token's htm and htu are not this request's method and path with query");
        }
        if claims.bh != json::sha256(request.body) {
            return refuse("the token's bh is not the SHA-256 of this request's body");
        }
        if claims.jti.is_empty() || claims.jti.len() > 128 {
            return refuse("the token's jti has not 1 to 128 bytes");
        }
        check_time(&claims, now)?;
        if !key.signs_requests(now) {
            return refuse("the token's key is retired or revoked; sign with a current one");
        }
        Ok(claims)
    }
}

fn check_time(claims: &Claims, now: DateTime<Utc>) -> Result<(), FederationError> {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let (life, leeway, now) = (seconds(limits::TOKEN_LIFE), seconds(limits::LEEWAY), now.timestamp());
    // Neither sum can overflow for times that chrono knows; others are nonsense.
    let known = |time: i64| DateTime::from_timestamp(time, 0).is_some();
    if !known(claims.iat) || !known(claims.exp) || claims.exp <= claims.iat || claims.exp - claims.iat > life {
        return Err(FederationError::untrusted(format!("the token's exp is not 1 to {life} seconds after its iat")));
    }
    if now < claims.iat - leeway || now >= claims.exp + leeway {
        return Err(FederationError::Clock { issued_at: claims.iat, expires_at: claims.exp, now });
    }
    Ok(())
}
