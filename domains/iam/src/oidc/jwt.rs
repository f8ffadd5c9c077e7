//! Signed tokens taken apart, strictly: what could be read in two ways is not
//! read (RFC 7515, section 7.1; RFC 8725, section 3).

use super::{Algorithm, json};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// The longest token, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024;
/// The longest header, encoded, in bytes.
const LONGEST_HEADER: usize = 2 * 1024;
/// The longest `kid`, in bytes.
const LONGEST_KID: usize = 256;

/// Header parameters that change what a token means, so that ignoring one
/// would be wrong (RFC 7515, section 4.1.11; RFC 7797; RFC 7516). Others are
/// ignored, above all keys and addresses of keys (`jwk`, `jku`, `x5c`, `x5u`):
/// whoever forges a token would send their own (RFC 8725, sections 3.1 and 3.10).
const CHANGING: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// A token's parts. Nothing of it is proved yet.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// `typ` in lower case, without `application/` (RFC 7515, section 4.1.9).
    pub(crate) typ: Option<String>,
    pub(crate) claims: Map<String, Value>,
    /// What is signed: header and claims as they came.
    pub(crate) signed: &'a str,
    /// As it came, in base64url.
    pub(crate) signature: &'a str,
}

/// Why a token is refused. For whoever sent it, so without a word of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is larger than {LONGEST} bytes")]
    TooLarge,
    #[error("it is no signed token in compact form (three parts of base64url)")]
    Form,
    #[error("its header is no JSON object with each name once")]
    Header,
    #[error("its claims are no JSON object with each name once")]
    Claims,
    #[error("its header has the parameter `{0}`, which is not understood here")]
    Critical(&'static str),
    #[error("its algorithm is not one that is taken of this issuer")]
    Algorithm,
    #[error("its type (`typ`) is not that of an access token")]
    Type,
    #[error("it is an ID token, which tells a client who logged in; send an access token, `hansa login` gets one")]
    IdToken,
    #[error("its issuer has no key that fits it")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("its issuer is not one that is trusted")]
    Issuer,
    #[error("it was made for somebody else (`{0}`)")]
    Audience(&'static str),
    #[error("it has expired; get a new one")]
    Expired,
    #[error("it is not valid yet; compare the clocks")]
    NotYet,
    #[error("its claim `{0}` is missing or wrong")]
    Claim(&'static str),
    #[error("it is bound to a key (`cnf`), and comes without a proof of that key")]
    Bound,
}

/// Takes a token apart. Nothing is proved by that.
pub(crate) fn parse(token: &str) -> Result<Parsed<'_>, Refusal> {
    if token.len() > LONGEST {
        return Err(Refusal::TooLarge);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(Refusal::Form)?;
    if claims.contains('.') || header.is_empty() || claims.is_empty() || signature.is_empty() {
        return Err(Refusal::Form);
    }
    if header.len() > LONGEST_HEADER {
        return Err(Refusal::TooLarge);
    }
    decode(signature).ok_or(Refusal::Form)?;
    let header = object(&decode(header).ok_or(Refusal::Form)?).ok_or(Refusal::Header)?;
    let claims = object(&decode(claims).ok_or(Refusal::Form)?).ok_or(Refusal::Claims)?;
    if let Some(name) = CHANGING.into_iter().find(|name| header.contains_key(*name)) {
        return Err(Refusal::Critical(name));
    }
    let text = |name: &str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Refusal::Header),
    };
    let algorithm = text("alg")?.ok_or(Refusal::Algorithm)?.parse().map_err(|_unknown| Refusal::Algorithm)?;
    let kid = text("kid")?.map(str::to_owned);
    if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > LONGEST_KID) {
        return Err(Refusal::Header);
    }
    let typ = text("typ")?.map(|typ| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ).to_owned()
    });
    Ok(Parsed { algorithm, kid, typ, claims, signed, signature })
}

/// The issuer that a token names. Only good for choosing whose rules it is checked by.
pub(crate) fn unverified_issuer(token: &str) -> Result<String, Refusal> {
    match parse(token)?.claims.get("iss") {
        Some(Value::String(issuer)) => Ok(issuer.clone()),
        _ => Err(Refusal::Claim("iss")),
    }
}

/// Base64url without padding and with no bit left over (RFC 7515, section 2).
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match json::read(bytes) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}
