//! What a signed token has to say before it proves anything (OpenID Connect
//! Core 1.0, section 3.1.3.7; RFC 9068, section 4; RFC 8725, section 3).

use super::{
    Algorithm,
    jwt::{self, Parsed, Refusal},
    keys::Keys,
};
use crate::IssuerOptions;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// How far the clocks of issuer and broker may be apart.
pub(crate) const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// The longest subject (OpenID Connect Core 1.0, section 2), in letters.
const LONGEST_SUBJECT: usize = 255;

/// Claims that an issuer signed, for us.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    /// The subject.
    pub(crate) subject: String,
    /// All claims.
    pub(crate) claims: Value,
}

/// What a token is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// To tell who logged in.
    Login {
        /// What the login began with.
        nonce: &'a str,
        /// The access token that came with it.
        access_token: &'a str,
    },
    /// To be a proof at the API.
    Api,
}

/// Whether the keys that were looked at may be too old: then a refusal is worth another look.
pub(crate) fn is_about_keys(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Key)
}

/// Checks a token of an issuer.
pub(crate) fn verify(
    token: &str,
    options: &IssuerOptions,
    keys: &Keys,
    purpose: Purpose<'_>,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let parsed = jwt::parse(token)?;
    if !options.algorithms.contains(&parsed.algorithm) {
        return Err(Refusal::Algorithm);
    }
    kind(&parsed, purpose)?;
    let fitting = keys.fitting(parsed.kid.as_deref(), parsed.algorithm);
    if fitting.is_empty() {
        return Err(Refusal::Key);
    }
    if !fitting.iter().any(|key| key.verifies(parsed.algorithm, parsed.signed, parsed.signature)) {
        return Err(Refusal::Signature);
    }
    if parsed.claims.get("iss").and_then(Value::as_str) != Some(options.url.as_str()) {
        return Err(Refusal::Issuer);
    }
    times(&parsed.claims, now)?;
    audience(&parsed.claims, options, purpose)?;
    match purpose {
        Purpose::Login { nonce, access_token } => login(&parsed, nonce, access_token)?,
        Purpose::Api => api(&parsed, options)?,
    }
    let subject = text(&parsed.claims, "sub")?.ok_or(Refusal::Claim("sub"))?;
    let length = subject.chars().count();
    if !(1..=LONGEST_SUBJECT).contains(&length) || subject.chars().any(char::is_control) {
        return Err(Refusal::Claim("sub"));
    }
    Ok(Verified { subject: subject.to_owned(), claims: Value::Object(parsed.claims.clone()) })
}

/// One kind of token is never taken for another (RFC 8725, section 3.11): a
/// logout token or a security event is signed by the same key.
fn kind(parsed: &Parsed<'_>, purpose: Purpose<'_>) -> Result<(), Refusal> {
    let known: &[&str] = match purpose {
        Purpose::Login { .. } => &["jwt"],
        Purpose::Api => &["jwt", "at+jwt"],
    };
    let event = ["events", "htm", "htu"].iter().any(|name| parsed.claims.contains_key(*name));
    match parsed.typ.as_deref() {
        _ if event => Err(Refusal::Type),
        None => Ok(()),
        Some(typ) if known.contains(&typ) => Ok(()),
        Some(_) => Err(Refusal::Type),
    }
}

/// `exp` is obligatory; the leeway is [`LEEWAY`], each way.
fn times(claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let now = now.timestamp();
    let leeway = LEEWAY.num_seconds();
    let expires = instant(claims, "exp")?.ok_or(Refusal::Claim("exp"))?;
    if expires.saturating_add(leeway) <= now {
        return Err(Refusal::Expired);
    }
    for name in ["nbf", "iat"] {
        if instant(claims, name)?.is_some_and(|at| at > now.saturating_add(leeway)) {
            return Err(Refusal::NotYet);
        }
    }
    Ok(())
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
fn instant(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    // Up to the year 9999.
    let possible = 0.0..=253_402_300_799.0;
    let number = value.as_f64().filter(|number| possible.contains(number)).ok_or(Refusal::Claim(name))?;
    #[expect(clippy::cast_possible_truncation, reason = "within the range above")]
    Ok(Some(number as i64))
}

fn audience(claims: &Map<String, Value>, options: &IssuerOptions, purpose: Purpose<'_>) -> Result<(), Refusal> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) if !many.is_empty() => {
            many.iter().map(|one| one.as_str().ok_or(Refusal::Claim("aud"))).collect::<Result<_, _>>()?
        }
        _ => return Err(Refusal::Claim("aud")),
    };
    let clients = [Some(options.client_id.as_str()), options.cli_client_id.as_deref()];
    let ours = |name: &str| match purpose {
        Purpose::Login { .. } => name == options.client_id,
        Purpose::Api if options.audiences.is_empty() => clients.contains(&Some(name)),
        Purpose::Api => options.audiences.contains(name),
    };
    if !audiences.iter().any(|name| ours(name)) {
        return Err(Refusal::Audience("aud"));
    }
    if let Purpose::Login { .. } = purpose {
        let party = text(claims, "azp")?;
        if party.is_some_and(|party| party != options.client_id) || (party.is_none() && audiences.len() > 1) {
            return Err(Refusal::Audience("azp"));
        }
    }
    Ok(())
}

fn login(parsed: &Parsed<'_>, nonce: &str, access_token: &str) -> Result<(), Refusal> {
    let told = text(&parsed.claims, "nonce")?.ok_or(Refusal::Claim("nonce"))?;
    if !crate::secret::same(told, nonce) {
        return Err(Refusal::Claim("nonce"));
    }
    if instant(&parsed.claims, "iat")?.is_none() {
        return Err(Refusal::Claim("iat"));
    }
    match text(&parsed.claims, "at_hash")? {
        Some(told) if told != half_hash(parsed.algorithm, access_token) => Err(Refusal::Claim("at_hash")),
        _ => Ok(()),
    }
}

/// An ID token tells a client who logged in, and is no proof at an API (RFC
/// 8725, section 3.12): a browser's is refused. That of the command line's own
/// client is taken, because issuers whose access tokens nobody else can read
/// give it nothing better; no browser is in the device flow, so it has no nonce.
fn is_id_token(parsed: &Parsed<'_>, options: &IssuerOptions) -> bool {
    let claims = &parsed.claims;
    // Keycloak says it itself, and puts a nonce into access tokens too.
    let told = claims.get("typ").and_then(Value::as_str);
    if parsed.typ.as_deref() == Some("at+jwt") || told == Some("Bearer") {
        return false;
    }
    let other = told.is_some_and(|told| ["Refresh", "Offline", "Logout"].contains(&told));
    if other || ["nonce", "c_hash"].iter().any(|name| claims.contains_key(*name)) {
        return true;
    }
    let is = |name: &Value| name.as_str().is_some_and(|name| Some(name) == options.cli_client_id.as_deref());
    let own = match claims.get("aud") {
        Some(Value::Array(many)) => many.iter().all(is),
        Some(one) => is(one),
        None => false,
    };
    (told == Some("ID") || claims.contains_key("at_hash")) && !own
}

fn api(parsed: &Parsed<'_>, options: &IssuerOptions) -> Result<(), Refusal> {
    if is_id_token(parsed, options) {
        return Err(Refusal::IdToken);
    }
    // A token bound to a key is worth nothing without the proof (RFC 7800, section 3).
    if parsed.claims.contains_key("cnf") {
        return Err(Refusal::Bound);
    }
    if parsed.typ.as_deref() == Some("at+jwt") {
        // RFC 9068, section 2.2.
        for name in ["client_id", "jti"] {
            if text(&parsed.claims, name)?.is_none_or(str::is_empty) {
                return Err(Refusal::Claim(name));
            }
        }
        if instant(&parsed.claims, "iat")?.is_none() {
            return Err(Refusal::Claim("iat"));
        }
    }
    Ok(())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::Claim(name)),
    }
}

/// The challenge of a code verifier (RFC 7636, section 4.2).
pub(crate) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The left half of a hash in base64url (OpenID Connect Core 1.0, section 3.1.3.6).
pub(crate) fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hashed = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => Sha256::digest(text).to_vec(),
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => Sha384::digest(text).to_vec(),
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA | Algorithm::Ed25519 => Sha512::digest(text).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(hashed.get(..hashed.len() / 2).unwrap_or_default())
}
