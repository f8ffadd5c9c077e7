//! A broker without login trusts whoever is on this machine. A web page that a
//! browser on this machine shows is not: neither one whose name was made to
//! point here (DNS rebinding), nor one that sends its forms here.

use crate::http::problem::{ApiError, ProblemKind};
use actix_web::{
    dev::ServiceRequest,
    http::{Uri, header},
};
use std::net::IpAddr;

/// That a request to a broker without login was meant for this machine.
///
/// # Errors
/// `Forbidden` where its Host header names another, or a page of another
/// origin sent it.
pub(super) fn expect_local(request: &ServiceRequest) -> Result<(), ApiError> {
    let told = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = told(header::HOST).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let host = host.unwrap_or_default();
    if !is_loopback(host) {
        return Err(ApiError::new(
            ProblemKind::Forbidden,
            "this broker has no login configured and answers to names of this machine only, such as localhost; configure auth.issuers to reach it by another name",
        ));
    }
    let origin = request.headers().get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default());
    let same = origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host));
    let site = request.headers().get("sec-fetch-site").map(|value| value.to_str().unwrap_or_default());
    let near = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    if request.method().is_safe() || (same && near) {
        return Ok(());
    }
    Err(ApiError::new(ProblemKind::Forbidden, "a page of another origin sent this; nothing was done"))
}

/// Whether a Host header names this machine.
fn is_loopback(authority: &str) -> bool {
    let Ok(uri) = format!("http://{authority}/").parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let plain = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    plain.eq_ignore_ascii_case("localhost") || plain.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine() {
        for local in ["localhost", "localhost:8080", "LOCALHOST", "127.0.0.1:1", "127.9.9.9", "[::1]:8080"] {
            assert!(is_loopback(local), "{local}");
        }
        for other in ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "[::2]", "a@b", "localhost@evil.example:1"] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
