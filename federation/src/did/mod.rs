//! Who a broker is: a DID of the method `web`. The name says where its
//! document is, and nothing else may.

mod document;
mod resolve;

pub use document::{DidDocument, PublicJwk, SERVICE_BROKER, SERVICE_CATALOG, Service, VerificationMethod};
pub use resolve::resolve;

use crate::{AddressGuard, FederationError, address::Loopback, limits};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use url::{Host, Url};

const METHOD: &str = "did:web:";

/// A DID of the method `web`: `did:web:broker.example`,
/// `did:web:broker.example%3A8443:north`. Lower case in the host; a port after
/// `%3A`; path segments of letters, digits, `-`, `.` and `_`. An IP address is
/// taken only when it is an IPv4 loopback address, which demos need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Did(String);

impl Did {
    /// Takes the text of a DID.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] when it isn't one of the method `web`.
    pub fn new(text: impl Into<String>) -> Result<Self, FederationError> {
        let text = text.into();
        check(&text).map_err(|reason| FederationError::invalid("did", reason))?;
        Ok(Self(text))
    }

    /// The DID of the broker at a base URL: `https://a.example:8443/x` is `did:web:a.example%3A8443:x`.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] when the URL has no host that a DID can name.
    pub fn of_url(url: &Url) -> Result<Self, FederationError> {
        let host = url.host_str().ok_or_else(|| FederationError::invalid("url", "it names no host"))?;
        let mut text = format!("{METHOD}{host}");
        if let Some(port) = url.port() {
            text.push_str(&format!("%3A{port}"));
        }
        for segment in url.path().split('/').filter(|segment| !segment.is_empty()) {
            text.push(':');
            text.push_str(segment);
        }
        Self::new(text)
    }

    /// The DID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port: `broker.example:8443`.
    #[must_use]
    pub fn authority(&self) -> String {
        let rest = self.0.strip_prefix(METHOD).unwrap_or(&self.0);
        rest.split(':').next().unwrap_or(rest).replacen("%3A", ":", 1)
    }

    /// Where its document is (did:web, "Read"): `https://host[:port]/.well-known/did.json`,
    /// or `https://host[:port]/a/b/did.json` for a DID with a path. By plain
    /// HTTP only for a loopback host where the guard allows that.
    ///
    /// # Errors
    /// [`FederationError::Address`] when the guard refuses the host.
    pub fn document_url(&self, guard: &AddressGuard) -> Result<Url, FederationError> {
        let rest = self.0.strip_prefix(METHOD).unwrap_or(&self.0);
        let path = match rest.split_once(':') {
            Some((_, path)) => format!("/{}/did.json", path.replace(':', "/")),
            None => "/.well-known/did.json".to_owned(),
        };
        let authority = self.authority();
        let plain = guard.loopback() == Loopback::Plain && is_loopback_authority(&authority);
        let scheme = if plain { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{authority}{path}"))
            .map_err(|error| FederationError::invalid("did", error.to_string()))?;
        guard.url_check(&url)?;
        Ok(url)
    }
}

fn is_loopback_authority(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or(authority);
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn check(text: &str) -> Result<(), String> {
    if text.len() > limits::DID_BYTES {
        return Err(format!("longer than {} bytes", limits::DID_BYTES));
    }
    let rest = text
        .strip_prefix(METHOD)
        .ok_or_else(|| format!("`{text}` is no DID of the method web, such as did:web:broker.example"))?;
    let mut parts = rest.split(':');
    let authority = parts.next().unwrap_or_default();
    let (host, port) = match authority.split_once("%3A") {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    check_host(host).map_err(|reason| format!("the host of `{text}` {reason}"))?;
    if let Some(port) = port {
        let plain = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
        if !plain || !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(format!("the port of `{text}` is not a number from 1 to 65535"));
        }
    }
    for segment in parts {
        let letters = segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if segment.is_empty() || segment == "." || segment == ".." || !letters {
            return Err(format!("`{segment}` in `{text}` is no path segment of letters, digits, -, . and _"));
        }
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if host.is_empty() || !host.bytes().all(letters) {
        return Err("may have lower-case letters, digits, - and . only; percent-encode the colon of a port as %3A");
    }
    if host
        .split('.')
        .any(|label| label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-'))
    {
        return Err("is no domain name");
    }
    match Host::parse(host) {
        Ok(Host::Domain(name)) if name == host && !host.ends_with('.') => Ok(()),
        Ok(Host::Ipv4(address)) if address.is_loopback() && address.to_string() == host => Ok(()),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err("is an IP address; a DID names a domain"),
        Ok(Host::Domain(_)) | Err(_) => Err("is no domain name"),
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Did {
    type Err = FederationError;
    fn from_str(text: &str) -> Result<Self, FederationError> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Did {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
