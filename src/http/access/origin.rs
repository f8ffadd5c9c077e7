//! A broker without login trusts whoever is on this machine. A web page of
//! another origin that a browser on this machine shows is not trusted: it may
//! not change anything. (That requests name this machine is seen to before.)

use crate::http::problem::{ApiError, ProblemKind};
use actix_web::{dev::ServiceRequest, http::header};

/// That no page of another origin has sent this (RFC 6454, Fetch Metadata).
///
/// # Errors
/// `Forbidden` where one has.
pub(super) fn expect_own(request: &ServiceRequest) -> Result<(), ApiError> {
    let told = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let host = told(header::HOST.as_str()).unwrap_or_default();
    let origin = told(header::ORIGIN.as_str());
    let same = origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host));
    let near = told("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    if request.method().is_safe() || (same && near) {
        return Ok(());
    }
    Err(ApiError::new(ProblemKind::Forbidden, "a page of another origin sent this; nothing was done"))
}

#[cfg(test)]
mod tests {
    use super::expect_own;
    use actix_web::test::TestRequest;

    #[test]
    fn a_page_of_another_origin_changes_nothing() {
        let sent = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::post().insert_header(("Host", "127.0.0.1:8080"));
            for header in headers {
                request = request.insert_header(*header);
            }
            expect_own(&request.to_srv_request()).is_ok()
        };
        assert!(
            sent(&[]) && sent(&[("Origin", "http://127.0.0.1:8080")]) && sent(&[("Sec-Fetch-Site", "same-origin")])
        );
        for foreign in [
            ("Origin", "http://evil.example"),
            ("Origin", "null"),
            ("Origin", "http://127.0.0.1:3000"),
            ("Sec-Fetch-Site", "cross-site"),
        ] {
            assert!(!sent(&[foreign]), "{foreign:?}");
        }
    }
}
